//! How do records become columns?
//!
//! Records come in any order and each table after the other or mixed; `finish` sorts the rows and codes the ids.

use std::collections::HashMap;

use super::response::Responses;
use super::splice::go;
use super::{Customers, Lines, NONE, Orders, Products, SpendRows, UnlinkedRefunds, Warehouse, net};
use crate::domain::{
    Consent, Currency, Customer, Day, Experiment, Feedback, Interaction, LiftTest, Micros, Order, Product,
    ServiceState, Shop, Spend, UnlinkedRefund, churn_window_days, percentile,
};

/// A shop's records in memory.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the record types say what each is")]
pub struct Records {
    pub customers: Vec<Customer>,
    pub products: Vec<Product>,
    pub orders: Vec<Order>,
    pub unlinked_refunds: Vec<UnlinkedRefund>,
    pub spend: Vec<Spend>,
    pub feedback: Vec<Feedback>,
    pub interactions: Vec<Interaction>,
    pub lift_tests: Vec<LiftTest>,
    pub experiments: Vec<Experiment>,
}

/// Columns in the making.
pub struct Builder {
    data_version: u64,
    shop: Shop,
    customers: Names<CustomerRow>,
    products: Names<ProductRow>,
    cities: Names<()>,
    categories: Names<()>,
    channels: Names<()>,
    orders: Vec<OrderRow>,
    lines: Lines,
    refunds: Vec<RefundRow>,
    spend: Vec<(i32, u32, i64)>,
    responses: Responses,
    foreign: Vec<(Currency, u64)>,
}

#[derive(Default)]
struct CustomerRow {
    name: Option<String>,
    email: Option<String>,
    city: Option<u32>,
    joined: Option<Day>,
    consent: Consent,
}

#[derive(Default)]
struct ProductRow {
    name: Option<String>,
    category: Option<u32>,
    margin_rate: Option<f64>,
    stock: Option<i64>,
}

struct OrderRow {
    id: String,
    customer: u32,
    day: i32,
    placed_at: i64,
    sale: bool,
    net: i64,
    discount: i64,
    city: u32,
    open_return: bool,
    return_lag: i32,
    lines_unknown: bool,
    tax_included: bool,
    lines: (u32, u32),
}

struct RefundRow {
    day: i32,
    customer: u32,
    product: u32,
    qty: i64,
    amount: i64,
}

impl Builder {
    /// Empty columns of a shop.
    pub fn new(data_version: u64, shop: Shop) -> Self {
        Self {
            data_version,
            shop,
            customers: Names::default(),
            products: Names::default(),
            cities: Names::default(),
            categories: Names::default(),
            channels: Names::default(),
            orders: Vec::new(),
            lines: Lines::default(),
            refunds: Vec::new(),
            spend: Vec::new(),
            responses: Responses::default(),
            foreign: Vec::new(),
        }
    }

    /// A customer of the shop.
    pub fn customer(&mut self, customer: &Customer) {
        let city = customer.city.as_deref().map(|city| self.cities.row(city));
        let (name, email, joined) = (customer.name.clone(), customer.email.clone(), customer.joined);
        let consent = customer.consent;
        *self.customers.entry(&customer.id.0) = CustomerRow { name, email, city, joined, consent };
    }

    /// A product of the shop.
    pub fn product(&mut self, product: &Product) {
        let category = product.category.as_deref().map(|category| self.categories.row(category));
        let margin_rate = match (product.price, product.cost) {
            (Some(price), Some(cost)) if price > Micros::ZERO => {
                Some((price - cost).0 as f64 / price.0 as f64)
            }
            _ => None,
        };
        let (name, stock) = (Some(product.name.clone()), product.stock);
        *self.products.entry(&product.id.0) = ProductRow { name, category, margin_rate, stock };
    }

