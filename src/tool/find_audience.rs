//! Who is most likely to take this product, or something of this category, and may be written to?
//!
//! Ranked by the recommender's item score: Σ over what the customer has, similarity × strength, the product itself
//! counted as its own like. Left out: who bought it within the usual time to the next purchase, who has a thing that is
//! bought once, who said no to every channel, and whose consent no file tells; each is counted.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::count;
use super::recommender::{Fitted, Offer};
use super::{Next, Note, Outcome, Tool, ToolContext, ToolError, query_metrics};
use crate::domain::{
    Cell, Column, Consent, Day, Evidence, Fact, Grade, HoldoutRow, Role, Segment, Span, Table, Unit,
};
use crate::features::recommend::{Rhythms, bought_between, strengths};
use crate::features::rfm::Rfm;
use crate::model::recommend::{Recommender, SUPPORT};

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
    /// Usual days from one purchase to the next; for one product that is used up.
    pub gap: Option<i32>,
}

/// Who was left out, by the first reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct LeftOut {
    /// Bought it lately, or owns it already.
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
    /// The last day they bought it, or anything of the category.
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
        let ranked = Ranked::of(&fitted.recommender, &fitted.rhythms, &targets.products, fitted.today);
        let output = output(ctx, &args, &wanted, &fitted, &targets, &ranked)?;
        let tested = Tested::of(ctx, &fitted, &targets.products, args.n as usize)?;
        let evidence = evidence(ctx, &fitted, tested.as_ref());
        let mut outcome = Outcome::new(output, evidence);
        outcome.facts = facts(&outcome.output, tested.as_ref());
        outcome.table = Some(table(&outcome.output));
        outcome.notes = notes(&args, &outcome.output);
        outcome.next = next(&outcome.output);
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
        let of_category = |category: u32| -> Vec<u32> {
            let all = 0..buyers.len() as u32;
            let of = |product: &u32| ctx.warehouse.products.category[*product as usize] == category;
            all.filter(of).filter(|product| buyers[*product as usize] >= SUPPORT).collect()
        };
        match (&self.product, &self.category) {
            (Some((product, _)), _) if buyers[*product as usize] >= SUPPORT => {
                Ok(Targets { products: vec![*product], by_category: false })
            }
            (Some((product, name)), _) => {
                let products = of_category(ctx.warehouse.products.category[*product as usize]);
                if products.is_empty() {
                    return Err(
                        ToolError::not_enough_data("recommend_nobody_bought").with("product", name.clone())
                    );
                }
                Ok(Targets { products, by_category: true })
            }
            (None, category) => {
                let (row, name) = category.clone().unwrap_or_default();
                let mut products = of_category(row);
                let offered: Vec<u32> =
                    products.iter().copied().filter(|product| fitted.offer(*product) == Offer::Yes).collect();
                if !offered.is_empty() {
                    products = offered;
                }
                if products.is_empty() {
                    return Err(ToolError::not_enough_data("recommend_nobody_bought").with("product", name));
                }
                Ok(Targets { products, by_category: false })
            }
        }
    }
}

/// Customers by how likely they take it.
struct Ranked {
    /// Best first: customer, score, last day bought.
    customers: Vec<(u32, f64, Option<Day>)>,
    supplied: usize,
}

impl Ranked {
    fn of(model: &Recommender, rhythms: &Rhythms, products: &[u32], today: Day) -> Self {
        let mut ranked = Self { customers: Vec::new(), supplied: 0 };
        for customer in 0..model.strengths.customers() as u32 {
            let (mut score, mut supplied, mut last) = (0.0, false, None);
            for product in products {
                let rhythm = rhythms.of(customer, *product);
                last = last.max(rhythm.map(|rhythm| rhythm.last));
                // a thing that is bought once, or within the usual time to the next purchase
                let has = match rhythm {
                    Some(rhythm) => rhythms.gap(*product).is_none_or(|gap| today.since(rhythm.last) < gap),
                    None => model.strengths.bought(customer, *product) && rhythms.gap(*product).is_none(),
                };
                if has {
                    supplied = true;
                } else {
                    score += likes(model, customer, *product);
                }
            }
            if score > 0.0 {
                ranked.customers.push((customer, score, last));
            } else if supplied {
                ranked.supplied += 1;
            }
        }
        ranked.customers.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked
    }
}

