//! What is each customer worth from now on, how sure is that, and what should be done with whom?
//!
//! DEFINITIONS §5 and §10. This file has the arguments and the order of work; `worth` asks the models, `figures` makes
//! facts and the table, `trust` the grade and what must be said beside.

mod chart;
mod examine;
mod figures;
mod next_order;
mod trust;
mod worth;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::number::within;
use super::{Next, Outcome, Tool, ToolContext, ToolError, customer};
use crate::domain::{Currency, Day, NamedCustomer, Role, Segment, Span, Tier};
use crate::model::clv::PurchaseModel;
pub(super) use examine::{Examined, Fit};
pub use next_order::NextOrder;
pub(super) use next_order::SOON_DAYS;
use worth::Valued;

/// The tool.
pub struct PredictClv;

/// Whose value, how far ahead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// Months ahead, 1 to 60.
    #[serde(default = "a_year", deserialize_with = "horizon")]
    #[schemars(range(min = 1, max = 60))]
    pub horizon_months: u32,
    /// How many customers to list, 1 to 1000.
    #[serde(default = "ten", deserialize_with = "top")]
    #[schemars(range(min = 1, max = 1000))]
    pub top: u32,
    /// Only this RFM segment, or this value tier, as held today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<Group>,
    /// One customer: id, name, e-mail or a part of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// Model of purchases; auto takes the one that forecast better at earlier dates.
    #[serde(default)]
    pub model: Model,
    /// Discount a year, 0 to 1; 0.1 is 10 %.
    #[serde(default = "ten_percent", deserialize_with = "discount")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub discount_rate: f64,
}

/// Which model of purchases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Chosen by back-test.
    #[default]
    Auto,
    /// BG/NBD.
    BgNbd,
    /// MBG/NBD.
    MbgNbd,
}

/// An RFM segment or a value tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of DEFINITIONS §4")]
pub enum Group {
    Champions,
    Loyal,
    PotentialLoyalists,
    New,
    Promising,
    NeedAttention,
    AboutToSleep,
    AtRisk,
    CantLose,
    Hibernating,
    Lost,
    Top,
    High,
    Medium,
    Low,
}

impl Group {
    /// The name in arguments.
    pub fn key(self) -> &'static str {
        match (self.tier(), self.segment()) {
            (Some(tier), _) => tier.key(),
            (None, Some(segment)) => segment.key(),
            (None, None) => "",
        }
    }

    /// As a value tier.
    pub fn tier(self) -> Option<Tier> {
        match self {
            Self::Top => Some(Tier::Top),
            Self::High => Some(Tier::High),
            Self::Medium => Some(Tier::Medium),
            Self::Low => Some(Tier::Low),
            _ => None,
        }
    }

    /// As an RFM segment.
    pub fn segment(self) -> Option<Segment> {
        use Segment as S;
        Some(match self {
            Self::Champions => S::Champions,
            Self::Loyal => S::Loyal,
            Self::PotentialLoyalists => S::PotentialLoyalists,
            Self::New => S::New,
            Self::Promising => S::Promising,
            Self::NeedAttention => S::NeedAttention,
            Self::AboutToSleep => S::AboutToSleep,
            Self::AtRisk => S::AtRisk,
            Self::CantLose => S::CantLose,
            Self::Hibernating => S::Hibernating,
            Self::Lost => S::Lost,
            Self::Top | Self::High | Self::Medium | Self::Low => return None,
        })
    }
}

fn a_year() -> u32 {
    12
}
fn ten() -> u32 {
    10
}
fn ten_percent() -> f64 {
    0.1
}

fn horizon<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, 60)
}
fn top<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, 1000)
}
fn discount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let rate = f64::deserialize(deserializer)?;
    let inside = (0.0..=1.0).contains(&rate);
    if inside { Ok(rate) } else { Err(D::Error::custom(format!("{rate} is not in 0 to 1; 0.1 is 10 %"))) }
}

/// The value of the customers asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// `customers` or `customer`.
    pub kind: &'static str,
    /// Of every amount.
    pub currency: Currency,
    /// The days forecast.
    pub period: Span,
    /// As asked.
    pub horizon_months: u32,
    /// As asked.
    pub discount_rate: f64,
    /// As asked.
    pub segment: Option<Group>,
    /// The model used.
    pub model: PurchaseModel,
    /// Whether a back-test chose it.
    pub chosen_by_backtest: bool,
    /// clv counts the margin; else revenue.
    pub margin_based: bool,
    /// The season of the year is in the figures.
    pub seasonal: bool,
    /// How many customers the totals are about.
    pub n_customers: usize,
    /// Most valuable first; the one asked for where one was.
    pub customers: Vec<CustomerValue>,
    /// Value tiers of all customers (12 months, discounted at .1), best first; empty where one customer was asked for.
    pub tiers: Vec<TierValue>,
}

