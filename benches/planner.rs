//! How long does one plan take, and how long learning the phrases?
//!
//! Names of 3,000 customers and 60 products are searched, as in the sample shop. Goal: a plan well below 5 ms,
//! learning well below a second.
#![expect(clippy::unwrap_used, reason = "a bench that cannot start should stop right there")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use mercato::agent::planner::{EmbeddedPlanner, PlanRequest};
use mercato::agent::{Memory, ShopDays};
use mercato::domain::{Currency, Day, Entities, Lang, NamedCustomer, NamedProduct, Role, Span};
use mercato::prompts::Prompts;

fn shop() -> Entities {
    let firsts = ["Emma", "Liam", "Sophie", "Lucas", "Noah", "Chloe", "Jonas", "Mia"];
    let lasts = ["Clark", "Moreau", "Martin", "Becker", "Fischer", "Weber", "Rossi"];
    let customer = |i: usize| NamedCustomer {
        id: format!("C{i:05}"),
        name: Some(format!("{} {}", firsts[i % firsts.len()], lasts[i / firsts.len() % lasts.len()])),
        email: Some(format!("c{i}@example.com")),
    };
    let kinds = ["Espresso Beans", "Oolong Tea", "Milk Frother", "Pour-over Kettle", "Gift Box"];
    let product =
        |i: usize| NamedProduct { id: format!("P{i:03}"), name: format!("{} {i}", kinds[i % kinds.len()]) };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Entities {
        customers: (1..=3000).map(customer).collect(),
        products: (0..60).map(product).collect(),
        categories: names(&["Coffee", "Tea", "Kitchen", "Snacks", "Gifts"]),
        cities: names(&["Amsterdam", "Berlin", "London", "Madrid", "Milan", "Paris"]),
        channels: names(&["search", "social", "display", "video", "tv", "email"]),
    }
}

fn bench(c: &mut Criterion) {
    let prompts = Prompts::load().unwrap();
    c.bench_function("learn the phrases", |b| b.iter(|| black_box(EmbeddedPlanner::new(&prompts))));
    let planner = EmbeddedPlanner::new(&prompts);
    let today = Day::parse("2026-06-30").unwrap();
    let entities = Arc::new(shop());
    let ask = |question: &str| PlanRequest {
        question: question.into(),
        lang: Lang::of(question),
        role: Role::Manager,
        days: ShopDays { today, data: Span { from: today.month_start(-23), to: today } },
        memory: Memory::default(),
        entities: entities.clone(),
        currency: Currency::EUR,
        repair: None,
    };
    for (name, question) in [
        ("plan en", "revenue of coffee in Berlin from March to May by week against last year, top 5"),
        ("plan zh", "未来半年忠诚客户里最有价值的20位是谁，折现率8%"),
    ] {
        let request = ask(question);
        c.bench_function(name, |b| b.iter(|| black_box(planner.decide(&request))));
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
