//! What do the columns look like after one more import?
//!
//! Only what changed is read: the changed records, the customers and products they name, and the orders of customers
//! who moved to another city. The rest of the columns stays, and the result is what a whole load gives. Where that
//! cannot be had from the changes alone, everything is read again.

use std::collections::{BTreeMap, BTreeSet};

use super::build::gaps_days;
use super::load::unset;
use super::splice::{closed_up, dictionary, drop_unused, recode};
use super::{Builder, NONE, Warehouse};
use crate::domain::{
    Currency, Customer, CustomerId, LineKind, Order, Product, ProductId, Shop, Spend, UnlinkedRefund,
    churn_window_days, percentile,
};
use crate::store::{Before, Change, Record, Store, StoreError};

/// Where more than one in this many rows changed, a whole load is about as fast.
const ROWS_A_CHANGE: usize = 4;

/// How the columns caught up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// They were as new as the store, or an import is being merged just now.
    Nothing,
    /// From the changes alone.
    Changes,
    /// Everything was read.
    Whole,
}

impl Warehouse {
    /// Catches up with the store; nothing is read where the data version is still the same.
    pub fn refresh(&mut self, store: &Store) -> Result<Refreshed, StoreError> {
        let Some(_settled) = store.settled() else { return Ok(Refreshed::Nothing) };
        let version = store.data_version()?;
        if version == self.data_version {
            return Ok(Refreshed::Nothing);
        }
        let shop = store.shop()?.unwrap_or_else(unset);
        let changes = store.changes_since(self.data_version)?;
        let delta = match changes {
            Some(changes) => Delta::read(self, store, version, shop, &changes)?,
            None => None,
        };
        match delta {
            Some(delta) => {
                self.apply(delta);
                Ok(Refreshed::Changes)
            }
            None => {
                *self = Self::load(store)?;
                Ok(Refreshed::Whole)
            }
        }
    }

    fn apply(&mut self, delta: Delta) {
        let Delta { columns: mut new, gone, refunds, spend, foreign, loose } = delta;
        let lags_change =
            new.orders.return_lag.iter().chain(gone.iter().map(|row| &self.orders.return_lag[*row]));
        let lags_change = lags_change.into_iter().any(|lag| *lag >= 0);
        let names_may_go = !gone.is_empty() || !new.customers.id.is_empty() || !new.products.id.is_empty();
        dictionary(
            &mut self.cities,
            std::mem::take(&mut new.cities),
            &mut [&mut self.customers.city, &mut self.orders.city],
            &mut [&mut new.customers.city, &mut new.orders.city],
        );
        dictionary(
            &mut self.categories,
            std::mem::take(&mut new.categories),
            &mut [&mut self.products.category],
            &mut [&mut new.products.category],
        );
        self.merge_people_and_products(&mut new);
        if refunds {
            self.unlinked_refunds = new.unlinked_refunds;
        }
        if spend {
            (self.spend, self.channels) = (new.spend, new.channels);
        }
        let from = self.splice_orders(new.orders, new.lines, &gone);
        self.first_sales_from(from);
        self.drop_customers(&loose);
        if names_may_go {
            drop_unused(&mut self.cities, &mut [&mut self.customers.city, &mut self.orders.city]);
            drop_unused(&mut self.categories, &mut [&mut self.products.category]);
        }
        self.count_foreign(&foreign);
        if lags_change {
            let mut lags: Vec<i32> = self.orders.return_lag.iter().copied().filter(|lag| *lag >= 0).collect();
            self.return_lag_days = percentile(&mut lags, 90);
        }
        self.churn_window_days = new
            .shop
            .churn_window_days
            .or_else(|| churn_window_days(&mut gaps_days(&self.orders, self.customers.id.len())));
        (self.shop, self.data_version) = (new.shop, new.data_version);
    }

    /// Afterwards the codes of both point into our own tables.
    fn merge_people_and_products(&mut self, new: &mut Warehouse) {
        let merge = self.customers.merge(std::mem::take(&mut new.customers));
        if merge.moves() {
            self.customer_codes().for_each(|codes| recode(codes, &merge.old_to));
        }
        recode(&mut new.orders.customer, &merge.new_to);
        recode(&mut new.unlinked_refunds.customer, &merge.new_to);
        let merge = self.products.merge(std::mem::take(&mut new.products));
        if merge.moves() {
            self.product_codes().for_each(|codes| recode(codes, &merge.old_to));
        }
        recode(&mut new.lines.product, &merge.new_to);
        recode(&mut new.unlinked_refunds.product, &merge.new_to);
    }

    /// First sales that lie at or after a row are looked for again from there.
    fn first_sales_from(&mut self, from: usize) {
        let orders = &self.orders;
        let first = &mut self.customers.first_sale;
        first.iter_mut().filter(|row| **row as usize >= from).for_each(|row| *row = NONE);
        for row in from..orders.id.len() {
            if orders.sale[row]
                && let Some(first) = first.get_mut(orders.customer[row] as usize)
                && *first == NONE
            {
                *first = row as u32;
            }
        }
    }

