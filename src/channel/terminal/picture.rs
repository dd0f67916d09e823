//! Can this terminal show a picture, and how is it told to?
//!
//! By escape sequences: kitty's graphics protocol (kitty, Ghostty, Konsole) and iTerm2's inline images (iTerm2,
//! WezTerm, mintty). Inside tmux or screen neither gets through, so there only the path is shown.

use std::fmt::Write as _;

/// Base64 characters a kitty sequence may carry.
const CHUNK: usize = 4096;

/// How a terminal takes pictures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Protocol {
    Kitty,
    Iterm,
}

/// What the terminal behind standard output understands, by what it says of itself.
pub(super) fn protocol(env: impl Fn(&str) -> Option<String>) -> Option<Protocol> {
    let is = |name: &str, values: &[&str]| env(name).is_some_and(|value| values.contains(&value.as_str()));
    if env("TMUX").is_some() || env("STY").is_some() {
        return None;
    }
    if env("KITTY_WINDOW_ID").is_some()
        || env("KONSOLE_VERSION").is_some()
        || is("TERM", &["xterm-kitty", "xterm-ghostty"])
    {
        return Some(Protocol::Kitty);
    }
    is("TERM_PROGRAM", &["iTerm.app", "WezTerm", "mintty"]).then_some(Protocol::Iterm)
}

/// The sequence that shows a PNG.
pub(super) fn inline(png: &[u8], protocol: Protocol) -> String {
    let text = base64(png);
    match protocol {
        Protocol::Iterm => format!("\x1b]1337;File=inline=1;size={}:{text}\x07", png.len()),
        Protocol::Kitty => {
            let chunks: Vec<&[u8]> = text.as_bytes().chunks(CHUNK).collect();
            let mut sequence = String::with_capacity(text.len() + chunks.len() * 16);
            for (index, chunk) in chunks.iter().enumerate() {
                let head = if index == 0 { "a=T,f=100," } else { "" };
                let more = u8::from(index + 1 < chunks.len());
                let chunk = String::from_utf8_lossy(chunk);
                // Writing to a string does not fail.
                let _ = write!(sequence, "\x1b_G{head}m={more};{chunk}\x1b\\");
            }
            sequence
        }
    }
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = (bits >> (18 - 6 * place)) & 63;
            let digit = DIGITS.get(digit as usize).copied().map_or('=', char::from);
            text.push(if place <= group.len() { digit } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_in_the_rfc() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn terminals_are_told_apart() {
        let of = |vars: &[(&str, &str)]| {
            protocol(|name| {
                vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of(&[("TERM", "xterm-kitty")]), Some(Protocol::Kitty));
        assert_eq!(of(&[("TERM", "xterm-kitty"), ("TMUX", "/tmp/x")]), None);
        assert_eq!(of(&[("TERM_PROGRAM", "iTerm.app")]), Some(Protocol::Iterm));
        assert_eq!(of(&[("TERM", "xterm-256color")]), None);
    }

    #[test]
    fn a_long_picture_comes_in_chunks() {
        let sequence = inline(&[7; 4000], Protocol::Kitty);
        let parts: Vec<&str> = sequence.split_terminator("\x1b\\").collect();
        assert_eq!(parts.len(), 2);
        assert!(parts[0].starts_with("\x1b_Ga=T,f=100,m=1;") && parts[1].starts_with("\x1b_Gm=0;"));
        assert!(inline(&[7], Protocol::Iterm).starts_with("\x1b]1337;File=inline=1;size=1:Bw=="));
    }
}
