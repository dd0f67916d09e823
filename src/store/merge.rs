//! The store has this record already: what does the newer file change?
//!
//! Every rule gives the same result when it is applied twice, so that an interrupted import can simply be redone.

use super::lines::discount_to;
use super::{Before, Record};
use crate::domain::{
    Customer, CustomerId, Experiment, Feedback, Interaction, LiftTest, Order, OrderStatus, Product, Spend,
    UnlinkedRefund,
};

/// What becomes of a record that is there already.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Merged<R> {
    /// Nothing new.
    Same,
    /// The incoming one is from an older export; what we have stays.
    Older,
    /// This is written.
    Changed(R),
}

/// A record that imports bring.
pub(super) trait Upsert: Record + Clone + PartialEq {
    /// `self` is what came, `old` what is there; what came without a value keeps the old one.
    fn onto(self, old: &Self) -> Self;

    /// Whether it is from before `old`.
    fn is_older_than(&self, _old: &Self) -> bool {
        false
    }

    /// What must be known of it once it is replaced.
    fn before(&self) -> Before {
        Before { currency: None, placed: None }
    }
}

/// What to do with `new` where `old` is there.
pub(super) fn merge<R: Upsert>(new: R, old: &R) -> Merged<R> {
    if new.is_older_than(old) {
        return Merged::Older;
    }
    match new.onto(old) {
        merged if merged == *old => Merged::Same,
        merged => Merged::Changed(merged),
    }
}

impl Upsert for Customer {
    fn onto(self, old: &Self) -> Self {
        Self {
            id: self.id,
            name: self.name.or_else(|| old.name.clone()),
            email: self.email.or_else(|| old.email.clone()),
            city: self.city.or_else(|| old.city.clone()),
            joined: self.joined.or(old.joined),
            gender: self.gender.or_else(|| old.gender.clone()),
            birth_year: self.birth_year.or(old.birth_year),
            consent: crate::domain::Consent {
                email: self.consent.email.or(old.consent.email),
                sms: self.consent.sms.or(old.consent.sms),
                push: self.consent.push.or(old.consent.push),
            },
        }
    }
}

impl Upsert for Product {
    fn onto(self, old: &Self) -> Self {
        Self {
            id: self.id,
            name: if self.name.is_empty() { old.name.clone() } else { self.name },
            category: self.category.or_else(|| old.category.clone()),
            variants: if self.variants.is_empty() { old.variants.clone() } else { self.variants },
            price: self.price.or(old.price),
            cost: self.cost.or(old.cost),
            stock: self.stock.or(old.stock),
        }
    }
}

impl Upsert for Order {
    /// Files carry no time of their own, so a status may only move forward; an order that the service desk has
    /// touched is the desk's.
    fn is_older_than(&self, old: &Self) -> bool {
        let desk_has_it = old.service_state.is_some() && self.service_state.is_none();
        // The file would say again who the forgotten customer was.
        let forgotten = old.customer.as_ref().is_some_and(CustomerId::is_forgotten);
        desk_has_it || forgotten || stage(self.status) < stage(old.status)
    }

    fn onto(self, old: &Self) -> Self {
        let keep_lines = self.flags.lines_unknown && !old.flags.lines_unknown;
        let mut merged = self;
        merged.customer = merged.customer.or_else(|| old.customer.clone());
        merged.flags.no_customer_key = merged.customer.is_none();
        merged.city = merged.city.or_else(|| old.city.clone());
        merged.paid_at = merged.paid_at.or(old.paid_at);
        merged.service_state = merged.service_state.or(old.service_state);
        if keep_lines {
            // Lines from another file stay where they still fit the order's goods.
            let mut lines = old.lines.clone();
            if merged.goods == old.goods || discount_to(&mut lines, merged.goods) {
                merged.discount = lines.iter().map(|line| line.discount).sum();
                merged.lines = lines;
                merged.flags.lines_unknown = false;
            }
        }
        // An export of an earlier day has fewer refunds, payments and parcels, never more.
        if merged.refunds.is_empty() {
            merged.refunds.clone_from(&old.refunds);
            merged.flags.refund_date_unknown = old.flags.refund_date_unknown;
            merged.flags.refund_amount_estimated = old.flags.refund_amount_estimated;
        }
        if merged.payment_history.is_empty() {
            merged.payment_history.clone_from(&old.payment_history);
        }
        if merged.fulfilments.is_empty() {
            merged.fulfilments.clone_from(&old.fulfilments);
        }
        merged
    }

    fn before(&self) -> Before {
        Before { currency: Some(self.currency), placed: Some((self.placed_on, self.placed_at)) }
    }
}

impl Upsert for UnlinkedRefund {
    /// As with an order: the file would say again who it was.
    fn is_older_than(&self, old: &Self) -> bool {
        old.customer.as_ref().is_some_and(CustomerId::is_forgotten)
    }

    fn onto(self, _: &Self) -> Self {
        self
    }

    fn before(&self) -> Before {
        Before { currency: Some(self.currency), placed: None }
    }
}

impl Upsert for Spend {
    fn onto(self, old: &Self) -> Self {
        Self {
            impressions: self.impressions.or(old.impressions),
            clicks: self.clicks.or(old.clicks),
            conversions: self.conversions.or(old.conversions),
            ..self
        }
    }

    fn before(&self) -> Before {
        Before { currency: Some(self.currency), placed: None }
    }
}

impl Upsert for Feedback {
    fn is_older_than(&self, old: &Self) -> bool {
        old.customer.as_ref().is_some_and(CustomerId::is_forgotten)
    }

    fn onto(self, old: &Self) -> Self {
        Self {
            customer: self.customer.or_else(|| old.customer.clone()),
            product: self.product.or_else(|| old.product.clone()),
            rating: self.rating.or(old.rating),
            lang: self.lang.or(old.lang),
            ..self
        }
    }
}

impl Upsert for Interaction {
    fn is_older_than(&self, old: &Self) -> bool {
        old.customer.is_forgotten()
    }

    fn onto(self, old: &Self) -> Self {
        Self {
            product: self.product.or_else(|| old.product.clone()),
            channel: self.channel.or_else(|| old.channel.clone()),
            campaign: self.campaign.or_else(|| old.campaign.clone()),
            variant: self.variant.or_else(|| old.variant.clone()),
            value: self.value.or(old.value),
            ..self
        }
    }
}

impl Upsert for LiftTest {
    fn onto(self, _: &Self) -> Self {
        self
    }
}

impl Upsert for Experiment {
    fn onto(self, old: &Self) -> Self {
        Self { ended: self.ended.or(old.ended), ..self }
    }
}

/// How far an order has come; cancelled and refunded are both an end.
fn stage(status: OrderStatus) -> u8 {
    match status {
        OrderStatus::Pending => 0,
        OrderStatus::Paid => 1,
        OrderStatus::Shipped => 2,
        OrderStatus::Completed => 3,
        OrderStatus::PartiallyRefunded => 4,
        OrderStatus::Cancelled | OrderStatus::Refunded => 5,
    }
}