    /// An order with its lines; left out and counted where its currency is not the shop's.
    pub fn order(&mut self, order: &Order) {
        if self.is_foreign(order.currency) {
            return;
        }
        let customer = order.customer.as_ref().map_or(NONE, |customer| self.customers.row(&customer.0));
        let city = order.city.as_deref().map_or(NONE, |city| self.cities.row(city));
        let first = self.lines.product.len() as u32;
        let worked_out = net::lines(order);
        let lines_unknown = worked_out.is_empty();
        for (line, worth) in worked_out {
            let product = line.product.as_ref().map_or(NONE, |product| self.products.row(&product.0));
            if let Some(row) = self.products.values.get_mut(product as usize) {
                row.name.get_or_insert_with(|| line.title.clone());
            }
            self.push_line(product, worth);
        }
        if lines_unknown && order.net_goods() > Micros::ZERO {
            // One line without a product, so that parts by product still add up to the whole.
            let (net, discount) = (order.net_goods().0, order.discount.0);
            self.push_line(NONE, net::Worth { qty: 0, returned: 0, net, discount });
        }
        self.orders.push(OrderRow {
            id: order.id.0.clone(),
            customer,
            day: order.placed_on.0,
            placed_at: order.placed_at,
            sale: order.is_sale(),
            net: order.net_goods().0,
            discount: order.discount.0,
            city,
            open_return: is_open_return(order),
            return_lag: return_lag(order),
            lines_unknown,
            tax_included: order.flags.tax_included,
            lines: (first, self.lines.product.len() as u32),
        });
    }

    /// A refund that no file links to an order.
    pub fn unlinked_refund(&mut self, refund: &UnlinkedRefund) {
        if self.is_foreign(refund.currency) {
            return;
        }
        let customer = refund.customer.as_ref().map_or(NONE, |customer| self.customers.row(&customer.0));
        let product = refund.product.as_ref().map_or(NONE, |product| self.products.row(&product.0));
        let (day, qty, amount) = (refund.on.0, refund.qty, refund.amount.0);
        self.refunds.push(RefundRow { day, customer, product, qty, amount });
    }

    /// An advertising cost.
    pub fn spend(&mut self, spend: &Spend) {
        if self.is_foreign(spend.currency) {
            return;
        }
        let channel = self.channels.row(&spend.channel);
        self.spend.push((spend.day.0, channel, spend.cost.0));
    }

    /// A review or the like.
    pub fn feedback(&mut self, feedback: &Feedback) {
        let customer = feedback.customer.as_ref().map_or(NONE, |customer| self.customers.row(&customer.0));
        let product = feedback.product.as_ref().map_or(NONE, |product| self.products.row(&product.0));
        self.responses.feedback(feedback, customer, product);
    }

    /// A view, a message sent, opened …
    pub fn interaction(&mut self, interaction: &Interaction) {
        let customer = self.customers.row(&interaction.customer.0);
        let product = interaction.product.as_ref().map_or(NONE, |product| self.products.row(&product.0));
        self.responses.interaction(interaction, customer, product);
    }

    /// A test of a channel's spend; left out and counted where its currency is not the shop's.
    pub fn lift_test(&mut self, test: &LiftTest) {
        if !self.is_foreign(test.currency) {
            self.responses.lift_tests.push(test.clone());
        }
    }

    /// A comparison of arms.
    pub fn experiment(&mut self, experiment: &Experiment) {
        self.responses.experiments.push(experiment.clone());
    }

    fn is_foreign(&mut self, currency: Currency) -> bool {
        if currency == self.shop.currency {
            return false;
        }
        match self.foreign.iter_mut().find(|(known, _)| *known == currency) {
            Some((_, rows)) => *rows += 1,
            None => self.foreign.push((currency, 1)),
        }
        true
    }

    fn push_line(&mut self, product: u32, worth: net::Worth) {
        self.lines.product.push(product);
        self.lines.qty.push(worth.qty);
        self.lines.returned.push(worth.returned);
        self.lines.net.push(worth.net);
        self.lines.discount.push(worth.discount);
    }