    /// Drops those of these customers, who have no record, that nothing names any more.
    fn drop_customers(&mut self, loose: &[String]) {
        let loose: BTreeSet<u32> =
            loose.iter().filter_map(|id| self.customers.by_id.get(id).copied()).collect();
        if loose.is_empty() {
            return;
        }
        let mut kept: Vec<bool> =
            (0..self.customers.id.len() as u32).map(|row| !loose.contains(&row)).collect();
        for named in self.customer_codes().flat_map(|codes| codes.iter()) {
            if let Some(kept) = kept.get_mut(*named as usize) {
                *kept = true;
            }
        }
        let Some(moved) = closed_up(&kept) else { return };
        self.customers.retain(&kept, &moved);
        self.customer_codes().for_each(|codes| recode(codes, &moved));
    }

    /// Every column that points at a customer.
    fn customer_codes(&mut self) -> impl Iterator<Item = &mut Vec<u32>> {
        let orders = [&mut self.orders.customer, &mut self.unlinked_refunds.customer];
        orders.into_iter().chain([&mut self.feedback.customer, &mut self.interactions.customer])
    }

    /// Every column that points at a product.
    fn product_codes(&mut self) -> impl Iterator<Item = &mut Vec<u32>> {
        let lines = [&mut self.lines.product, &mut self.unlinked_refunds.product];
        lines.into_iter().chain([&mut self.feedback.product, &mut self.interactions.product])
    }

    fn count_foreign(&mut self, changes: &BTreeMap<Currency, i64>) {
        let mut rows: BTreeMap<Currency, u64> = self.foreign.iter().copied().collect();
        for (currency, change) in changes {
            let count = rows.entry(*currency).or_default();
            *count = count.saturating_add_signed(*change);
        }
        self.foreign = rows.into_iter().filter(|(_, count)| *count > 0).collect();
    }
}

/// What is to be brought into the columns, read before anything is touched.
struct Delta {
    /// Of the changed orders with their lines, the customers and products they name and those that changed; of all
    /// refunds, and of all spend, where any of them changed.
    columns: Warehouse,
    /// Rows of orders that are replaced or no longer in the shop's currency; ascending.
    gone: Vec<usize>,
    refunds: bool,
    spend: bool,
    /// Change of the number of foreign rows.
    foreign: BTreeMap<Currency, i64>,
    /// Customers without a record whom a changed order or refund named.
    loose: Vec<String>,
}

impl Delta {
    /// `None` where the changes alone do not say how the columns come to look.
    fn read(
        old: &Warehouse,
        store: &Store,
        data_version: u64,
        shop: Shop,
        changes: &[Change],
    ) -> Result<Option<Self>, StoreError> {
        let rows = old.orders.id.len() + old.customers.id.len() + old.products.id.len();
        if shop.currency != old.shop.currency || changes.len() * ROWS_A_CHANGE > rows {
            return Ok(None);
        }
        let mut reader = Reader { old, store, touched: Touched::default() };
        if !reader.note(changes)? {
            return Ok(None);
        }
        reader.build(Builder::new(data_version, shop))
    }
}

/// What the changes reach.
#[derive(Default)]
struct Touched {
    customers: BTreeSet<CustomerId>,
    products: BTreeSet<ProductId>,
    orders: BTreeSet<Vec<u8>>,
    gone: BTreeSet<usize>,
    refunds: bool,
    spend: bool,
    foreign: BTreeMap<Currency, i64>,
}

struct Reader<'a> {
    old: &'a Warehouse,
    store: &'a Store,
    touched: Touched,
}

