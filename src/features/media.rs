//! What do the media models see of the shop: which weeks, what was sold in them, and what was spent on which channel?
//!
//! Complete ISO weeks only (Monday to Sunday), from the first that both orders and spend cover to the last that both
//! cover; a week without any order inside them is a gap in the data, and only the weeks after the last gap are used.
//! Revenue and orders as DEFINITIONS §3 (sale orders by order day, unlinked refunds on their own day).

use crate::domain::{Day, LiftTest, Micros, Span};
use crate::features::margin;
use crate::model::mix::{Input, Kind, Series, Test, WEEKS_MIN};
use crate::warehouse::Warehouse;

/// A media model's input with what was left out of it.
#[derive(Debug, Clone, PartialEq)]
pub struct MediaInput {
    /// What the model eats.
    pub input: Input,
    /// The weeks used.
    pub span: Span,
    /// Mondays of weeks without any order inside the data, where there are any: the model starts after the last.
    pub missing: Vec<Day>,
    /// Weeks without any row of spend where there should be some; they count as weeks without spend.
    pub spend_gaps: Vec<SpendGap>,
    /// m̄: margin over net goods of the last 52 weeks; `None` where it is not known well enough (DEFINITIONS §1).
    pub margin: Option<f64>,
    /// Lift tests that count something else than this input does.
    pub other_tests: usize,
}

/// Weeks in a row without any row of spend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpendGap {
    /// The channel that has rows in all other weeks; `None`: no channel has any.
    pub channel: Option<String>,
    /// Its weeks.
    pub span: Span,
}

/// Why there are no weeks to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoMedia {
    /// No advertising costs at all.
    NoSpend,
    /// Orders and costs share no complete week.
    NoWeek,
    /// Too few weeks since the last gap.
    Gap {
        /// Monday of the last week without orders.
        missing: Day,
        /// Complete weeks after it.
        weeks: usize,
    },
}

const WEEK: i32 = 7;
/// A gap in the spend of one channel or all: so many weeks at least; of one channel, so many gaps at most, and one in so
/// many weeks.
const GAP_LEAST: usize = 2;
const GAPS_MOST: usize = 2;
const GAPS_SHARE: usize = 4;

impl MediaInput {
    /// As of the end of the day `until`.
    pub fn from_warehouse(warehouse: &Warehouse, until: Day, kind: Kind) -> Result<Self, NoMedia> {
        let spend = warehouse.spend_days().ok_or(NoMedia::NoSpend)?;
        let orders = warehouse.order_days().ok_or(NoMedia::NoWeek)?;
        let first = first_monday(orders.from.max(spend.from));
        let last = orders.to.min(spend.to).min(until);
        let weeks = usize::try_from((last.since(first) + 1).div_euclid(WEEK)).unwrap_or(0);
        if weeks == 0 {
            return Err(NoMedia::NoWeek);
        }
        let (revenue, count) = sold(warehouse, first, weeks);
        let empty: Vec<usize> = (0..weeks).filter(|week| count[*week] == 0.0).collect();
        let missing: Vec<Day> = empty.iter().map(|week| first.plus(WEEK * *week as i32)).collect();
        let start = empty.last().map_or(0, |week| week + 1);
        if let Some(missing) = missing.last()
            && weeks - start < WEEKS_MIN
        {
            return Err(NoMedia::Gap { missing: *missing, weeks: weeks - start });
        }
        let first = first.plus(WEEK * start as i32);
        let weeks = weeks - start;
        let span = Span { from: first, to: first.plus(WEEK * weeks as i32 - 1) };
        let target = match kind {
            Kind::Revenue => revenue[start..].to_vec(),
            Kind::Orders => count[start..].to_vec(),
        };
        let counts = match kind {
            Kind::Revenue => "revenue",
            Kind::Orders => "orders",
        };
        let tests: Vec<Test> =
            warehouse.lift_tests.iter().filter(|test| test.metric == counts).map(test).collect();
        let other_tests = warehouse.lift_tests.len() - tests.len();
        let input = Input {
            kind,
            first_day: first,
            target,
            channels: channels(warehouse, first, weeks),
            controls: Vec::new(),
            tests,
        };
        let spend_gaps = spend_gaps(warehouse, first, weeks);
        Ok(Self { input, span, missing, spend_gaps, margin: margin::of_shop(warehouse, last), other_tests })
    }
}

fn first_monday(day: Day) -> Day {
    let monday = day.week_start();
    if monday == day { day } else { monday.plus(WEEK) }
}