    /// Sorts and codes everything.
    pub fn finish(mut self) -> Warehouse {
        let (cities, city) = self.cities.sorted();
        let (categories, category) = self.categories.sorted();
        let (channels, channel) = self.channels.sorted();
        let (customer_rows, customer) = self.customers.sorted();
        let (product_rows, product) = self.products.sorted();
        let mut customers = customer_columns(customer_rows, &city);
        let products = product_columns(product_rows, &category);
        let (orders, lines) = order_columns(self.orders, &self.lines, &customer, &product, &city, &customers);
        customers.first_sale = first_sales(&orders, customers.id.len());
        let (feedback, interactions) = self.responses.columns(&customer, &product);
        let (mut lift_tests, mut experiments) = (self.responses.lift_tests, self.responses.experiments);
        lift_tests.sort_by(|a, b| a.id.cmp(&b.id));
        experiments.sort_by(|a, b| a.id.cmp(&b.id));
        let mut foreign = self.foreign;
        foreign.sort_unstable();
        let mut lags: Vec<i32> = orders.return_lag.iter().copied().filter(|lag| *lag >= 0).collect();
        Warehouse {
            data_version: self.data_version,
            churn_window_days: self
                .shop
                .churn_window_days
                .or_else(|| churn_window_days(&mut gaps_days(&orders, customers.id.len()))),
            return_lag_days: percentile(&mut lags, 90),
            shop: self.shop,
            customers,
            products,
            orders,
            lines,
            unlinked_refunds: refund_columns(self.refunds, &customer, &product),
            spend: spend_columns(self.spend, &channel),
            feedback,
            interactions,
            lift_tests,
            experiments,
            categories: categories.into_iter().map(|(name, ())| name).collect(),
            cities: cities.into_iter().map(|(name, ())| name).collect(),
            channels: channels.into_iter().map(|(name, ())| name).collect(),
            foreign,
        }
    }
}

/// Names in order of appearance, with a value each.
pub(super) struct Names<T> {
    rows: HashMap<String, u32>,
    values: Vec<T>,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self { rows: HashMap::new(), values: Vec::new() }
    }
}

impl<T: Default> Names<T> {
    pub(super) fn row(&mut self, name: &str) -> u32 {
        if let Some(row) = self.rows.get(name) {
            return *row;
        }
        let row = self.values.len() as u32;
        self.rows.insert(name.to_owned(), row);
        self.values.push(T::default());
        row
    }

    fn entry(&mut self, name: &str) -> &mut T {
        let row = self.row(name) as usize;
        &mut self.values[row]
    }

    /// Name and value in the order of the names, and where each old row went.
    pub(super) fn sorted(self) -> (Vec<(String, T)>, Vec<u32>) {
        let mut names: Vec<(String, u32)> = self.rows.into_iter().collect();
        names.sort_unstable();
        let mut moved = vec![NONE; names.len()];
        for (new, (_, old)) in names.iter().enumerate() {
            moved[*old as usize] = new as u32;
        }
        let mut values: Vec<Option<T>> = self.values.into_iter().map(Some).collect();
        let take = |(name, old): (String, u32)| (name, values[old as usize].take().unwrap_or_default());
        (names.into_iter().map(take).collect(), moved)
    }
}

/// Days between successive sale orders of a customer with a key.
pub(super) fn gaps_days(orders: &Orders, n_customers: usize) -> Vec<i32> {
    let mut last: Vec<Option<i32>> = vec![None; n_customers];
    let sales = (0..orders.id.len()).filter(|row| orders.sale[*row] && orders.customer[*row] != NONE);
    sales
        .filter_map(|row| {
            let before = last[orders.customer[row] as usize].replace(orders.day[row]);
            before.map(|before| orders.day[row] - before)
        })
        .collect()
}

fn customer_columns(rows: Vec<(String, CustomerRow)>, city: &[u32]) -> Customers {
    let mut columns = Customers::default();
    for (row, (id, customer)) in rows.into_iter().enumerate() {
        columns.by_id.insert(id.clone(), row as u32);
        columns.id.push(id);
        columns.name.push(customer.name);
        columns.email.push(customer.email);
        columns.city.push(customer.city.map_or(NONE, |own| go(city, own)));
        columns.joined.push(customer.joined);
        columns.consent.push(customer.consent);
    }
    columns
}

