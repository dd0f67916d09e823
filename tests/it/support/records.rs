//! Records to write and find again.

use mercato::domain::*;
use mercato::store::AnyRecord;

/// An order with every field filled.
pub(crate) fn full_order(id: &str) -> Order {
    Order {
        id: id.into(),
        customer: Some("c1".into()),
        placed_at: 1_780_000_000,
        placed_on: Day(20_601),
        paid_at: Some(1_780_000_060),
        status: OrderStatus::PartiallyRefunded,
        service_state: Some(ServiceState::ReturnRequested),
        currency: Currency::EUR,
        city: Some("München".into()),
        goods: Micros(27_000_000),
        shipping: Micros(4_900_000),
        tax: Micros(1_234_567),
        discount: Micros(3_000_000),
        paid: Micros(31_900_000),
        lines: vec![
            Line {
                n: 1,
                kind: LineKind::Product,
                product: Some("SKU-1".into()),
                item: Some("9001".into()),
                options: vec![("grind".into(), "fine".into())],
                title: "Espresso Beans 1 kg".into(),
                qty: 2,
                unit_price: Micros(15_000_000),
                discount: Micros(3_000_000),
            },
            Line {
                n: 2,
                kind: LineKind::Fee,
                product: None,
                item: None,
                options: Vec::new(),
                title: "postage".into(),
                qty: 1,
                unit_price: Micros(4_900_000),
                discount: Micros::ZERO,
            },
        ],
        payment_history: vec![Payment {
            kind: PaymentKind::Payment,
            amount: Micros(31_900_000),
            method: "card_1".into(),
        }],
        fulfilments: vec![Fulfilment {
            at: Some(1_780_100_000),
            tracking: vec!["JD0001".into()],
            items: vec!["9001".into()],
        }],
        refunds: vec![Refund {
            day: Some(Day(20_610)),
            line: Some(1),
            qty: 1,
            amount: Micros(13_500_000),
            reason: Some("damaged".into()),
        }],
        flags: Flags { tax_included: true, ..Flags::default() },
    }
}

/// An order of which the file said as little as possible.
pub(crate) fn sparse_order(id: &str) -> Order {
    Order {
        id: id.into(),
        customer: None,
        placed_at: 1_780_000_000,
        placed_on: Day(20_601),
        paid_at: None,
        status: OrderStatus::Paid,
        service_state: None,
        currency: Currency::EUR,
        city: None,
        goods: Micros(10_000_000),
        shipping: Micros::ZERO,
        tax: Micros::ZERO,
        discount: Micros::ZERO,
        paid: Micros(10_000_000),
        lines: Vec::new(),
        payment_history: Vec::new(),
        fulfilments: Vec::new(),
        refunds: Vec::new(),
        flags: Flags { no_customer_key: true, lines_unknown: true, ..Flags::default() },
    }
}

/// Answers with every field filled and with every field empty.
pub(crate) fn responses() -> Vec<AnyRecord> {
    let feedback = Feedback {
        id: "r2".into(),
        at: 1_780_000_060,
        on: Day(20_601),
        customer: Some("c1".into()),
        product: Some("SKU-1".into()),
        rating: Some(4),
        text: "味道很好，就是快递慢".into(),
        source: "review".into(),
        lang: Some(Lang::Zh),
    };
    let bare = Feedback {
        id: "r9".into(),
        at: 1_780_000_000,
        customer: None,
        product: None,
        rating: None,
        lang: None,
        ..feedback.clone()
    };
    let click = Interaction {
        id: "a".into(),
        at: 1_780_000_000,
        on: Day(20_601),
        customer: "c1".into(),
        product: Some("SKU-1".into()),
        kind: InteractionKind::Click,
        channel: Some("email".into()),
        campaign: Some("spring".into()),
        variant: Some("b".into()),
        value: Some(Micros(1)),
    };
    let view = Interaction {
        id: "z".into(),
        at: -200_000,
        on: Day(-3),
        product: None,
        kind: InteractionKind::View,
        channel: None,
        campaign: None,
        variant: None,
        value: None,
        ..click.clone()
    };
    let test = LiftTest {
        id: "search 2026-04-06".into(),
        channel: "search".into(),
        from: Day(20_549),
        to: Day(20_562),
        effect: Micros(-1_200_500_000),
        se: Micros(180_000_000),
        spend_control: vec![Micros(2_600_000_000), Micros::ZERO],
        spend_treated: vec![Micros(4_160_000_000), Micros::ZERO],
        scope_share: Micros(250_000),
        metric: "revenue".into(),
        measured_until: Day(20_576),
        currency: Currency::EUR,
    };
    let foreign = LiftTest { id: "tv".into(), currency: Currency::GBP, ..test.clone() };
    let arm = |name: &str, n, conversions| Arm { name: name.into(), n, conversions };
    let experiment = Experiment {
        id: "exp-1".into(),
        name: "Subject with the city".into(),
        started: Day(20_500),
        ended: None,
        arms: vec![arm("control", 6_000, 252), arm("b", 6_000, 306)],
        metric: "order".into(),
    };
    vec![
        feedback.into(),
        bare.into(),
        click.into(),
        view.into(),
        test.into(),
        foreign.into(),
        experiment.into(),
    ]
}
