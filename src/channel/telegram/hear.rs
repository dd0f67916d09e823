//! What does an update want, and from whom does it come?
//!
//! Decided before anything else happens: a stranger's words reach neither the agent nor the store. What nobody says to
//! us (a message pinned, edited or posted in a channel, an inline query) is not heard.

use teloxide::types::{CallbackQueryId, ChatId, Message, MessageKind, Update, UpdateKind, User};

use super::allow::AllowList;
use super::button::Button;
use super::letters::{Letter, Wish};
use crate::domain::{Lang, Principal};
use crate::prompts::Prompts;

/// What an update is to us.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heard {
    /// Nothing to answer.
    Nothing,
    /// Not from a talk between two.
    Group { chat: ChatId, lang: Lang },
    /// From somebody who is not on the list.
    Stranger { chat: ChatId, id: u64, lang: Lang },
    /// A stranger's press, or one where nothing is to be pressed.
    NoPress { query: CallbackQueryId, id: u64, lang: Lang },
    /// Stop what runs and what waits.
    Cancel { chat: ChatId, principal: Principal, lang: Lang },
    /// A button.
    Press {
        query: CallbackQueryId,
        message: i32,
        chat: ChatId,
        principal: Principal,
        lang: Lang,
        button: Option<Button>,
    },
    /// All else waits for its turn.
    Letter(Box<Letter>),
}

/// Reads one update.
pub(super) fn hear(update: Update, bot: u64, allow: &AllowList, prompts: &Prompts) -> Heard {
    match update.kind {
        UpdateKind::Message(message) => said(update.id.0, &message, bot, allow, prompts),
        UpdateKind::CallbackQuery(query) => {
            let (id, lang) = (query.from.id.0, set_to(&query.from));
            // A private chat has its person's id.
            let chat = ChatId(i64::try_from(id).unwrap_or_default());
            let here = query.message.as_ref().is_some_and(|message| message.chat().id == chat);
            match allow.principal(id).filter(|_| here) {
                None => Heard::NoPress { query: query.id, id, lang },
                Some(principal) => {
                    let button = query.data.as_deref().and_then(Button::parse);
                    let message = query.message.as_ref().map_or(0, |message| message.id().0);
                    Heard::Press { query: query.id, message, chat, principal, lang, button }
                }
            }
        }
        _ => Heard::Nothing,
    }
}

fn said(update: u32, message: &Message, bot: u64, allow: &AllowList, prompts: &Prompts) -> Heard {
    let Some(from) = message.from.as_ref().filter(|from| !from.is_bot) else { return Heard::Nothing };
    let text = message.text();
    let chat = message.chat.id;
    let lang = text.map_or_else(|| set_to(from), |text| lang_of(text, set_to(from)));
    if !message.chat.is_private() {
        return Heard::Group { chat, lang };
    }
    let Some(principal) = allow.principal(from.id.0) else {
        return Heard::Stranger { chat, id: from.id.0, lang };
    };
    let wish = match text {
        None if !is_sent(message) => return Heard::Nothing,
        None => Wish::NoText,
        Some(text) => match command(prompts, text) {
            Command::Cancel => return Heard::Cancel { chat, principal, lang },
            Command::Wish(wish) => wish,
        },
    };
    Heard::Letter(Box::new(Letter {
        bot,
        update,
        message: message.id.0,
        chat: chat.0,
        principal,
        wish,
        lang,
        sent: Vec::new(),
        pictures: Vec::new(),
        sending: None,
    }))
}

/// Whether a person has sent this; else it is Telegram's own line in the chat, such as that a message was pinned.
fn is_sent(message: &Message) -> bool {
    // What teloxide does not know, it reads as empty.
    matches!(message.kind, MessageKind::Common(_) | MessageKind::Dice(_) | MessageKind::Empty {})
}

enum Command {
    Cancel,
    Wish(Wish),
}

fn command(prompts: &Prompts, text: &str) -> Command {
    let text = text.trim();
    let ask = |text: &str| Command::Wish(Wish::Ask { text: text.to_owned(), pressed: false });
    if !text.starts_with('/') {
        return ask(text);
    }
    let (head, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    // In a menu Telegram writes /help@name_of_the_bot.
    let head = head.split('@').next().unwrap_or(head).to_lowercase();
    let called = |kind: &'static str| {
        let is = |lang: Lang| {
            prompts.words(kind).find(|(_, word)| word.all(lang).any(|name| name == head)).map(|(key, _)| key)
        };
        Lang::ALL.into_iter().find_map(is)
    };
    match called("bot_command").or_else(|| called("command")) {
        Some("cancel") => Command::Cancel,
        Some("start") => Command::Wish(Wish::Start),
        Some("help") => Command::Wish(Wish::Help),
        Some("new") => Command::Wish(Wish::New),
        Some("why") => ask(format!("{head} {rest}").trim()),
        _ => Command::Wish(Wish::Unknown),
    }
}

/// The language of what was written; a bare command says none.
fn lang_of(text: &str, otherwise: Lang) -> Lang {
    let wordless = text.starts_with('/') || !text.chars().any(char::is_alphabetic);
    match Lang::of(text) {
        Lang::En if wordless => otherwise,
        lang => lang,
    }
}

/// The language somebody's Telegram is set to, of our two.
fn set_to(user: &User) -> Lang {
    match user.language_code.as_deref() {
        Some(code) if code.starts_with("zh") => Lang::Zh,
        _ => Lang::En,
    }
}
