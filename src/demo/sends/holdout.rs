//! What does a message add to what people would have bought anyway?
//!
//! Every other week for a year a coin decides who of a segment gets an e-mail and who is held out; what counts is a sale
//! order in the seven days after. The orders are there already and must not move, and of those at risk hardly one in a
//! thousand orders in a week. So the orders that the mail adds are in the experiment's count only (think of its voucher,
//! redeemed at the counter); all other conversions are orders of the data.

use rand::Rng as _;

use super::people::People;
use super::rates::SendRates;
use super::{ExperimentTruth, Message, Post, WINDOW};
use crate::demo::season::LAST_DAY;
use crate::demo::streams::Rng;
use crate::domain::{Arm, Day, Experiment, Segment};

/// The two hold-outs.
pub(super) const HELD_OUT: [HeldOut; 2] = [
    HeldOut { id: "holdout-at_risk", segment: Segment::AtRisk, uplift: 0.015 },
    HeldOut { id: "holdout-champions", segment: Segment::Champions, uplift: 0.0 },
];
/// The last mailing has its seven days inside the data.
const LAST: i32 = -12;
const EVERY: i32 = 14;
const MAILINGS: i32 = 26;
const HOUR: u32 = 19;

/// A segment that is written to by the toss of a coin.
pub(super) struct HeldOut {
    id: &'static str,
    segment: Segment,
    /// True difference of the share that orders.
    uplift: f64,
}

impl HeldOut {
    pub(super) fn run(
        &self,
        rng: &mut Rng,
        rates: &SendRates,
        post: &mut Post<'_>,
    ) -> (Experiment, ExperimentTruth) {
        let chosen = self.chosen(post.people);
        let buys = chosen.iter().filter(|(.., orders)| *orders).count() as f64;
        let rate = buys / chosen.len().max(1) as f64;
        let [mut held, mut sent] =
            ["holdout", "sent"].map(|name| Arm { name: name.to_owned(), n: 0, conversions: 0 });
        for (who, day, orders) in chosen {
            let written = rng.gen_bool(0.5);
            let persuaded = rng.gen_bool(self.uplift / (1.0 - rate).max(self.uplift)) && written;
            let arm = if written { &mut sent } else { &mut held };
            arm.n += 1;
            arm.conversions += u64::from(orders || persuaded);
            if written {
                let keen = rates.segment(Some(self.segment)) * rates.email.at(HOUR);
                let click = rates.email.click * keen;
                let channel = &rates.email;
                let message =
                    Message { who, day, hour: HOUR, channel, campaign: self.id, variant: "sent", click };
                post.deliver(&message, channel.open * keen);
            }
        }
        let rates = vec![rate, rate + self.uplift];
        let experiment = Experiment {
            id: self.id.to_owned(),
            name: format!("Hold-out: {}", self.segment.key()),
            started: mailing(0),
            ended: Some(mailing(MAILINGS - 1).plus(WINDOW)),
            arms: vec![held, sent],
            metric: "order within 7 days".to_owned(),
        };
        (experiment, ExperimentTruth { id: self.id.to_owned(), rates })
    }

    /// Who was in the segment on each mailing's day, and whether they order after it.
    fn chosen(&self, people: &People<'_>) -> Vec<(usize, Day, bool)> {
        let mut chosen = Vec::new();
        for day in (0..MAILINGS).map(mailing) {
            let in_segment = |who: &usize| people.segment(*who, day) == Some(self.segment);
            for who in people.reachable("email", day).into_iter().filter(in_segment) {
                chosen.push((who, day, people.orders_after(who, day, WINDOW)));
            }
        }
        chosen
    }
}

fn mailing(number: i32) -> Day {
    LAST_DAY.plus(LAST - EVERY * (MAILINGS - 1 - number))
}
