//! A small shop, written line by line, whose figures can be worked out by hand.

use mercato::domain::*;
use mercato::model::Models;
use mercato::store::Store;
use mercato::tool::{self, Outcome, ToolContext, ToolError};
use mercato::warehouse::{Records, Warehouse};
use serde_json::Value;

/// Records in the making; ids are as given.
#[derive(Default)]
pub(crate) struct SmallShop {
    pub(crate) records: Records,
}

/// Day from `YYYY-MM-DD`.
pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn money(units: f64) -> Micros {
    Micros::from_f64(units)
}

impl SmallShop {
    pub(crate) fn customer(&mut self, id: &str, city: &str, joined: Option<&str>) -> &mut Self {
        self.records.customers.push(Customer {
            id: id.into(),
            name: None,
            email: None,
            city: (!city.is_empty()).then(|| city.to_owned()),
            joined: joined.map(day),
            gender: None,
            birth_year: None,
            consent: Consent::default(),
        });
        self
    }

    pub(crate) fn product(&mut self, id: &str, category: &str, price: f64, cost: Option<f64>) -> &mut Self {
        self.records.products.push(Product {
            id: id.into(),
            name: format!("The {id}"),
            category: (!category.is_empty()).then(|| category.to_owned()),
            variants: Vec::new(),
            price: Some(money(price)),
            cost: cost.map(money),
            stock: None,
        });
        self
    }

    /// A paid order; lines are product, pieces, price a piece.
    pub(crate) fn order(
        &mut self,
        id: &str,
        on: &str,
        customer: &str,
        lines: &[(&str, i64, f64)],
    ) -> &mut Order {
        let lines: Vec<Line> = lines
            .iter()
            .zip(1..)
            .map(|((product, qty, price), n)| Line {
                n,
                kind: LineKind::Product,
                product: Some((*product).into()),
                item: None,
                options: Vec::new(),
                title: format!("The {product}"),
                qty: *qty,
                unit_price: money(*price),
                discount: Micros::ZERO,
            })
            .collect();
        let goods = lines.iter().map(Line::gross).sum();
        self.records.orders.push(Order {
            id: id.into(),
            customer: (!customer.is_empty()).then(|| customer.into()),
            placed_at: i64::from(day(on).0) * 86_400,
            placed_on: day(on),
            paid_at: None,
            status: OrderStatus::Paid,
            service_state: None,
            currency: Currency::EUR,
            city: None,
            goods,
            shipping: money(4.9),
            tax: Micros::ZERO,
            discount: Micros::ZERO,
            paid: goods,
            lines,
            payment_history: Vec::new(),
            fulfilments: Vec::new(),
            refunds: Vec::new(),
            flags: Flags::default(),
        });
        self.records.orders.last_mut().unwrap()
    }

    pub(crate) fn spend(&mut self, on: &str, channel: &str, cost: f64) -> &mut Self {
        self.records.spend.push(Spend {
            day: day(on),
            channel: channel.into(),
            account: None,
            campaign: None,
            cost: money(cost),
            currency: Currency::EUR,
            impressions: None,
            clicks: None,
            conversions: None,
        });
        self
    }

    pub(crate) fn loose_refund(
        &mut self,
        id: &str,
        on: &str,
        customer: &str,
        product: &str,
        amount: f64,
    ) -> &mut Self {
        self.records.unlinked_refunds.push(UnlinkedRefund {
            id: id.into(),
            n: 1,
            at: i64::from(day(on).0) * 86_400,
            on: day(on),
            customer: (!customer.is_empty()).then(|| customer.into()),
            product: (!product.is_empty()).then(|| product.into()),
            qty: 1,
            amount: money(amount),
            currency: Currency::EUR,
        });
        self
    }

    pub(crate) fn warehouse(&self) -> Warehouse {
        let shop = Shop { currency: Currency::EUR, timezone: "UTC".into(), churn_window_days: None };
        Warehouse::from_records(1, shop, &self.records)
    }
}

/// A refund of goods.
pub(crate) fn refund(order: &mut Order, line: Option<u32>, qty: i64, amount: f64, on: Option<&str>) {
    order.refunds.push(Refund { day: on.map(day), line, qty, amount: money(amount), reason: None });
}

/// Calls a tool as the local manager on these columns; today is the data's last day.
pub(crate) fn call(warehouse: &Warehouse, name: &str, args: &Value) -> Result<Outcome<Value>, ToolError> {
    call_as(&Principal::local_manager(), warehouse, name, args)
}

/// The same with models that are fitted already.
pub(crate) fn call_with(
    models: &Models,
    warehouse: &Warehouse,
    name: &str,
    args: &Value,
) -> Result<Outcome<Value>, ToolError> {
    run(&Principal::local_manager(), models, Clock::system(None), warehouse, name, args)
}

/// The same on this day by the clock.
pub(crate) fn call_on(
    today: Day,
    warehouse: &Warehouse,
    name: &str,
    args: &Value,
) -> Result<Outcome<Value>, ToolError> {
    let (manager, clock) = (Principal::local_manager(), Clock::system(Some(today)));
    run(&manager, &Models::default(), clock, warehouse, name, args)
}

/// The same as somebody else.
pub(crate) fn call_as(
    principal: &Principal,
    warehouse: &Warehouse,
    name: &str,
    args: &Value,
) -> Result<Outcome<Value>, ToolError> {
    run(principal, &Models::default(), Clock::system(None), warehouse, name, args)
}

fn run(
    principal: &Principal,
    models: &Models,
    clock: Clock,
    warehouse: &Warehouse,
    name: &str,
    args: &Value,
) -> Result<Outcome<Value>, ToolError> {
    let context = ToolContext {
        principal,
        store: &Store::memory(),
        warehouse,
        models,
        clock,
        said: &mercato::tool::NothingSaid,
        work: &NoWork,
    };
    let entry = tool::find(principal.role, name).ok_or_else(ToolError::forbidden)?;
    let args = (entry.check)(args)?;
    (entry.run)(&context, &args)
}
