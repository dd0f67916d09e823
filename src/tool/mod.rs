//! What can the shop be asked to compute?
//!
//! A tool takes typed arguments, asks features for the input and a model for the answer, and gives back figures with
//! their evidence; words are added later (`prompts/tools/NAME.md`). A new tool is one file here, one file of words,
//! and one `mod` line and list entry below.

pub mod ability;
mod budget;
pub mod channel_performance;
mod customer;
pub mod customer_profile;
pub mod data_overview;
pub mod derive;
mod error;
pub mod find_audience;
mod freshness;
mod media;
pub mod model_report;
mod number;
pub mod optimize_budget;
mod outcome;
pub mod predict_clv;
pub mod query_metrics;
mod recall;
pub mod recommend_products;
mod recommender;
pub mod schema;
pub mod segment_customers;
pub mod simulate_budget;

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

pub use error::{ErrorKind, ToolError};
pub use outcome::{Next, Note, Outcome};
pub use recall::{NothingSaid, Recall, Said};

use crate::domain::{Clock, Day, Principal, Role, Span, Work};
use crate::model::keep;
use crate::store::Store;
use crate::warehouse::Warehouse;

/// Whether a call only reads, or asks to change something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Computes, changes nothing.
    Read,
    /// Becomes a proposal that the right person must confirm.
    Propose,
}

/// What a call may use.
pub struct ToolContext<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// The open store.
    pub store: &'a Store,
    /// The shop's columns.
    pub warehouse: &'a Warehouse,
    /// Fitted models, kept by (model, settings, data version).
    pub models: &'a crate::model::Models,
    /// Both hands of the clock.
    pub clock: Clock,
    /// What this conversation has computed so far.
    pub said: &'a dyn Recall,
    /// Progress and stop.
    pub work: &'a dyn Work,
}

impl ToolContext<'_> {
    /// The shop's day and the days with orders; an error without any order.
    pub fn today(&self) -> Result<(Day, Span), ToolError> {
        let data = self.warehouse.order_days().ok_or_else(|| ToolError::not_enough_data("no_orders"))?;
        Ok((self.clock.today(data.to), data))
    }

    /// Under which key a fit is kept; the same data seen from a configured day are another fit.
    pub fn kept_as(&self, what: &str, today: Day) -> String {
        keep::key(what, self.clock.is_live().then_some(today))
    }
}

/// A tool: one question it can answer.
pub trait Tool {
    /// Its name in the catalogue.
    const NAME: &'static str;
    /// Who may call it.
    const ROLES: &'static [Role];
    /// Arguments; unknown fields are an error.
    type Args: DeserializeOwned + Serialize + JsonSchema;
    /// The typed result, JSON for whoever asks for it.
    type Output: Serialize;

    /// Read or propose.
    fn effect(_args: &Self::Args) -> Effect {
        Effect::Read
    }

    /// Computes. Synchronous: runs on a blocking thread.
    fn call(ctx: &ToolContext<'_>, args: Self::Args) -> Result<Outcome<Self::Output>, ToolError>;
}

/// The object-safe form of a tool; made by [`of`].
pub struct Entry {
    /// Name.
    pub name: &'static str,
    /// Who may call it.
    pub roles: &'static [Role],
    /// JSON schema of the arguments; [`schema::render`] makes the other renderings.
    pub schema: fn() -> Value,
    /// Checks repaired arguments and gives them back in canonical form (defaults filled in).
    pub check: fn(&Value) -> Result<Value, ToolError>,
    /// Read or propose, for checked arguments.
    pub effect: fn(&Value) -> Result<Effect, ToolError>,
    /// Runs it with checked arguments.
    pub run: fn(&ToolContext<'_>, &Value) -> Result<Outcome<Value>, ToolError>,
}

/// The object-safe form of `T`.
pub fn of<T: Tool>() -> Entry {
    fn parse<T: Tool>(args: &Value) -> Result<T::Args, ToolError> {
        serde_path_to_error::deserialize(args).map_err(|error| {
            let path = error.path().to_string();
            let schema = schema::plain::<T::Args>();
            let refused = match schema::bounds_broken(&schema, &path, args) {
                Some([value, least, most]) => ToolError::invalid("out_of_range")
                    .with("value", value.clone())
                    .with("least", least.clone())
                    .with("most", most.clone()),
                None => ToolError::invalid("args_not_valid"),
            };
            refused.with("path", path).with("why", error.into_inner().to_string())
        })
    }
    Entry {
        name: T::NAME,
        roles: T::ROLES,
        schema: schema::plain::<T::Args>,
        check: |args| {
            let args = parse::<T>(args)?;
            serde_json::to_value(args).map_err(ToolError::internal)
        },
        effect: |args| Ok(T::effect(&parse::<T>(args)?)),
        run: |ctx, args| {
            let outcome = T::call(ctx, parse::<T>(args)?)?;
            outcome.try_map(|output| serde_json::to_value(output).map_err(ToolError::internal))
        },
    }
}

/// All tools, alphabetically.
pub fn all() -> Vec<Entry> {
    vec![
        of::<channel_performance::ChannelPerformance>(),
        of::<customer_profile::CustomerProfile>(),
        of::<data_overview::DataOverview>(),
        of::<derive::Derive>(),
        of::<find_audience::FindAudience>(),
        of::<model_report::ModelReport>(),
        of::<optimize_budget::OptimizeBudget>(),
        of::<predict_clv::PredictClv>(),
        of::<query_metrics::QueryMetrics>(),
        of::<recommend_products::RecommendProducts>(),
        of::<segment_customers::SegmentCustomers>(),
        of::<simulate_budget::SimulateBudget>(),
    ]
}

/// The tools of a role.
pub fn for_role(role: Role) -> Vec<Entry> {
    all().into_iter().filter(|entry| entry.roles.contains(&role)).collect()
}

/// Finds a tool in the role's catalogue; one outside it does not exist for the role.
pub fn find(role: Role, name: &str) -> Option<Entry> {
    for_role(role).into_iter().find(|entry| entry.name == name)
}