/// One customer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CustomerValue {
    /// The shop's key.
    pub id: String,
    /// Where known.
    pub name: Option<String>,
    /// Discounted future value.
    pub clv: f64,
    /// 90 % for this one customer.
    pub clv_lo: f64,
    /// 90 % for this one customer.
    pub clv_hi: f64,
    /// Undiscounted future revenue.
    pub revenue: f64,
    /// Probability of still being a customer; nothing where the past cannot tell.
    pub p_alive: Option<f64>,
    /// Expected purchase days.
    pub orders_expected: f64,
    /// 90 % for this one customer.
    pub orders_lo: u32,
    /// 90 % for this one customer.
    pub orders_hi: u32,
    /// Net goods so far.
    pub past_value: f64,
    /// Purchase days so far.
    pub purchase_days: u32,
    /// The last of them.
    pub last_order: Day,
    /// Value tier.
    pub tier: Tier,
    /// RFM segment; nothing in a shop with too few customers for segments.
    pub segment: Option<Segment>,
}

/// One value tier.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TierValue {
    /// Which.
    pub tier: Tier,
    /// How many.
    pub customers: usize,
    /// Σ 12-month clv.
    pub clv: f64,
    /// Of all.
    pub share: f64,
    /// Mean margin by revenue, where known.
    pub margin: Option<f64>,
}

impl Tool for PredictClv {
    const NAME: &'static str = "predict_clv";
    const ROLES: &'static [Role] = &[Role::Manager, Role::Analyst];
    type Args = Args;
    type Output = Output;

    fn call(ctx: &ToolContext<'_>, args: Args) -> Result<Outcome<Output>, ToolError> {
        let one = args.customer.as_deref().map(|text| customer::named(ctx, text)).transpose()?;
        let valued = Valued::of(ctx, &args)?;
        ctx.work.check()?;
        let mut outcome = match one {
            Some(named) => figures::one(ctx, &args, &valued, &named)?,
            None => figures::many(ctx, &args, &valued)?,
        };
        outcome.charts = chart::charts(&outcome.output);
        outcome.notes = trust::notes(ctx, &valued, &outcome.output);
        outcome.next = next(&args, &valued, &outcome.output);
        Ok(outcome)
    }
}

/// One customer's year ahead, for the tools that speak of one customer.
pub(super) fn year_ahead(
    ctx: &ToolContext<'_>,
    named: &NamedCustomer,
) -> Result<(Outcome<Output>, Option<NextOrder>), ToolError> {
    let args = Args { customer: Some(named.id.clone()), ..examine::args(Model::Auto) };
    let valued = Valued::of(ctx, &args)?;
    let outcome = figures::one(ctx, &args, &valued, named)?;
    Ok((outcome, next_order::of(ctx, &valued, named)))
}

/// Rows of the customers in a segment or a value tier today.
pub(super) fn members(ctx: &ToolContext<'_>, group: Group) -> Result<Vec<u32>, ToolError> {
    if let Some(segment) = group.segment() {
        let (today, _) = ctx.today()?;
        let rfm = crate::features::rfm::Rfm::as_of(ctx.warehouse, today);
        let Some(scores) = &rfm.scores else {
            return Err(ToolError::not_enough_data("too_few_for_segments").with("day", today.to_string()));
        };
        let of = rfm.customer.iter().zip(scores).filter(|(_, scores)| scores.segment() == segment);
        return Ok(of.map(|(customer, _)| *customer).collect());
    }
    let args = examine::args(Model::Auto);
    let valued = Valued::of(ctx, &args)?;
    let rows = valued.input.now.customer.iter().zip(&valued.rows);
    Ok(rows.filter(|(_, row)| Some(row.tier) == group.tier()).map(|(customer, _)| *customer).collect())
}

/// Questions that go on from here; each names something that is there.
fn next(args: &Args, valued: &Valued, output: &Output) -> Vec<Next> {
    let mut next = Vec::new();
    let months = args.horizon_months;
    if args.customer.is_some() {
        next.push(Next::new("most_valuable").with("months", months));
        if let Some(segment) = output.customers.first().and_then(|customer| customer.segment) {
            next.push(Next::new("segment").with("segment", segment.key()).with("months", months));
        }
        return next;
    }
    if let Some(first) = output.customers.first() {
        let name = first.name.clone().unwrap_or_else(|| first.id.clone());
        next.push(Next::new("customer").with("name", name).with("months", months));
    }
    if args.segment.is_none()
        && let Some(segment) = most_to_win(valued)
    {
        next.push(Next::new("segment").with("segment", segment.key()).with("months", months));
    } else if args.segment.is_some() {
        next.push(Next::new("most_valuable").with("months", months));
    }
    next.push(Next::new("horizon").with("months", if months == 6 { 12 } else { 6 }));
    next
}

/// The segment with the most value ahead beside the champions, who head every list anyway.
fn most_to_win(valued: &Valued) -> Option<Segment> {
    let clv = |segment: Segment| -> f64 {
        valued.rows.iter().filter(|row| row.segment == Some(segment)).map(|row| row.clv).sum()
    };
    let others = Segment::ALL.into_iter().filter(|segment| *segment != Segment::Champions);
    let (segment, most) = others.map(|segment| (segment, clv(segment))).max_by(|a, b| a.1.total_cmp(&b.1))?;
    (most > 0.0).then_some(segment)
}
