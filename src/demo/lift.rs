//! What did the geo tests of April 2026 measure?
//!
//! DEFINITIONS §12 line 9: all channels but e-mail, in areas of a fifth of the shop, spend at .4 × against 1.6 × of the
//! mean for four weeks; what the second brings more is measured with a standard error of 15 % of it. The national spend
//! stays as it was: spend is given as if the whole shop were treated, and the effect is that of the areas' share (§8).

use serde::{Deserialize, Serialize};

use super::response::Response;
use super::season::monday;
use super::spend::{CHANNELS, N_CHANNELS, Weekly};
use super::streams::{Line, Streams, normal};
use crate::domain::{Currency, LiftTest, Micros};

/// The week of 2026-04-06, and how many weeks spend is changed.
const WEEK: usize = 92;
const WEEKS: usize = 4;
/// Weeks measured after it, for the carry-over.
const TAIL: usize = 4;
/// Spend in mean weeks.
const CONTROL: f64 = 0.4;
const TREATED: f64 = 1.6;
/// Share of the shop in the test's areas.
const SCOPE: f64 = 0.2;
/// Standard error against the true effect.
const ERROR: f64 = 0.15;
/// The channel that is not tested.
const UNTESTED: &str = "email";

/// What is true of a lift test.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LiftTruth {
    /// Key of the test.
    pub id: String,
    /// What it should have measured.
    pub effect: f64,
}

/// The tests with their truth.
pub(super) fn tests(
    streams: &Streams,
    spend: &[Weekly; N_CHANNELS],
    response: &Response,
) -> (Vec<LiftTest>, Vec<LiftTruth>) {
    let mut luck = streams.open(Line::Sends, 6);
    let tested = (0..N_CHANNELS).filter(|c| CHANNELS[*c].name != UNTESTED);
    let test = |c: usize| {
        let level = |share: f64| (share * CHANNELS[c].spend_weekly * 100.0).round() as i64;
        let (control, treated) = (level(CONTROL), level(TREATED));
        let brings = |cents: i64| {
            let mut changed = spend[c].clone();
            changed[WEEK..WEEK + WEEKS].fill(cents);
            response.of(c, &changed)[WEEK..WEEK + WEEKS + TAIL].iter().sum::<f64>()
        };
        let effect = SCOPE * (brings(treated) - brings(control));
        let se = ERROR * effect.abs();
        let measured = effect + normal(&mut luck, 1.0) * se;
        let cents = |value: f64| Micros::from_cents((value * 100.0).round() as i64);
        let id = format!("lift-{}", CHANNELS[c].name);
        let test = LiftTest {
            id: id.clone(),
            channel: CHANNELS[c].name.to_owned(),
            from: monday(WEEK),
            to: monday(WEEK + WEEKS).plus(-1),
            effect: cents(measured),
            se: cents(se),
            spend_control: vec![Micros::from_cents(control); WEEKS],
            spend_treated: vec![Micros::from_cents(treated); WEEKS],
            scope_share: Micros((SCOPE * 1e6) as i64),
            metric: "revenue".to_owned(),
            measured_until: monday(WEEK + WEEKS + TAIL).plus(-1),
            currency: Currency::EUR,
        };
        (test, LiftTruth { id, effect })
    };
    tested.map(test).unzip()
}