fn product_columns(rows: Vec<(String, ProductRow)>, category: &[u32]) -> Products {
    let mut columns = Products::default();
    for (row, (id, product)) in rows.into_iter().enumerate() {
        columns.by_id.insert(id.clone(), row as u32);
        columns.name.push(product.name.unwrap_or_else(|| id.clone()));
        columns.id.push(id);
        columns.category.push(product.category.map_or(NONE, |own| go(category, own)));
        columns.margin_rate.push(product.margin_rate);
        columns.stock.push(product.stock);
    }
    columns
}

fn order_columns(
    mut rows: Vec<OrderRow>,
    unsorted: &Lines,
    customer: &[u32],
    product: &[u32],
    city: &[u32],
    customers: &Customers,
) -> (Orders, Lines) {
    rows.sort_unstable_by(|a, b| (a.day, a.placed_at, &a.id).cmp(&(b.day, b.placed_at, &b.id)));
    let (mut orders, mut lines) = (Orders::default(), Lines::default());
    orders.first_line.push(0);
    for row in rows {
        let buyer = go(customer, row.customer);
        let shipped_to = go(city, row.city);
        let own = customers.city.get(buyer as usize).copied().unwrap_or(NONE);
        orders.id.push(row.id);
        orders.customer.push(buyer);
        orders.day.push(row.day);
        orders.placed_at.push(row.placed_at);
        orders.sale.push(row.sale);
        orders.net.push(row.net);
        orders.discount.push(row.discount);
        orders.city.push(if shipped_to == NONE { own } else { shipped_to });
        orders.open_return.push(row.open_return);
        orders.return_lag.push(row.return_lag);
        orders.lines_unknown.push(row.lines_unknown);
        orders.tax_included.push(row.tax_included);
        for at in row.lines.0 as usize..row.lines.1 as usize {
            lines.product.push(go(product, unsorted.product[at]));
            lines.qty.push(unsorted.qty[at]);
            lines.returned.push(unsorted.returned[at]);
            lines.net.push(unsorted.net[at]);
            lines.discount.push(unsorted.discount[at]);
        }
        orders.first_line.push(lines.product.len() as u32);
    }
    (orders, lines)
}

fn refund_columns(mut rows: Vec<RefundRow>, customer: &[u32], product: &[u32]) -> UnlinkedRefunds {
    rows.sort_by_key(|row| row.day);
    let mut columns = UnlinkedRefunds::default();
    for row in rows {
        columns.day.push(row.day);
        columns.customer.push(go(customer, row.customer));
        columns.product.push(go(product, row.product));
        columns.qty.push(row.qty);
        columns.amount.push(row.amount);
    }
    columns
}

fn spend_columns(mut rows: Vec<(i32, u32, i64)>, channel: &[u32]) -> SpendRows {
    rows.sort_by_key(|row| row.0);
    let mut columns = SpendRows::default();
    for (day, own, cost) in rows {
        columns.day.push(day);
        columns.channel.push(go(channel, own));
        columns.cost.push(cost);
    }
    columns
}

fn first_sales(orders: &Orders, customers: usize) -> Vec<u32> {
    let mut first = vec![NONE; customers];
    for row in 0..orders.id.len() {
        let buyer = orders.customer[row];
        if orders.sale[row]
            && let Some(first) = first.get_mut(buyer as usize)
            && *first == NONE
        {
            *first = row as u32;
        }
    }
    first
}

fn is_open_return(order: &Order) -> bool {
    matches!(order.service_state, Some(ServiceState::ReturnRequested | ServiceState::ExchangeRequested))
}

fn return_lag(order: &Order) -> i32 {
    let days = order.refunds.iter().filter_map(|refund| refund.day);
    days.map(|day| day.since(order.placed_on)).max().map_or(-1, |lag| lag.max(0))
}
