//! What must be seen of a reply before the library reads it?
//!
//! async-openai ends a stream at `[DONE]` and where the connection closes alike, and waits as long as a busy server
//! wants. Below its retries, `[DONE]` is therefore told as a reason for the end, and a server that wants more time than
//! anybody here has is busy at once.

use std::time::Duration;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::{ApiError, ApiErrorResponse, OpenAIError};
use async_openai::middleware::ReqwestService;
use async_openai::middleware::retry::OpenAIRetryLayer;
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use reqwest::header::{CONTENT_LENGTH, RETRY_AFTER};
use reqwest::{Body, Response, StatusCode};
use tower::{ServiceBuilder, ServiceExt};

/// A client that waits no longer than this for a server that wants to be asked later.
pub(super) fn client(config: OpenAIConfig, most: Duration) -> Client<OpenAIConfig> {
    let seen = ReqwestService::default().and_then(move |response| seen(response, most));
    let service = ServiceBuilder::new().layer(OpenAIRetryLayer::default()).service(seen);
    Client::with_config(config).with_http_service(service)
}

async fn seen(response: Response, most: Duration) -> Result<Response, OpenAIError> {
    let status = response.status();
    if status == StatusCode::TOO_MANY_REQUESTS {
        let after = response.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok()?.parse().ok());
        if after.map(Duration::from_secs).is_none_or(|after| after < most) {
            return Ok(response);
        }
        let message = response.text().await?;
        let api_error = ApiError { message, ..ApiError::default() };
        return Err(OpenAIError::ApiError(ApiErrorResponse { status_code: status, api_error }));
    }
    if !status.is_success() {
        return Ok(response);
    }
    let mut whole = http::Response::new(Body::default());
    *whole.status_mut() = status;
    *whole.headers_mut() = response.headers().clone();
    whole.headers_mut().remove(CONTENT_LENGTH);
    *whole.body_mut() = Body::wrap_stream(told(Box::pin(response.bytes_stream())));
    Ok(whole.into())
}

/// The same bytes, line by line, with a reason for the end before `[DONE]`.
fn told<E>(bytes: impl Stream<Item = Result<Bytes, E>> + Unpin) -> impl Stream<Item = Result<Bytes, E>> {
    stream::unfold((bytes, Vec::new()), |(mut bytes, mut open)| async move {
        loop {
            match bytes.next().await {
                Some(Ok(piece)) => {
                    open.extend_from_slice(&piece);
                    let Some(end) = open.iter().rposition(|byte| *byte == b'\n') else { continue };
                    let rest = open.split_off(end + 1);
                    return Some((Ok(with_reason(&open)), (bytes, rest)));
                }
                Some(Err(error)) => return Some((Err(error), (bytes, open))),
                None if open.is_empty() => return None,
                None => return Some((Ok(with_reason(&open)), (bytes, Vec::new()))),
            }
        }
    })
}

fn with_reason(lines: &[u8]) -> Bytes {
    const REASON: &[u8] = b"data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n";
    let done = |line: &[u8]| {
        let said = line.trim_ascii().strip_prefix(b"data:").map(<[u8]>::trim_ascii);
        said == Some(b"[DONE]")
    };
    let told = lines
        .split_inclusive(|byte| *byte == b'\n')
        .flat_map(|line| [if done(line) { REASON } else { &[] }, line]);
    Bytes::from(told.collect::<Vec<_>>().concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_is_told_however_the_bytes_are_cut() {
        let sent = "data: {\"a\": \"[DONE]\"}\n\ndata: [DONE]\n\n";
        let put_together = |all: Vec<Result<Bytes, ()>>| {
            String::from_utf8(all.into_iter().flat_map(Result::unwrap).collect()).unwrap()
        };
        for cut in 1..sent.len() {
            let pieces = sent.as_bytes().chunks(cut).map(|piece| Ok(Bytes::copy_from_slice(piece)));
            let text = put_together(told(stream::iter(pieces.collect::<Vec<_>>())).collect().await);
            assert_eq!(text.matches("finish_reason").count(), 1, "{cut}: {text}");
            assert!(text.ends_with("}\n\ndata: [DONE]\n\n"), "{cut}: {text}");
        }
        let broken = "data: {}\n\ndata: [DO";
        let text =
            put_together(told(stream::iter([Ok(Bytes::from_static(broken.as_bytes()))])).collect().await);
        assert_eq!(text, broken);
    }
}
