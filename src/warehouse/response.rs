//! How do reviews, views and messages become columns?

use super::build::Names;
use super::splice::go;
use super::{FeedbackRows, InteractionRows, NONE};
use crate::domain::{Experiment, Feedback, Interaction, InteractionKind, LiftTest};

/// Answers of people, before customers and products are sorted.
#[derive(Default)]
pub(super) struct Responses {
    feedback: Vec<(Feedback, u32, u32)>,
    interactions: Vec<InteractionRow>,
    labels: Names<()>,
    pub(super) lift_tests: Vec<LiftTest>,
    pub(super) experiments: Vec<Experiment>,
}

struct InteractionRow {
    day: i32,
    at: i64,
    id: String,
    customer: u32,
    product: u32,
    kind: InteractionKind,
    channel: u32,
    campaign: u32,
    variant: u32,
    value: Option<i64>,
}

impl Responses {
    pub(super) fn feedback(&mut self, feedback: &Feedback, customer: u32, product: u32) {
        self.feedback.push((feedback.clone(), customer, product));
    }

    pub(super) fn interaction(&mut self, event: &Interaction, customer: u32, product: u32) {
        let mut label = |name: &Option<String>| name.as_deref().map_or(NONE, |name| self.labels.row(name));
        self.interactions.push(InteractionRow {
            day: event.on.0,
            at: event.at,
            id: event.id.clone(),
            customer,
            product,
            kind: event.kind,
            channel: label(&event.channel),
            campaign: label(&event.campaign),
            variant: label(&event.variant),
            value: event.value.map(|value| value.0),
        });
    }

    /// The columns; `customer` and `product` say where each row went. Takes what it needs out of `self`.
    pub(super) fn columns(&mut self, customer: &[u32], product: &[u32]) -> (FeedbackRows, InteractionRows) {
        (self.feedback_columns(customer, product), self.interaction_columns(customer, product))
    }

    fn feedback_columns(&mut self, customer: &[u32], product: &[u32]) -> FeedbackRows {
        let mut rows = std::mem::take(&mut self.feedback);
        rows.sort_unstable_by(|(a, ..), (b, ..)| (a.on, a.at, &a.id).cmp(&(b.on, b.at, &b.id)));
        let mut columns = FeedbackRows::default();
        for (feedback, writer, about) in rows {
            columns.id.push(feedback.id);
            columns.at.push(feedback.at);
            columns.day.push(feedback.on.0);
            columns.customer.push(go(customer, writer));
            columns.product.push(go(product, about));
            columns.rating.push(feedback.rating);
            columns.text.push(feedback.text);
            columns.source.push(feedback.source);
            columns.lang.push(feedback.lang);
        }
        columns
    }

    fn interaction_columns(&mut self, customer: &[u32], product: &[u32]) -> InteractionRows {
        let mut rows = std::mem::take(&mut self.interactions);
        rows.sort_unstable_by(|a, b| (a.day, a.at, &a.id).cmp(&(b.day, b.at, &b.id)));
        let (labels, moved) = std::mem::take(&mut self.labels).sorted();
        let mut columns = InteractionRows::default();
        for row in rows {
            columns.at.push(row.at);
            columns.day.push(row.day);
            columns.customer.push(go(customer, row.customer));
            columns.product.push(go(product, row.product));
            columns.kind.push(row.kind);
            columns.channel.push(go(&moved, row.channel));
            columns.campaign.push(go(&moved, row.campaign));
            columns.variant.push(go(&moved, row.variant));
            columns.value.push(row.value);
        }
        columns.labels = labels.into_iter().map(|(name, ())| name).collect();
        columns
    }
}