/// Revenue and sale orders by week.
fn sold(warehouse: &Warehouse, first: Day, weeks: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut micros, mut count) = (vec![0_i128; weeks], vec![0.0; weeks]);
    let place = |day: i32| usize::try_from(Day(day).since(first)).ok().map(|days| days / WEEK as usize);
    let orders = &warehouse.orders;
    for row in (0..orders.day.len()).filter(|row| orders.sale[*row]) {
        if let Some(week) = place(orders.day[row]).filter(|week| *week < weeks) {
            micros[week] += i128::from(orders.net[row]);
            count[week] += 1.0;
        }
    }
    let refunds = &warehouse.unlinked_refunds;
    for (day, amount) in refunds.day.iter().zip(&refunds.amount) {
        if let Some(week) = place(*day).filter(|week| *week < weeks) {
            micros[week] -= i128::from(*amount);
        }
    }
    (micros.into_iter().map(crate::domain::units).collect(), count)
}

/// Cost by channel and week, in the order of the names.
fn channels(warehouse: &Warehouse, first: Day, weeks: usize) -> Vec<Series> {
    let mut micros = vec![vec![0_i128; weeks]; warehouse.channels.len()];
    let rows = &warehouse.spend;
    for ((day, channel), cost) in rows.day.iter().zip(&rows.channel).zip(&rows.cost) {
        let week = usize::try_from(Day(*day).since(first)).ok().map(|days| days / WEEK as usize);
        if let (Some(week), Some(own)) =
            (week.filter(|week| *week < weeks), micros.get_mut(*channel as usize))
        {
            own[week] += i128::from(*cost);
        }
    }
    // a correction may leave a week below nothing
    let money =
        |micros: Vec<i128>| micros.into_iter().map(|cost| crate::domain::units(cost.max(0))).collect();
    let series = |(name, micros): (&String, Vec<i128>)| Series {
        name: name.clone(),
        spend: money(micros),
        exposure: None,
    };
    warehouse.channels.iter().zip(micros).map(series).collect()
}

/// Runs of [`GAP_LEAST`] weeks or more without a row, of all channels, or of one that else has rows every week (a channel
/// with many pauses, or with one at an end, is run like that).
fn spend_gaps(warehouse: &Warehouse, first: Day, weeks: usize) -> Vec<SpendGap> {
    let mut has = vec![vec![false; weeks]; warehouse.channels.len()];
    let rows = &warehouse.spend;
    for (day, channel) in rows.day.iter().zip(&rows.channel) {
        let week = usize::try_from(Day(*day).since(first)).ok().map(|days| days / WEEK as usize);
        let place = week.and_then(|week| has.get_mut(*channel as usize)?.get_mut(week));
        place.into_iter().for_each(|place| *place = true);
    }
    let any: Vec<bool> = (0..weeks).map(|week| has.iter().any(|own| own[week])).collect();
    let gap = |channel: Option<&String>, (from, to): (usize, usize)| SpendGap {
        channel: channel.cloned(),
        span: Span { from: first.plus(WEEK * from as i32), to: first.plus(WEEK * to as i32 - 1) },
    };
    let long = |run: &(usize, usize)| run.1 - run.0 >= GAP_LEAST;
    let all = runs(&any).into_iter().filter(long);
    let mut gaps: Vec<SpendGap> = all.map(|run| gap(None, run)).collect();
    for (name, own) in warehouse.channels.iter().zip(&has) {
        // what no channel has is said already
        let own: Vec<bool> = own.iter().zip(&any).map(|(own, any)| *own || !*any).collect();
        let runs = runs(&own);
        let without: usize = runs.iter().map(|run| run.1 - run.0).sum();
        if runs.len() <= GAPS_MOST && runs.iter().all(long) && without * GAPS_SHARE <= weeks {
            gaps.extend(runs.into_iter().map(|run| gap(Some(name), run)));
        }
    }
    gaps
}

/// The runs of `false` between two `true`, from and to (excluded).
fn runs(has: &[bool]) -> Vec<(usize, usize)> {
    let places: Vec<usize> = (0..has.len()).filter(|week| has[*week]).collect();
    let apart = places.windows(2).filter(|pair| pair[1] > pair[0] + 1);
    apart.map(|pair| (pair[0] + 1, pair[1])).collect()
}

fn test(test: &LiftTest) -> Test {
    let units = |amounts: &[Micros]| {
        amounts.iter().map(|amount| crate::domain::units(i128::from(amount.0))).collect()
    };
    Test {
        id: test.id.clone(),
        channel: test.channel.clone(),
        from: test.from,
        measured_until: test.measured_until,
        control: units(&test.spend_control),
        treated: units(&test.spend_treated),
        scope: test.scope_share.0 as f64 / 1e6,
        effect: test.effect.0 as f64 / 1e6,
        se: test.se.0 as f64 / 1e6,
    }
}
