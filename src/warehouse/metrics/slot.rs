//! To which group does an order, a line, a refund or a customer belong?

use super::bucket::{Bucket, month_number};
use super::{Group, Query, buckets};
use crate::domain::{Day, Segment};
use crate::warehouse::{NONE, Warehouse};

/// Slot of customers without a segment on that day.
pub(super) const NOT_YET: u32 = Segment::ALL.len() as u32;

/// The rule of one grouping: a number a group, [`NONE`] for rows that have no such thing.
pub(super) struct Slots<'a> {
    pub(super) group: Option<Group>,
    pub(super) buckets: Vec<Bucket>,
    warehouse: &'a Warehouse,
    segments: &'a [Option<Segment>],
}

impl<'a> Slots<'a> {
    pub(super) fn new(warehouse: &'a Warehouse, query: &Query<'a>, group: Option<Group>) -> Self {
        let buckets = group.map_or_else(Vec::new, |group| buckets(query.span, group));
        Self { group, buckets, warehouse, segments: query.segments.unwrap_or_default() }
    }

    /// Whether an order falls apart into its lines.
    pub(super) fn by_line(&self) -> bool {
        matches!(self.group, Some(Group::Product | Group::Category))
    }

    /// Of an order or a refund as a whole.
    pub(super) fn of(&self, day: i32, customer: u32, city: u32) -> u32 {
        match self.group {
            None | Some(Group::Product | Group::Category | Group::Channel) => 0,
            Some(Group::Day | Group::Week | Group::Month | Group::Quarter) => self.bucket(day),
            Some(Group::City) => city,
            Some(Group::Segment) => self.segment(customer),
            Some(Group::CohortMonth) => self.cohort(customer),
        }
    }

    /// Of a line's product.
    pub(super) fn of_product(&self, product: u32) -> u32 {
        match self.group {
            Some(Group::Category) => category(self.warehouse, product),
            _ => product,
        }
    }

    pub(super) fn bucket(&self, day: i32) -> u32 {
        let after = self.buckets.partition_point(|bucket| bucket.start.0 <= day);
        after.checked_sub(1).map_or(NONE, |at| at as u32)
    }

    fn segment(&self, customer: u32) -> u32 {
        if customer == NONE {
            return NONE;
        }
        match self.segments.get(customer as usize).copied().flatten() {
            Some(segment) => Segment::ALL.iter().position(|s| *s == segment).map_or(NOT_YET, |at| at as u32),
            None => NOT_YET,
        }
    }

    /// Month of the customer's first sale order.
    pub(super) fn cohort(&self, customer: u32) -> u32 {
        let first = self.warehouse.customers.first_sale.get(customer as usize).copied().unwrap_or(NONE);
        let day = self.warehouse.orders.day.get(first as usize);
        day.map_or(NONE, |day| month_number(Day(*day)).cast_unsigned())
    }
}

/// Row of a product's category.
pub(super) fn category(warehouse: &Warehouse, product: u32) -> u32 {
    warehouse.products.category.get(product as usize).copied().unwrap_or(NONE)
}
