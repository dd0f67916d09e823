//! Which products come onto the lists?

use rayon::prelude::*;

use super::{Args, Due, Item, LeftOut, Method, Output, Reason};
use crate::domain::{Day, NamedCustomer, NamedProduct};
use crate::features::recommend::together;
use crate::model::recommend::{self, Addend};
use crate::tool::recommender::{Fitted, Offer, category};
use crate::tool::{ToolContext, ToolError};

/// Parts of a score that are told.
const REASONS: usize = 3;
/// Customers whose scores are added up together.
const AT_A_TIME: usize = 256;
/// What was not bought again for so many of its gaps was given up.
const GIVEN_UP: i32 = 3;
/// Days before its day from which something counts as due.
const SOON: i32 = 7;

/// The method asked for, or the one that foretold best.
fn method(fitted: &Fitted, asked: Method) -> recommend::Method {
    match asked {
        Method::Auto => fitted.tested.chosen(),
        Method::UserCf => recommend::Method::UserCf,
        Method::ItemCf => recommend::Method::ItemCf,
        Method::Popular => recommend::Method::Popular,
    }
}

/// Whether a product is offered and the customer never bought it.
pub(super) fn is_new(fitted: &Fitted, customer: u32, product: u32) -> bool {
    fitted.offer(product) == Offer::Yes && !fitted.recommender.strengths.bought(customer, product)
}

pub(super) fn for_customer(
    ctx: &ToolContext<'_>,
    fitted: &Fitted,
    args: &Args,
    named: NamedCustomer,
) -> Result<Output, ToolError> {
    let Some(row) = ctx.warehouse.customers.by_id.get(&named.id).copied() else {
        let error = ToolError::not_found("unknown_customer").with("text", named.id);
        return Err(error.with("candidates", Vec::<String>::new()));
    };
    let model = &fitted.recommender;
    let own = model.strengths.of(row);
    let cold_start = own.is_empty();
    let used = if cold_start { recommend::Method::Popular } else { method(fitted, args.method) };
    let scores = model.scores(used, row);
    let listed = recommend::best(&scores, |product| is_new(fitted, row, product), args.n as usize);
    let reasons_of = model.reasons(used, row);
    let discover = listed.iter().map(|product| {
        let reasons = reasons_of(*product);
        let similar = matches!(used, recommend::Method::UserCf | recommend::Method::FirstTime);
        let of = |reason: &Addend| match used {
            recommend::Method::ItemCf => ctx.warehouse.products.name.get(reason.of as usize),
            _ => ctx.warehouse.customers.id.get(reason.of as usize),
        };
        let score = scores[*product as usize];
        Item {
            similar_buyers: similar.then_some(reasons.len()),
            reasons: told(&reasons, score, |reason| of(reason).cloned().unwrap_or_default()),
            ..item(ctx, fitted, *product, score)
        }
    });
    let bought =
        |product: &u32| fitted.offer(*product) == Offer::Yes && model.strengths.bought(row, *product);
    Ok(Output {
        id: Some(named.id),
        name: named.name,
        method: used.key(),
        chosen_by_holdout: args.method == Method::Auto && !cold_start,
        cold_start,
        customers: 1,
        discover: discover.collect(),
        replenish: due(ctx, fitted, row, args.n as usize),
        left_out: LeftOut { bought: products(ctx).filter(bought).count(), ..left_out(fitted) },
        ..empty("customer", fitted)
    })
}

/// What this customer will need again about now.
fn due(ctx: &ToolContext<'_>, fitted: &Fitted, customer: u32, n: usize) -> Vec<Due> {
    let mut due: Vec<(usize, i32, Due)> = Vec::new();
    for product in products(ctx).filter(|product| fitted.offer(*product) == Offer::Yes) {
        let Some(rhythm) = fitted.rhythms.of(customer, product) else { continue };
        let Some((gap, at)) = due_on(fitted, customer, product) else { continue };
        due.push((
            rhythm.times,
            fitted.today.since(at),
            Due { last: Some(rhythm.last), gap, due: Some(at), customers: None, ..needed(ctx, product, gap) },
        ));
    }
    due.sort_by(|a, b| (b.0, a.1, &a.2.id).cmp(&(a.0, b.1, &b.2.id)));
    due.into_iter().take(n).map(|(_, _, due)| due).collect()
}

