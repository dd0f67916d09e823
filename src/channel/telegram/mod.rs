//! How does a conversation go in Telegram?
//!
//! Long polling, by one process. In: `door` fetches updates; `hear` tells what one wants and from whom, by the list in
//! `allow`, before anything else happens; what is to be answered is a letter (`letters`), written down before Telegram
//! forgets its update. `desk` has a mailbox a person; `answer` asks the agent for each letter. Out: `sheet` is an answer
//! as messages (`html`, `table`, `button`), `delivery` brings them into the chat and writes down which are there, `post`
//! obeys Telegram's limits, `lost` finds a message nobody wrote down, `wire` is one request, `pace` has every wait.
//! teloxide's own dispatcher is not used: it would keep `/cancel` waiting behind a running question.

mod allow;
mod answer;
mod button;
mod delivery;
mod desk;
mod door;
mod hear;
pub mod html;
mod letters;
mod lost;
mod pace;
mod post;
mod sheet;
mod table;
mod wire;

use teloxide::payloads::GetMe;
use tokio_util::sync::CancellationToken;

pub use allow::{AllowError, AllowList};
pub use letters::{Batch, Letter, Talk, Wish};
pub use pace::Pace;

use desk::Desk;
use door::Door;
use post::Post;
use wire::{Fault, Wire};

use crate::agent::Agent;

/// Attempts to reach Telegram at the start, before somebody is told.
const TRIES: u32 = 5;

/// What the person who runs the bot sets.
#[derive(Clone)]
pub struct Settings {
    /// As BotFather gave it.
    pub token: String,
    /// Another Bot API server than Telegram's own.
    pub api: Option<String>,
    /// Who may ask.
    pub allow: AllowList,
    /// How long we wait.
    pub pace: Pace,
}

/// Why the bot stops.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error("Telegram does not know the bot's token; set MERCATO_TELEGRAM_TOKEN to what BotFather gave")]
    Token,
    #[error(
        "another process asks Telegram for this bot's messages, and only one may; end it, or take another bot's token"
    )]
    Conflict,
    #[error(
        "Telegram sends this bot's messages to a web address; take that back first (deleteWebhook of the Bot API)"
    )]
    Webhook,
    #[error(
        "{0}; look at the network, or set MERCATO_TELEGRAM_API_URL to a Bot API server that can be reached"
    )]
    Unreachable(Fault),
}

/// Answers until `end` is cancelled, or Telegram will not have us. `ready` is told the bot's name.
pub async fn run(
    agent: Agent,
    settings: Settings,
    end: CancellationToken,
    ready: impl FnOnce(&str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let wire = Wire::new(&settings.token, settings.api.as_deref(), settings.pace)?;
    let (bot, name) = tokio::select! {
        biased;
        () = end.cancelled() => return Ok(()),
        known = who_are_we(&wire, settings.pace) => known?,
    };
    let desk = Desk::new(agent, Post::new(wire.clone(), settings.pace));
    let grace = settings.pace.grace;
    let mut door = Door::new(desk.clone(), wire, bot, settings);
    door.menu();
    ready(&name)?;
    let done = door.open(&end).await;
    desk.close(grace).await;
    done
}

/// The bot's id and name.
async fn who_are_we(wire: &Wire, pace: Pace) -> anyhow::Result<(u64, String)> {
    #[derive(serde::Deserialize)]
    struct Me {
        id: u64,
        #[serde(default)]
        username: String,
    }
    let mut tries = 0;
    loop {
        match wire.call::<_, Me>(&GetMe::new()).await {
            Ok(me) => return Ok((me.id, me.username)),
            Err(fault) if fault.is(401) || fault.is(404) => return Err(Stopped::Token.into()),
            Err(Fault::Wait(wait)) => tokio::time::sleep(wait).await,
            Err(fault) if tries + 1 >= TRIES => return Err(Stopped::Unreachable(fault).into()),
            Err(_) => tokio::time::sleep(pace.wait(tries)).await,
        }
        tries += 1;
    }
}