/// Σ similarity × strength over what the customer has.
fn likes(model: &Recommender, customer: u32, product: u32) -> f64 {
    let own = model.strengths.of(customer);
    let strength =
        |at: u32| own.binary_search_by_key(&at, |cell| cell.at).ok().map_or(0.0, |at| own[at].strength);
    let near = model.similar(product).iter().map(|near| near.similarity * strength(near.at));
    strength(product) + near.sum::<f64>()
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
) -> Result<Output, ToolError> {
    let customers = &ctx.warehouse.customers;
    let segments = Rfm::as_of(ctx.warehouse, fitted.today).segments(customers.id.len());
    let mut left_out = LeftOut { supplied: ranked.supplied, ..LeftOut::default() };
    let mut listed = Vec::new();
    for (customer, score, last) in &ranked.customers {
        let row = *customer as usize;
        let [email, sms, push] = consent(customers.consent.get(row).copied().unwrap_or_default());
        if [email, sms, push].contains(&Some(true)) {
            listed.push(Member {
                id: customers.id[row].clone(),
                name: customers.name[row].clone(),
                segment: segments.as_ref().and_then(|segments| segments.get(row).copied().flatten()),
                score: *score,
                email: email == Some(true),
                sms: sms == Some(true),
                push: push == Some(true),
                last: *last,
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
    listed.truncate(args.n as usize);
    let with = |of: &dyn Fn(&Member) -> bool| listed.iter().filter(|member| of(member)).count();
    let one = wanted.product.as_ref().filter(|_| !targets.by_category);
    Ok(Output {
        product: wanted.product.as_ref().map(|(_, name)| name.clone()),
        category: wanted.category.as_ref().map(|(_, name)| name.clone()),
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
        gap: one.and_then(|(row, _)| fitted.rhythms.gap(*row)),
    })
}

/// What the same list would have been worth at an earlier date.
struct Tested {
    span: Span,
    listed: usize,
    /// Share of the list who bought it in the days after.
    hit: f64,
    /// The same of as many customers with most orders, and of all who would fit.
    hit_active: f64,
    hit_all: f64,
}

impl Tested {
    fn of(
        ctx: &ToolContext<'_>,
        fitted: &Fitted,
        products: &[u32],
        n: usize,
    ) -> Result<Option<Self>, ToolError> {
        let Some(origin) = fitted.tested.0.first() else { return Ok(None) };
        let then = strengths(ctx.warehouse, origin.as_of);
        if products.iter().all(|product| then.launched(*product) > origin.as_of.0) {
            return Ok(None);
        }
        let model = Recommender::fit(then, ctx.work)?;
        let rhythms = Rhythms::as_of(ctx.warehouse, origin.as_of);
        let ranked = Ranked::of(&model, &rhythms, products, origin.as_of);
        let wanted: BTreeSet<u32> = products.iter().copied().collect();
        let after = bought_between(ctx.warehouse, origin.as_of, origin.to);
        let came = |customer: u32| {
            let bought = after.get(customer as usize).into_iter().flatten();
            bought.into_iter().any(|product| wanted.contains(product))
        };
        let who: Vec<u32> = ranked.customers.iter().map(|(customer, _, _)| *customer).collect();
        let mut active = who.clone();
        let orders = |customer: &u32| std::cmp::Reverse(model.strengths.order_days(*customer).len());
        active.sort_by_key(orders);
        let listed = n.min(who.len());
        let share = |who: &[u32]| {
            let hits = who.iter().filter(|customer| came(**customer)).count();
            if who.is_empty() { 0.0 } else { hits as f64 / who.len() as f64 }
        };
        Ok((listed > 0).then(|| Self {
            span: Span { from: origin.as_of.plus(1), to: origin.to },
            listed,
            hit: share(&who[..listed]),
            hit_active: share(&active[..listed]),
            hit_all: share(&who),
        }))
    }
}

fn evidence(ctx: &ToolContext<'_>, fitted: &Fitted, tested: Option<&Tested>) -> Evidence {
    let mut evidence =
        Evidence::descriptive(fitted.buyers() as u64, Some(fitted.span), ctx.warehouse.data_version);
    if let Some(tested) = tested {
        let row = |method: &str, hit: f64| HoldoutRow::new(method, [("hit", hit)]);
        evidence.holdout = vec![
            row("item_cf", tested.hit),
            row("most_orders", tested.hit_active),
            row("anybody", tested.hit_all),
        ];
        let skill =
            if tested.hit_active < 1.0 { 1.0 - (1.0 - tested.hit) / (1.0 - tested.hit_active) } else { 0.0 };
        if skill < 0.0 {
            evidence.limit(Grade::Directional, "hardly_better_than_active", "more_history");
        } else if skill < 0.05 {
            evidence.limit(Grade::ReviewFirst, "hardly_better_than_active", "more_history");
        }
    }
    if tested.is_none() || fitted.tested.0.len() < 2 {
        evidence.limit(Grade::NeedsData, "few_origins", "more_history");
    }
    super::freshness::limit(ctx, fitted.today, &mut evidence);
    evidence
}

fn facts(output: &Output, tested: Option<&Tested>) -> Vec<Fact> {
    let count = |name: &str, n: usize| Fact::new(name, n as f64, Unit::Count);
    let mut facts = vec![
        count("audience", output.customers.len()),
        count("email", output.email),
        count("sms", output.sms),
        count("push", output.push),
        count("candidates", output.candidates),
        count("supplied", output.left_out.supplied),
        count("no_consent", output.left_out.no_consent),
        count("consent_unknown", output.left_out.consent_unknown),
        Fact::new("today", f64::from(output.today.0), Unit::Date),
    ];
    facts.extend(output.gap.map(|gap| Fact::new("usual_gap", f64::from(gap), Unit::Days)));
    if let Some(tested) = tested {
        facts.extend([
            Fact::new("test_days", f64::from(tested.span.days()), Unit::Days).over(tested.span),
            count("test_listed", tested.listed),
            Fact::new("hit", tested.hit, Unit::Share).over(tested.span),
            Fact::new("hit_active", tested.hit_active, Unit::Share).over(tested.span),
            Fact::new("hit_all", tested.hit_all, Unit::Share).over(tested.span),
        ]);
    }
    facts
}

fn table(output: &Output) -> Table {
    let columns = ["customer", "name", "segment", "email", "sms", "push", "last_order"];
    let yes = |yes: bool| Cell::Text(if yes { "yes" } else { "no" }.into());
    let row = |member: &Member| {
        vec![
            Cell::Text(member.id.clone()),
            member.name.clone().map_or(Cell::Empty, Cell::Text),
            member.segment.map_or(Cell::Empty, |segment| Cell::Text(segment.key().into())),
            yes(member.email),
            yes(member.sms),
            yes(member.push),
            member.last.map_or(Cell::Empty, Cell::Day),
        ]
    };
    Table {
        columns: columns.into_iter().map(|key| Column { key: key.into(), unit: None }).collect(),
        rows: output.customers.iter().map(row).collect(),
    }
}

fn notes(args: &Args, output: &Output) -> Vec<Note> {
    let mut notes = Vec::new();
    if output.by_category {
        notes.push(Note::new("audience_by_category"));
    }
    if output.out_of_stock {
        notes.push(Note::new("audience_out_of_stock"));
    }
    if output.left_out.consent_unknown > 0 {
        notes.push(Note::new("audience_consent_unknown"));
    }
    if output.customers.len() < args.n as usize {
        notes.push(Note::new("audience_fewer"));
    }
    notes
}

fn next(output: &Output) -> Vec<Next> {
    let mut next = Vec::new();
    if let Some(first) = output.customers.first() {
        let name = first.name.clone().unwrap_or_else(|| first.id.clone());
        next.push(Next::new("recommend").with("name", name));
    }
    match (&output.product, &output.category) {
        (Some(product), _) => next.push(Next::new("companions").with("product", product.clone())),
        (None, Some(category)) => next.push(Next::new("revenue").with("category", category.clone())),
        (None, None) => {}
    }
    next
}
