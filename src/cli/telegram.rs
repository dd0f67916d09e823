//! Answer in Telegram.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio_util::sync::CancellationToken;

use super::Out;
use crate::app::{App, data_folder};
use crate::channel::telegram::{self, AllowList, Pace, Settings};
use crate::domain::Lang;

/// The bot's token; only the environment has it, since arguments can be read by others.
const TOKEN: &str = "MERCATO_TELEGRAM_TOKEN";
/// What still runs on a blocking thread when the process ends; its turn is kept.
const LEAVE: Duration = Duration::from_millis(500);

/// Answer in Telegram
///
/// Make a bot with @BotFather and set MERCATO_TELEGRAM_TOKEN to its token. Only people on the list may ask; whoever is
/// not on it is told their id.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  MERCATO_TELEGRAM_TOKEN=123:ABC MERCATO_TELEGRAM_ALLOW=1001:manager,1002:analyst mercato telegram"
)]
pub struct Telegram {
    /// Who may ask, by Telegram's numeric id: ID:ROLE,… with the roles manager and analyst.
    #[arg(
        long,
        env = "MERCATO_TELEGRAM_ALLOW",
        value_name = "LIST",
        default_value = "",
        hide_default_value = true
    )]
    allow: AllowList,
    /// Another Bot API server than Telegram's own.
    #[arg(long, env = "MERCATO_TELEGRAM_API_URL", value_name = "URL")]
    api_url: Option<String>,
}

impl Telegram {
    pub(super) fn run(self, data: Option<PathBuf>, out: &mut Out) -> anyhow::Result<()> {
        let token = std::env::var(TOKEN).unwrap_or_default().trim().to_owned();
        if token.is_empty() {
            bail!("{TOKEN} is not set; make a bot with @BotFather and set it to the token it gives");
        }
        log();
        let app = App::open(&data_folder(data))?;
        let settings = Settings {
            token,
            api: self.api_url.filter(|url| !url.is_empty()),
            allow: self.allow,
            pace: Pace::default(),
        };
        let asking = settings.allow.len();
        let runtime = tokio::runtime::Runtime::new().context("the runtime did not start")?;
        let done = runtime.block_on(async {
            let end = CancellationToken::new();
            tokio::spawn(signals(end.clone()));
            let agent = app.agent();
            telegram::run(agent, settings, end, |name| {
                for lang in Lang::ALL {
                    let key = if asking == 0 { "telegram.listens_to_nobody" } else { "telegram.listens" };
                    let line = app.prompts().message(key, lang).unwrap_or_default();
                    out.line(line.replace("{{ name }}", name).replace("{{ n }}", &asking.to_string()))?;
                }
                out.flush()
            })
            .await
        });
        runtime.shutdown_timeout(LEAVE);
        done
    }
}

/// Faults and warnings go to standard error; RUST_LOG shows more.
fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("mercato=warn"));
    // Where somebody else has set a log up, that one stays.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

/// Ctrl-c or SIGTERM end the bot in order; a second one ends it at once.
async fn signals(end: CancellationToken) {
    asked_to_end().await;
    end.cancel();
    asked_to_end().await;
    std::process::exit(1);
}

#[cfg(unix)]
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = term.recv() => {}
    }
}

#[cfg(not(unix))]
async fn asked_to_end() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
