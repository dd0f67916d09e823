//! How do people answer the shop: what do they say, open and click, and what did its tests find?
//!
//! IMPORT_FORMATS §1 has the targets, DEFINITIONS §7–§8 what is made of them. Amounts are [`Micros`]; instants are
//! UTC seconds, each with the shop's local day beside it.

use serde::{Deserialize, Serialize};

use super::{Currency, CustomerId, Day, Lang, Micros, ProductId};

/// One review, complaint or survey answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Feedback {
    /// The file's own number, else one made of its content.
    pub id: String,
    /// UTC seconds.
    pub at: i64,
    /// The shop's local day of `at`.
    pub on: Day,
    /// Who wrote it.
    pub customer: Option<CustomerId>,
    /// About what.
    pub product: Option<ProductId>,
    /// Stars, 1 to 5.
    pub rating: Option<u8>,
    /// As it was written, without HTML.
    pub text: String,
    /// Where it was written: review, email, survey …
    pub source: String,
    /// Language, where it is known.
    pub lang: Option<Lang>,
}

/// What happened between a customer and the shop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InteractionKind {
    /// The customer looked at a product.
    View,
    /// Put it into the cart.
    Cart,
    /// The shop sent a message.
    Send,
    /// The customer opened it.
    Open,
    /// Clicked in it.
    Click,
}

/// One such event.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Interaction {
    /// The file's own number, else one made of its content.
    pub id: String,
    /// UTC seconds.
    pub at: i64,
    /// The shop's local day of `at`.
    pub on: Day,
    /// Whose.
    pub customer: CustomerId,
    /// With which product.
    pub product: Option<ProductId>,
    /// What it was.
    pub kind: InteractionKind,
    /// Channel of a message: email, sms, push …
    pub channel: Option<String>,
    /// Campaign of a message.
    pub campaign: Option<String>,
    /// Variant of a message: its copy or its arm in an experiment.
    pub variant: Option<String>,
    /// Worth in the shop's currency, where the file gives one.
    pub value: Option<Micros>,
}

/// An experiment that changed a channel's spend and measured what came of it (DEFINITIONS §8).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LiftTest {
    /// The file's own number, else channel and first day.
    pub id: String,
    /// Advertising channel, as in the spend.
    pub channel: String,
    /// First day of the changed spend.
    pub from: Day,
    /// Last day of it.
    pub to: Day,
    /// What the treated areas sold more than the control areas would have; may be negative.
    pub effect: Micros,
    /// Standard error of the effect, above 0.
    pub se: Micros,
    /// Spend a week as it would have been, from the week of `from` on.
    pub spend_control: Vec<Micros>,
    /// Spend a week as it was, the same weeks.
    pub spend_treated: Vec<Micros>,
    /// Share of the shop that the test covers, above 0 up to 1 (millionths).
    pub scope_share: Micros,
    /// What `effect` counts: revenue where the file does not say.
    pub metric: String,
    /// Last day whose sales are in the effect; at or after `to`.
    pub measured_until: Day,
    /// Currency of effect and spend.
    pub currency: Currency,
}

/// One arm of an experiment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Arm {
    /// Name: control, a, b …
    pub name: String,
    /// People in it.
    pub n: u64,
    /// How many of them did what the experiment counts.
    pub conversions: u64,
}

/// A comparison of arms of people (A/B, hold-out).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Experiment {
    /// Key.
    pub id: String,
    /// Name.
    pub name: String,
    /// First day.
    pub started: Day,
    /// Last day; `None` while it runs.
    pub ended: Option<Day>,
    /// The arms, the control first.
    pub arms: Vec<Arm>,
    /// What a conversion is: order, click …
    pub metric: String,
}
