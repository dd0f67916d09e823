//! Who is most likely to take this product, or something of this category, and may be written to?
//!
//! Ranked in the way that found most buyers at an earlier date (`rank`). Left out: who bought it within the usual time to
//! the next purchase, who has a thing that is bought once, who said no to every channel, and whose consent no file tells;
//! each is counted.

mod figures;
mod rank;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::count;
use super::recommender::{Fitted, Offer};
use super::{Outcome, Tool, ToolContext, ToolError, query_metrics};
use crate::domain::{Consent, Day, Role, Segment};
use crate::features::rfm::Rfm;
use crate::model::recommend::SUPPORT;
use crate::warehouse::NONE;
use rank::{Ranked, Tested};

/// The tool.
pub struct FindAudience;

/// For what, how many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// A product by name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Or a category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// How many customers to list, 1 to 1000.
    #[serde(default = "hundred", deserialize_with = "count")]
    #[schemars(range(min = 1, max = 1000))]
    pub n: u32,
}

/// Customers one list has at most.
const MOST: u32 = 1000;

fn hundred() -> u32 {
    100
}

/// The audience.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Output {
    pub product: Option<String>,
    pub category: Option<String>,
    pub today: Day,
    /// The category that the list goes by and whose days and hits are told; `None` where it is the product itself.
    pub basis: Option<String>,
    /// Customers who ever bought the product.
    pub buyers: u32,
    /// What the customers are ranked by, and whether an earlier date chose it.
    pub ranking: &'static str,
    pub chosen_by_holdout: bool,
    /// At the reported date as many customers with most orders took it more often.
    pub worse: bool,
    /// Products meant: one, or those of the category that are sold and in stock.
    pub products: usize,
    /// The product is out of stock.
    pub out_of_stock: bool,
    /// Too few bought it to know who likes it; its category speaks for it.
    pub by_category: bool,
    /// Most likely first; each agreed to at least one channel.
    pub customers: Vec<Member>,
    /// Of those listed, who may be written to by e-mail, SMS, push.
    pub email: usize,
    pub sms: usize,
    pub push: usize,
    /// Who would fit, consent aside.
    pub candidates: usize,
    pub left_out: LeftOut,
    /// More would fit and may be written to than one list has at most.
    pub cut_off: bool,
    /// Usual days from one purchase to the next; for one product that is used up.
    pub gap: Option<i32>,
}

/// Who was left out, by the first reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct LeftOut {
    /// Bought it lately, or owns it already; of a category, all of it that they would take.
    pub supplied: usize,
    /// Said no to every channel.
    pub no_consent: usize,
    /// No file says for any channel.
    pub consent_unknown: usize,
}

/// One customer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Member {
    pub id: String,
    pub name: Option<String>,
    pub segment: Option<Segment>,
    pub score: f64,
    pub email: bool,
    pub sms: bool,
    pub push: bool,
    /// The last day they bought it, or anything of the category that the list goes by.
    pub last: Option<Day>,
}

impl Tool for FindAudience {
    const NAME: &'static str = "find_audience";
    const ROLES: &'static [Role] = &[Role::Manager, Role::Analyst];
    type Args = Args;
    type Output = Output;

    fn call(ctx: &ToolContext<'_>, args: Args) -> Result<Outcome<Output>, ToolError> {
        let wanted = Wanted::of(ctx, &args)?;
        let fitted = Fitted::of(ctx)?;
        ctx.work.check()?;
        let targets = wanted.targets(ctx, &fitted)?;
        let tested = Tested::of(ctx, &fitted, &targets, args.n as usize)?;
        let ranked = Ranked::of(&fitted.recommender, &fitted.rhythms, &targets, fitted.today);
        let output = output(ctx, &args, &wanted, &fitted, &targets, &ranked, &tested)?;
        let evidence = figures::evidence(ctx, &fitted, &tested);
        let mut outcome = Outcome::new(output, evidence);
        outcome.facts = figures::facts(&outcome.output, &tested);
        outcome.table = Some(figures::table(&outcome.output));
        outcome.notes = figures::notes(&args, &outcome.output);
        outcome.next = figures::next(&outcome.output);
        Ok(outcome)
    }
}

/// What is asked for, by its full name.
struct Wanted {
    product: Option<(u32, String)>,
    category: Option<(u32, String)>,
}

/// Products that count, and how they were found.
struct Targets {
    products: Vec<u32>,
    /// Those whose last purchase is told: the product, or all of the category, in stock or not.
    dated: Vec<u32>,
    by_category: bool,
}

impl Wanted {
    fn of(ctx: &ToolContext<'_>, args: &Args) -> Result<Self, ToolError> {
        let warehouse = ctx.warehouse;
        match (&args.product, &args.category) {
            (Some(text), None) => {
                let named = query_metrics::product(warehouse, text)?;
                let row = warehouse.products.by_id.get(&named.id).copied();
                let row = row.ok_or_else(|| ToolError::internal("a product was found and lost"))?;
                Ok(Self { product: Some((row, named.name)), category: None })
            }
            (None, Some(text)) => {
                let name = query_metrics::plain("category", &warehouse.categories, text)?;
                let row = warehouse.categories.iter().position(|known| *known == name).unwrap_or_default();
                Ok(Self { product: None, category: Some((row as u32, name)) })
            }
            (Some(_), Some(_)) | (None, None) => Err(ToolError::invalid("audience_one_of")),
        }
    }