impl Reader<'_> {
    /// Sorts the changes; false where one is of a kind that only a whole load brings in.
    fn note(&mut self, changes: &[Change]) -> Result<bool, StoreError> {
        let mut known = true;
        for Change { table, key, before } in changes {
            known &= match *table {
                Customer::TABLE => self.customer(key)?,
                Product::TABLE => {
                    self.touched.products.insert(ProductId(text(key)));
                    true
                }
                Order::TABLE => {
                    self.touched.orders.insert(key.clone());
                    self.counts::<Order>(key, *before, |order| order.currency)?;
                    self.leaves(key, *before)
                }
                UnlinkedRefund::TABLE => {
                    self.touched.refunds = true;
                    self.counts::<UnlinkedRefund>(key, *before, |refund| refund.currency)?;
                    true
                }
                Spend::TABLE => {
                    self.touched.spend = true;
                    self.counts::<Spend>(key, *before, |spend| spend.currency)?;
                    true
                }
                // Reviews, messages and tests come in whole files of their own: they are read again with the rest.
                _ => false,
            };
        }
        Ok(known)
    }

    /// A customer; where the city is another, the orders that went there by default go along.
    fn customer(&mut self, key: &[u8]) -> Result<bool, StoreError> {
        let id = CustomerId(text(key));
        if let Some(row) = self.old.customers.by_id.get(&id.0) {
            let city = self.old.customers.city.get(*row as usize).copied().unwrap_or(NONE);
            let city = self.old.cities.get(city as usize);
            let now = self.store.get::<Customer>(key)?.and_then(|customer| customer.city);
            if now.as_ref() != city {
                for order in self.store.by_index::<Order>("customer", key)? {
                    let placed = Some((order.placed_on, order.placed_at));
                    let as_it_is = Before { currency: Some(order.currency), placed };
                    // One that changed itself is found at its former place, by its own change.
                    if self.touched.orders.insert(order.key()) {
                        self.leaves(&order.key(), Some(as_it_is));
                    }
                }
            }
        }
        self.touched.customers.insert(id);
        Ok(true)
    }

    /// Takes the row of an order out; false where it is not where it must be.
    fn leaves(&mut self, key: &[u8], before: Option<Before>) -> bool {
        let Some(before) = before.filter(|before| before.currency == Some(self.old.shop.currency)) else {
            return true;
        };
        let Some((day, at)) = before.placed else { return false };
        let row = self.old.order_at(day.0, at, &text(key));
        row.map(|row| self.touched.gone.insert(row)).is_some()
    }

    /// Rows in other currencies are only counted.
    fn counts<R: Record>(
        &mut self,
        key: &[u8],
        before: Option<Before>,
        currency: impl Fn(&R) -> Currency,
    ) -> Result<(), StoreError> {
        let after = self.store.get::<R>(key)?.map(|record| currency(&record));
        for (currency, change) in [(before.and_then(|before| before.currency), -1), (after, 1)] {
            if let Some(currency) = currency.filter(|currency| *currency != self.old.shop.currency) {
                *self.touched.foreign.entry(currency).or_default() += change;
            }
        }
        Ok(())
    }

    fn build(mut self, mut builder: Builder) -> Result<Option<Delta>, StoreError> {
        let orders = std::mem::take(&mut self.touched.orders);
        for key in orders {
            let Some(order) = self.store.get::<Order>(&key)? else { return Ok(None) };
            if order.currency != self.old.shop.currency {
                continue;
            }
            self.touched.customers.extend(order.customer.clone());
            let lines = order.lines.iter().filter(|line| line.kind == LineKind::Product);
            self.touched.products.extend(lines.filter_map(|line| line.product.clone()));
            builder.order(&order);
        }
        if self.touched.refunds {
            for refund in self.store.scan::<UnlinkedRefund>() {
                let refund = refund?;
                if refund.currency == self.old.shop.currency {
                    self.touched.customers.extend(refund.customer.clone());
                    self.touched.products.extend(refund.product.clone());
                    builder.unlinked_refund(&refund);
                }
            }
        }
        if self.touched.spend {
            for spend in self.store.scan() {
                builder.spend(&spend?);
            }
        }
        if !self.named(&mut builder)? {
            return Ok(None);
        }
        let loose = self.loose()?;
        let Touched { gone, refunds, spend, foreign, .. } = self.touched;
        let gone = gone.into_iter().collect();
        Ok(Some(Delta { columns: builder.finish(), gone, refunds, spend, foreign, loose }))
    }

    /// The records of everybody and everything named; false where a product has none, since its name is then the
    /// title of a line that may not be among these.
    fn named(&mut self, builder: &mut Builder) -> Result<bool, StoreError> {
        for id in &self.touched.customers {
            if let Some(customer) = self.store.get::<Customer>(id.0.as_bytes())? {
                builder.customer(&customer);
            }
        }
        for row in self.left_products() {
            self.touched.products.extend(self.old.products.id.get(row as usize).cloned().map(ProductId));
        }
        for id in &self.touched.products {
            match self.store.get::<Product>(id.0.as_bytes())? {
                Some(product) => builder.product(&product),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Products that rows which go away name.
    fn left_products(&self) -> BTreeSet<u32> {
        let old = self.old;
        let lines = self.touched.gone.iter().flat_map(|row| &old.lines.product[old.lines_of(*row)]);
        let refunds = if self.touched.refunds { old.unlinked_refunds.product.as_slice() } else { &[] };
        lines.chain(refunds).copied().filter(|row| *row != NONE).collect()
    }

    /// Customers without a record whom rows that go away name.
    fn loose(&self) -> Result<Vec<String>, StoreError> {
        let old = self.old;
        let orders = self.touched.gone.iter().map(|row| &old.orders.customer[*row]);
        let refunds = if self.touched.refunds { old.unlinked_refunds.customer.as_slice() } else { &[] };
        let rows: BTreeSet<u32> = orders.chain(refunds).copied().filter(|row| *row != NONE).collect();
        let mut loose = Vec::new();
        for row in rows {
            let Some(id) = old.customers.id.get(row as usize) else { continue };
            if self.store.get::<Customer>(id.as_bytes())?.is_none() {
                loose.push(id.clone());
            }
        }
        Ok(loose)
    }
}

fn text(key: &[u8]) -> String {
    String::from_utf8_lossy(key).into_owned()
}
