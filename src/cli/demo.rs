//! Make the sample shop and try it: a tour of questions, then, in a terminal, a chat.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use serde_json::Map;

use super::Out;
use crate::app::App;
use crate::channel::terminal::{Chat, waiting};
use crate::config::Config;
use crate::demo;
use crate::domain::{Lang, NoWork, Principal};
use crate::render::Scope;

/// Where the sample shop lies unless told otherwise.
const DEMO_DATA: &str = "mercato-demo";
/// The tour: keys of messages in section `tour`, each asked in one language.
const TOUR: [(&str, Lang); 11] = [
    ("overview", Lang::En),
    ("year_ago", Lang::Zh),
    ("by_city", Lang::Zh),
    ("best_products", Lang::En),
    ("most_valuable", Lang::Zh),
    ("one_customer", Lang::En),
    ("loyal_churn", Lang::Zh),
    ("recommend", Lang::Zh),
    ("channels", Lang::En),
    ("budget", Lang::Zh),
    ("weather", Lang::En),
];

/// Make the sample shop and try it
///
/// In a terminal it goes on as a chat; without one it answers the tour and ends.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mercato demo --seed 7 --data ./shop-7")]
pub struct Demo {
    /// Which sample shop; the same seed makes the same shop.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Demo {
    pub(super) fn run(self, data: Option<PathBuf>, out: &mut Out) -> anyhow::Result<()> {
        let dir = data.unwrap_or_else(|| PathBuf::from(DEMO_DATA));
        let store = {
            let _spinner = waiting();
            demo::open(&dir, self.seed, &NoWork)?
        };
        let app = App::over(store, &Config::load(Path::new("."))?)?;
        let say = |key: &str, lang: Lang| app.prompts().message(key, lang).unwrap_or_default().to_owned();
        for lang in Lang::ALL {
            out.line(say("status.sample_shop", lang))?;
        }
        tokio::runtime::Runtime::new()?.block_on(async {
            let mut chat = Chat::new(app.agent(), Principal::local_manager(), None);
            for (key, lang) in TOUR {
                let question = say(&format!("tour.{key}"), lang);
                out.line(format!("\n> {question}"))?;
                chat.ask(&question, out).await?;
            }
            if std::io::stdin().is_terminal() && Out::is_terminal() {
                for lang in Lang::ALL {
                    out.line(say("status.goes_on", lang))?;
                }
                chat.go_on(out).await?;
            }
            out.line("")?;
            for lang in Lang::ALL {
                let command = format!("mercato --data {} ask \"…\"", dir.display());
                let scope = Scope::words(lang, &Map::new()).naming("command", command);
                out.line(app.templates.message("status.continue_with", &scope)?)?;
            }
            Ok(())
        })
    }
}