/// Gap and day on which a customer needs a product again, where that is about now.
fn due_on(fitted: &Fitted, customer: u32, product: u32) -> Option<(i32, Day)> {
    let rhythm = fitted.rhythms.of(customer, product)?;
    let gap = rhythm.gap?.max(1);
    let since = fitted.today.since(rhythm.last);
    (since + SOON >= gap && since <= gap.saturating_mul(GIVEN_UP)).then(|| (gap, rhythm.last.plus(gap)))
}

/// What suits most of these customers who do not have it.
pub(super) fn for_many(
    ctx: &ToolContext<'_>,
    fitted: &Fitted,
    args: &Args,
    members: &[u32],
) -> Result<Output, ToolError> {
    let model = &fitted.recommender;
    let used = method(fitted, args.method);
    // sums of a few customers at a time: a row of scores for each would not fit for many
    let parts: Vec<Vec<f64>> = members
        .par_chunks(AT_A_TIME)
        .map(|customers| {
            let mut sums = vec![0.0; model.buyers.len()];
            for customer in customers {
                ctx.work.check()?;
                for (product, score) in model.scores(used, *customer).into_iter().enumerate() {
                    if !model.strengths.bought(*customer, product as u32) {
                        sums[product] += score;
                    }
                }
            }
            Ok(sums)
        })
        .collect::<Result<_, ToolError>>()?;
    let mut scores = vec![0.0; model.buyers.len()];
    for part in &parts {
        scores.iter_mut().zip(part).for_each(|(sum, score)| *sum += score);
    }
    let n = members.len() as f64;
    let listed = recommend::best(&scores, |product| fitted.offer(product) == Offer::Yes, args.n as usize);
    let discover = listed.iter().map(|product| {
        let without = members.iter().filter(|customer| !model.strengths.bought(**customer, *product)).count();
        Item { without: Some(without), ..item(ctx, fitted, *product, scores[*product as usize] / n) }
    });
    let mut due: Vec<Due> = products(ctx)
        .filter(|product| fitted.offer(*product) == Offer::Yes)
        .filter_map(|product| {
            let customers =
                members.iter().filter(|customer| due_on(fitted, **customer, product).is_some()).count();
            let gap = fitted.rhythms.gap(product).filter(|_| customers > 0)?;
            Some(Due { customers: Some(customers), ..needed(ctx, product, gap) })
        })
        .collect();
    due.sort_by(|a, b| (b.customers, &a.id).cmp(&(a.customers, &b.id)));
    due.truncate(args.n as usize);
    Ok(Output {
        segment: args.segment,
        method: used.key(),
        chosen_by_holdout: args.method == Method::Auto,
        customers: members.len(),
        discover: discover.collect(),
        replenish: due,
        left_out: left_out(fitted),
        ..empty("segment", fitted)
    })
}

