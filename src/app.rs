//! How do the parts fit together? Settings → store → warehouse → models → tools → agent.
//!
//! Where a language model's server is set, it plans and writes, over the embedded planner and the templates; else these
//! do it alone.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::agent::audit::{Audit, AuditHead, AuditKey};
use crate::agent::compose::{Composer, LlmComposer, TemplateComposer};
use crate::agent::memory::Session;
use crate::agent::planner::{EmbeddedPlanner, LlmPlanner, Planner};
use crate::agent::turn::{Limits, Turn};
use crate::agent::{Agent, Album, House};
use crate::channel::telegram;
use crate::config::Config;
use crate::domain::{Clock, Principal, Work};
use crate::llm::{Endpoint, LanguageModel, Notebook};
use crate::model::{Models, Shelf, keep};
use crate::prompts::Prompts;
use crate::render::Templates;
use crate::store::{self, Record, Store, Table};
use crate::tool::{self, NothingSaid, ToolContext};
use crate::warehouse::{Live, Warehouse};

/// An open shop with everything a channel needs.
pub struct App {
    /// The data folder's store.
    pub store: Store,
    /// The shop's columns as they were when it was opened; the agent's own follow later imports.
    pub warehouse: Arc<Warehouse>,
    /// Fitted models, kept in the store.
    pub models: Arc<Models>,
    /// Both hands of the clock.
    pub clock: Clock,
    /// All words, compiled.
    pub templates: Arc<Templates>,
    endpoint: Option<Endpoint>,
    limits: Limits,
}

impl App {
    /// Opens the shop in a data folder.
    pub fn open(data: &Path) -> anyhow::Result<Self> {
        let config = Config::load(Path::new("."))?;
        Self::over(Store::open(data)?, &config)
    }

    /// The parts over an open store.
    pub fn over(store: Store, config: &Config) -> anyhow::Result<Self> {
        let warehouse = Arc::new(Warehouse::load(&store)?);
        let models = Arc::new(Models::on(Arc::new(StoreShelf(store.clone()))));
        let templates = Arc::new(Templates::compile(Arc::new(Prompts::load()?))?);
        let (tokens, micros) = config.model.budget();
        let usual = Limits::default();
        let limits = Limits { tokens: tokens.unwrap_or(usual.tokens), micros, ..usual };
        let (clock, endpoint) = (Clock::system(config.today), config.endpoint.clone());
        Ok(Self { store, warehouse, models, clock, templates, endpoint, limits })
    }

    /// All words.
    pub fn prompts(&self) -> &Prompts {
        self.templates.prompts()
    }

    /// The agent over this shop.
    pub fn agent(&self) -> Agent {
        let catalogue = Arc::new(tool::all());
        let embedded = Arc::new(EmbeddedPlanner::new(self.prompts()));
        let (planner, composer): (Arc<dyn Planner>, Arc<dyn Composer>) = match &self.endpoint {
            None => (embedded, Arc::new(TemplateComposer)),
            Some(endpoint) => {
                let notebook: Arc<dyn Notebook> = Arc::new(StoreNotebook(self.store.clone()));
                let model = Arc::new(LanguageModel::new(endpoint.clone(), Some(notebook)));
                let prompts = self.templates.prompts().clone();
                let planner = LlmPlanner::new(embedded, model.clone(), catalogue.clone(), prompts);
                (Arc::new(planner), Arc::new(LlmComposer::new(model.clone(), self.templates.clone())))
            }
        };
        Agent::new(House {
            store: self.store.clone(),
            columns: Live::new(self.warehouse.clone()),
            models: self.models.clone(),
            clock: self.clock,
            templates: self.templates.clone(),
            catalogue,
            planner,
            composer,
            album: self.store.dir().map(Album::in_data),
            limits: self.limits,
        })
    }

    /// What a tool's call may use.
    pub fn tool_context<'a>(&'a self, principal: &'a Principal, work: &'a dyn Work) -> ToolContext<'a> {
        ToolContext {
            principal,
            store: &self.store,
            warehouse: &self.warehouse,
            models: &self.models,
            clock: self.clock,
            said: &NothingSaid,
            work,
        }
    }
}

/// Every table there is, for the doctor, backups and forgetting a person.
pub fn tables() -> Vec<Table> {
    let mut tables = store::TABLES.to_vec();
    tables.extend([
        Table::of::<Audit>(),
        Table::of::<AuditHead>(),
        // Without the secret nobody can try names against the hashes in the audit rows.
        Table::cache::<AuditKey>(),
        Table::cache::<KeptModel>(),
        Table::cache::<Learned>(),
        Table::conversations::<Session>(),
        Table::conversations::<Turn>(),
        Table::of::<telegram::Batch>(),
        Table::conversations::<telegram::Letter>(),
        Table::of::<telegram::Talk>(),
    ]);
    tables
}

/// The data folder of a command: as named, else the default.
pub fn data_folder(named: Option<PathBuf>) -> PathBuf {
    named.unwrap_or_else(|| PathBuf::from(crate::cli::DEFAULT_DATA))
}

/// A fitted model's bytes in the store.
#[derive(Serialize, Deserialize)]
struct KeptModel {
    key: String,
    data_version: u64,
    bytes: Vec<u8>,
}

impl Record for KeptModel {
    const TABLE: &'static str = "model";
    const VERSION: u8 = 1;
    fn key(&self) -> Vec<u8> {
        keep::undated(&self.key).as_bytes().to_vec()
    }
}

/// What was learned of a language model's server.
#[derive(Serialize, Deserialize)]
struct Learned {
    name: String,
    text: String,
}

impl Record for Learned {
    const TABLE: &'static str = "learned";
    const VERSION: u8 = 1;
    fn key(&self) -> Vec<u8> {
        self.name.as_bytes().to_vec()
    }
}

/// What was learned, kept in the store; losing it costs one question more at the server.
struct StoreNotebook(Store);

impl Notebook for StoreNotebook {
    fn read(&self, name: &str) -> Option<String> {
        self.0.get::<Learned>(name.as_bytes()).ok().flatten().map(|learned| learned.text)
    }

    fn write(&self, name: &str, text: &str) {
        if let Err(error) = self.0.put(&Learned { name: name.into(), text: text.into() }) {
            tracing::warn!(name, %error, "what was learned of a server could not be kept");
        }
    }
}

/// Fitted models kept in the store, one a key: a newer fit replaces the older.
struct StoreShelf(Store);

impl StoreShelf {
    fn kept(&self, key: &str) -> Option<KeptModel> {
        let kept = self.0.get::<KeptModel>(keep::undated(key).as_bytes()).ok().flatten();
        kept.filter(|kept| kept.key == key)
    }
}

impl Shelf for StoreShelf {
    fn load(&self, key: &str, data_version: u64) -> Option<Vec<u8>> {
        let kept = self.kept(key)?;
        (kept.data_version == data_version).then_some(kept.bytes)
    }

    fn version(&self, key: &str) -> Option<u64> {
        self.kept(key).map(|kept| kept.data_version)
    }

    fn save(&self, key: &str, data_version: u64, bytes: &[u8]) {
        let kept = KeptModel { key: key.into(), data_version, bytes: bytes.to_vec() };
        if let Err(error) = self.0.put(&kept) {
            tracing::warn!(key, %error, "a fitted model could not be kept; it will be fitted again");
        }
    }
}