    fn targets(&self, ctx: &ToolContext<'_>, fitted: &Fitted) -> Result<Targets, ToolError> {
        let buyers = &fitted.recommender.buyers;
        let whole = |category: u32| -> Vec<u32> {
            let of = |product: &u32| ctx.warehouse.products.category[*product as usize] == category;
            (0..buyers.len() as u32).filter(of).collect()
        };
        let supported = |whole: &[u32]| -> Vec<u32> {
            whole.iter().copied().filter(|product| buyers[*product as usize] >= SUPPORT).collect()
        };
        match (&self.product, &self.category) {
            (Some((product, _)), _) if buyers[*product as usize] >= SUPPORT => {
                Ok(Targets { products: vec![*product], dated: vec![*product], by_category: false })
            }
            (Some((product, name)), _) => {
                let dated = whole(ctx.warehouse.products.category[*product as usize]);
                let products = supported(&dated);
                if products.is_empty() {
                    return Err(
                        ToolError::not_enough_data("recommend_nobody_bought").with("product", name.clone())
                    );
                }
                Ok(Targets { products, dated, by_category: true })
            }
            (None, category) => {
                let (row, name) = category.clone().unwrap_or_default();
                let dated = whole(row);
                let mut products = supported(&dated);
                let offered: Vec<u32> =
                    products.iter().copied().filter(|product| fitted.offer(*product) == Offer::Yes).collect();
                if !offered.is_empty() {
                    products = offered;
                }
                if products.is_empty() {
                    return Err(ToolError::not_enough_data("recommend_nobody_bought").with("product", name));
                }
                Ok(Targets { products, dated, by_category: false })
            }
        }
    }
}

/// Whether consent was given, refused, or is not known, for each channel.
fn consent(consent: Consent) -> [Option<bool>; 3] {
    [consent.email, consent.sms, consent.push]
}

fn output(
    ctx: &ToolContext<'_>,
    args: &Args,
    wanted: &Wanted,
    fitted: &Fitted,
    targets: &Targets,
    ranked: &Ranked,
    tested: &Tested,
) -> Result<Output, ToolError> {
    let customers = &ctx.warehouse.customers;
    let segments = Rfm::as_of(ctx.warehouse, fitted.today).segments(customers.id.len());
    let mut left_out = LeftOut { supplied: ranked.supplied, ..LeftOut::default() };
    let mut listed = Vec::new();
    for member in ranked.by(tested.ranking) {
        let row = member.customer as usize;
        let [email, sms, push] = consent(customers.consent.get(row).copied().unwrap_or_default());
        if [email, sms, push].contains(&Some(true)) {
            listed.push(Member {
                id: customers.id[row].clone(),
                name: customers.name[row].clone(),
                segment: segments.as_ref().and_then(|segments| segments.get(row).copied().flatten()),
                score: member.score(tested.ranking),
                email: email == Some(true),
                sms: sms == Some(true),
                push: push == Some(true),
                last: member.last,
            });
        } else if [email, sms, push].iter().all(Option::is_none) {
            left_out.consent_unknown += 1;
        } else {
            left_out.no_consent += 1;
        }
    }
    if listed.is_empty() && left_out.consent_unknown > 0 {
        return Err(
            ToolError::not_enough_data("audience_no_consent").with("n", left_out.consent_unknown as u64)
        );
    }
    let cut_off = args.n == MOST && listed.len() > MOST as usize;
    listed.truncate(args.n as usize);
    let with = |of: &dyn Fn(&Member) -> bool| listed.iter().filter(|member| of(member)).count();
    let one = wanted.product.as_ref().filter(|_| !targets.by_category);
    Ok(Output {
        product: wanted.product.as_ref().map(|(_, name)| name.clone()),
        category: wanted.category.as_ref().map(|(_, name)| name.clone()),
        basis: basis(ctx, wanted, targets),
        buyers: wanted.product.as_ref().map_or(0, |(row, _)| fitted.recommender.buyers[*row as usize]),
        ranking: tested.ranking.key(),
        chosen_by_holdout: tested.chosen,
        worse: tested.skill().is_some_and(|skill| skill < 0.0),
        today: fitted.today,
        products: targets.products.len(),
        out_of_stock: wanted.product.as_ref().is_some_and(|(row, _)| fitted.offer(*row) == Offer::OutOfStock),
        by_category: targets.by_category,
        email: with(&|member| member.email),
        sms: with(&|member| member.sms),
        push: with(&|member| member.push),
        customers: listed,
        candidates: ranked.customers.len(),
        left_out,
        cut_off,
        gap: one.and_then(|(row, _)| fitted.rhythms.gap(*row)),
    })
}

/// The category that speaks for what is asked.
fn basis(ctx: &ToolContext<'_>, wanted: &Wanted, targets: &Targets) -> Option<String> {
    match (&wanted.product, &wanted.category) {
        (Some((row, _)), _) if targets.by_category => {
            let category = ctx.warehouse.products.category.get(*row as usize).copied().unwrap_or(NONE);
            ctx.warehouse.categories.get(category as usize).cloned()
        }
        (None, Some((_, name))) => Some(name.clone()),
        _ => None,
    }
}