/// What goes with a product, then what is like it.
pub(super) fn for_product(
    ctx: &ToolContext<'_>,
    fitted: &Fitted,
    args: &Args,
    named: NamedProduct,
) -> Result<Output, ToolError> {
    let row = ctx.warehouse.products.by_id.get(&named.id).copied();
    let row = row.ok_or_else(|| ToolError::internal("a product was found and lost"))?;
    let model = &fitted.recommender;
    if model.buyers.get(row as usize).copied().unwrap_or_default() == 0 {
        return Err(ToolError::not_enough_data("recommend_nobody_bought").with("product", named.name));
    }
    let offered = |product: u32| fitted.offer(product) == Offer::Yes && product != row;
    let mut discover: Vec<Item> = Vec::new();
    if matches!(args.method, Method::Auto) {
        let pairs = together(ctx.warehouse, row, fitted.today);
        discover.extend(pairs.iter().filter(|pair| offered(pair.product)).map(|pair| Item {
            orders_together: Some(pair.orders),
            lift: Some(pair.lift),
            ..item(ctx, fitted, pair.product, pair.score)
        }));
    }
    let near = |place: usize| model.similar(row).get(place).map(|near| (near.at, near.similarity));
    let popular = || {
        let scores: Vec<f64> = model.buyers.iter().map(|buyers| f64::from(*buyers)).collect();
        let listed = recommend::best(&scores, offered, args.n as usize);
        listed.into_iter().map(|product| (product, scores[product as usize])).collect::<Vec<_>>()
    };
    let alike: Vec<(u32, f64)> = match args.method {
        Method::Popular => popular(),
        _ => (0..).map_while(near).collect(),
    };
    let cold_start = discover.is_empty() && alike.is_empty();
    let alike = if cold_start { popular() } else { alike };
    for (product, score) in alike.into_iter().filter(|(product, _)| offered(*product)) {
        let id = &ctx.warehouse.products.id[product as usize];
        if discover.iter().all(|item| item.id != *id) {
            discover.push(item(ctx, fitted, product, score));
        }
    }
    discover.truncate(args.n as usize);
    let used = match args.method {
        _ if cold_start => "popular",
        Method::Popular => "popular",
        Method::Auto if discover.first().is_some_and(|item| item.lift.is_some()) => "together",
        Method::Auto | Method::ItemCf | Method::UserCf => "item_cf",
    };
    Ok(Output {
        id: Some(named.id),
        name: Some(named.name),
        method: used,
        cold_start,
        customers: model.buyers[row as usize] as usize,
        discover,
        left_out: left_out(fitted),
        ..empty("product", fitted)
    })
}

/// What sells to everybody.
pub(super) fn for_shop(ctx: &ToolContext<'_>, fitted: &Fitted, args: &Args) -> Output {
    let scores: Vec<f64> = fitted.recommender.buyers.iter().map(|buyers| f64::from(*buyers)).collect();
    let listed = recommend::best(&scores, |product| fitted.offer(product) == Offer::Yes, args.n as usize);
    let items = listed.iter().map(|product| item(ctx, fitted, *product, scores[*product as usize]));
    Output {
        method: recommend::Method::Popular.key(),
        customers: fitted.buyers(),
        discover: items.collect(),
        left_out: left_out(fitted),
        ..empty("shop", fitted)
    }
}

fn empty(kind: &'static str, fitted: &Fitted) -> Output {
    Output {
        kind,
        id: None,
        name: None,
        segment: None,
        today: fitted.today,
        method: "",
        chosen_by_holdout: false,
        cold_start: false,
        customers: 0,
        discover: Vec::new(),
        replenish: Vec::new(),
        left_out: LeftOut::default(),
    }
}

fn left_out(fitted: &Fitted) -> LeftOut {
    LeftOut {
        not_sold: fitted.left_out(Offer::NotSold),
        out_of_stock: fitted.left_out(Offer::OutOfStock),
        blocked: fitted.left_out(Offer::Blocked),
        bought: 0,
    }
}

fn products(ctx: &ToolContext<'_>) -> std::ops::Range<u32> {
    0..ctx.warehouse.products.id.len() as u32
}

fn item(ctx: &ToolContext<'_>, fitted: &Fitted, product: u32, score: f64) -> Item {
    let products = &ctx.warehouse.products;
    Item {
        id: products.id[product as usize].clone(),
        product: products.name[product as usize].clone(),
        category: category(ctx.warehouse, product),
        score,
        buyers: fitted.recommender.buyers[product as usize],
        without: None,
        similar_buyers: None,
        orders_together: None,
        lift: None,
        reasons: Vec::new(),
    }
}

fn needed(ctx: &ToolContext<'_>, product: u32, gap: i32) -> Due {
    let products = &ctx.warehouse.products;
    Due {
        id: products.id[product as usize].clone(),
        product: products.name[product as usize].clone(),
        category: category(ctx.warehouse, product),
        last: None,
        gap,
        due: None,
        customers: None,
    }
}

fn told(reasons: &[Addend], score: f64, of: impl Fn(&Addend) -> String) -> Vec<Reason> {
    let reason = |reason: &Addend| Reason {
        of: of(reason),
        adds: reason.value,
        share: if score > 0.0 { reason.value / score } else { 0.0 },
    };
    reasons.iter().take(REASONS).map(reason).collect()
}
