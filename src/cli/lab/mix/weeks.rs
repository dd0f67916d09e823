//! Which weeks does a plain file hold, with which spend, controls and lift tests?
//!
//! Rows a day or seven days apart; several rows of a day (regions) are summed. Weeks are seven days from the first row on,
//! whatever weekday that is. A week that is missing splits the file: the weeks after the last gap are used.

use std::path::Path;

use anyhow::{Context, bail};

use super::super::columns::{Columns, Keys, Names};
use crate::domain::Day;
use crate::model::mix::{Input, Kind, Series, Test, WEEKS_MIN};

/// Which columns are what.
pub(super) struct Wanted<'a> {
    pub(super) date: &'a str,
    pub(super) target: &'a str,
    pub(super) media: &'a [String],
    pub(super) spend: &'a [String],
    pub(super) controls: &'a [String],
}

/// The input, and what a reader must know of it.
pub(super) struct Weeks {
    pub(super) input: Input,
    pub(super) warnings: Vec<String>,
}

pub(super) fn read(file: &Path, wanted: &Wanted<'_>, kind: Kind) -> anyhow::Result<Weeks> {
    if wanted.media.is_empty() {
        bail!("--media names no column; write the channels' columns, separated by commas");
    }
    for (option, names) in [("--media", wanted.media), ("--spend", wanted.spend)] {
        if let Some((n, twice)) = names.iter().enumerate().find(|(n, name)| names[..*n].contains(name)) {
            bail!("{option} names {twice} twice (again in place {}); name each column once", n + 1);
        }
    }
    if !wanted.spend.is_empty() && wanted.spend.len() != wanted.media.len() {
        bail!(
            "--media names {} columns and --spend {}; name the spend of each medium, in the same order",
            wanted.media.len(),
            wanted.spend.len()
        );
    }
    let mut columns = Columns::open(file)?;
    let date = columns.want::<Day>(&[wanted.date])?;
    let target = columns.want::<f64>(&[wanted.target])?;
    let mut numbers = |names: &[String]| -> anyhow::Result<Vec<_>> {
        names.iter().map(|name| columns.want::<f64>(&[name])).collect()
    };
    let (media, spend) = (numbers(wanted.media)?, numbers(wanted.spend)?);
    let controls: Vec<_> =
        wanted.controls.iter().map(|name| columns.want::<Keys>(&[name])).collect::<anyhow::Result<_>>()?;
    let mut read = columns.read()?;
    let days = read.take(&date);
    if days.is_empty() {
        bail!("{}: no rows", file.display());
    }
    let calendar = Calendar::of(&days, file)?;
    let sums = |values: Vec<f64>| calendar.weekly(&values, false);
    let mut money = Vec::new();
    for (name, column) in wanted.media.iter().zip(&media).chain(wanted.spend.iter().zip(&spend)) {
        let values = read.take(column);
        if let Some(row) = values.iter().position(|value| *value < 0.0) {
            let value = values[row].to_string();
            return Err(read.fault(row, name, &value, "is below 0; spend and exposure cannot be"));
        }
        money.push(sums(values));
    }
    let target = sums(read.take(&target));
    let spend = money.split_off(wanted.media.len());
    let channels = wanted.media.iter().zip(money).enumerate();
    let channels = channels.map(|(c, (name, media))| match spend.get(c) {
        Some(spend) => Series { name: name.clone(), spend: spend.clone(), exposure: Some(media) },
        None => Series { name: name.clone(), spend: media, exposure: None },
    });
    let channels = channels.collect();
    let mut control_weeks = Vec::new();
    for (name, column) in wanted.controls.iter().zip(&controls) {
        for (name, values) in numbers_of(name, &read.take(column)) {
            control_weeks.push((name, calendar.weekly(&values, true)));
        }
    }
    let input = Input {
        kind,
        first_day: calendar.first,
        target,
        channels,
        controls: control_weeks,
        tests: Vec::new(),
    };
    Ok(Weeks { input, warnings: calendar.warnings })
}

/// A control of numbers as it is; one of words (an event's name) as one indicator a word, "na" and "none" aside.
fn numbers_of(name: &str, keys: &Keys) -> Vec<(String, Vec<f64>)> {
    let texts: Vec<String> = match &keys.names {
        Names::Numbers(names) => names.iter().map(i64::to_string).collect(),
        Names::Texts(names) => names.clone(),
    };
    let numbers: Option<Vec<f64>> =
        texts.iter().map(|text| text.parse::<f64>().ok().filter(|number| number.is_finite())).collect();
    if let Some(numbers) = numbers {
        return vec![(name.to_owned(), keys.codes.iter().map(|code| numbers[*code as usize]).collect())];
    }
    let nothing = ["na", "none", "no", "0", "-", "false"];
    let words = (0_u32..).zip(&texts).filter(|(_, text)| !nothing.contains(&text.to_lowercase().as_str()));
    words
        .map(|(code, text)| {
            (
                format!("{name}: {text}"),
                keys.codes.iter().map(|own| f64::from(u8::from(*own == code))).collect(),
            )
        })
        .collect()
}

/// Which week each row belongs to.
struct Calendar {
    first: Day,
    weeks: usize,
    /// Week of each row; `None` where the row is not used.
    place: Vec<Option<usize>>,
    warnings: Vec<String>,
}

impl Calendar {
    fn of(days: &[Day], file: &Path) -> anyhow::Result<Self> {
        let mut dates = days.to_vec();
        dates.sort_unstable();
        dates.dedup();
        let start = dates[0];
        let step = dates.windows(2).map(|pair| pair[1].since(pair[0])).min().unwrap_or(7);
        let odd = dates.iter().find(|date| date.since(start) % step.clamp(1, 7) != 0);
        if !(step == 1 || step == 7) || odd.is_some() {
            let place = odd.map_or(String::new(), |odd| format!(" ({odd} does not fit)"));
            bail!("{}: rows are neither a day nor a week apart{place}; give days or weeks", file.display());
        }
        let needed = if step == 1 { 7 } else { 1 };
        let weeks = dates[dates.len() - 1].since(start) as usize / 7 + 1;
        let mut filled = vec![0; weeks];
        dates.iter().for_each(|date| filled[date.since(start) as usize / 7] += 1);
        let mut warnings = Vec::new();
        let mut end = weeks;
        if filled[weeks - 1] < needed {
            end -= 1;
            warnings.push("the last week is not complete and was left out".to_owned());
        }
        let gap = filled[..end].iter().rposition(|days| *days < needed);
        let from = gap.map_or(0, |week| week + 1);
        if let Some(gap) = gap {
            let monday = start.plus(7 * gap as i32);
            let left = end - from;
            if left < WEEKS_MIN {
                bail!(
                    "{}: the week of {monday} is missing and only {left} weeks follow it; the model needs {WEEKS_MIN} weeks in a row: fill in the missing weeks (0 where nothing was spent)",
                    file.display()
                );
            }
            let missing = filled[..end].iter().filter(|days| **days < needed).count();
            warnings.push(format!(
                "{missing} weeks are missing, the last {monday}; only the {left} weeks after it are used"
            ));
        }
        let place = days
            .iter()
            .map(|day| (day.since(start) as usize / 7).checked_sub(from).filter(|week| *week < end - from))
            .collect();
        Ok(Self { first: start.plus(7 * from as i32), weeks: end - from, place, warnings })
    }

    fn weekly(&self, values: &[f64], mean: bool) -> Vec<f64> {
        let (mut sums, mut rows) = (vec![0.0; self.weeks], vec![0.0_f64; self.weeks]);
        for (value, week) in values.iter().zip(&self.place) {
            if let Some(week) = week {
                sums[*week] += value;
                rows[*week] += 1.0;
            }
        }
        if mean {
            sums.iter_mut().zip(&rows).for_each(|(sum, rows)| *sum /= rows.max(1.0));
        }
        sums
    }
}

/// Lift tests: channel, from, to, effect, se, spend_control, spend_treated [, scope_share, measured_until, id].
pub(super) fn tests(file: &Path) -> anyhow::Result<Vec<Test>> {
    let mut columns = Columns::open(file)?;
    let channel = columns.want::<Keys>(&["channel"])?;
    let (from, to) = (columns.want::<Day>(&["from"])?, columns.want::<Day>(&["to"])?);
    let (effect, se) = (columns.want::<f64>(&["effect"])?, columns.want::<f64>(&["se"])?);
    let control = columns.want::<Keys>(&["spend_control"])?;
    let treated = columns.want::<Keys>(&["spend_treated"])?;
    let scope = columns.find::<f64>(&["scope_share"]);
    let until = columns.find::<Day>(&["measured_until"]);
    let mut read = columns.read()?;
    let name = |keys: &Keys, row: usize| match &keys.names {
        Names::Numbers(names) => names[keys.codes[row] as usize].to_string(),
        Names::Texts(names) => names[keys.codes[row] as usize].clone(),
    };
    let (channel, from, to) = (read.take(&channel), read.take(&from), read.take(&to));
    let (effect, se) = (read.take(&effect), read.take(&se));
    let (control, treated) = (read.take(&control), read.take(&treated));
    let scope = scope.map(|column| read.take(&column));
    let until = until.map(|column| read.take(&column));
    let mut tests = Vec::new();
    for row in 0..from.len() {
        let weeks = (to[row].since(from[row]) + 7) / 7;
        let amounts = |keys: &Keys, column: &str| -> anyhow::Result<Vec<f64>> {
            let text = name(keys, row);
            let amounts: Option<Vec<f64>> = text
                .split([';', '|'])
                .map(|part| part.trim().parse().ok().filter(|n: &f64| *n >= 0.0))
                .collect();
            let amounts = amounts.with_context(|| {
                read.fault(row, column, &text, "is no spend; write one amount a week, separated by ;")
                    .to_string()
            })?;
            // one amount holds for each week of the test
            Ok(if amounts.len() == 1 { vec![amounts[0]; weeks.max(1) as usize] } else { amounts })
        };
        let (control, treated) = (amounts(&control, "spend_control")?, amounts(&treated, "spend_treated")?);
        if control.len() != treated.len() {
            let text = treated.len().to_string();
            return Err(read.fault(row, "spend_treated", &text, "weeks, and the control has others"));
        }
        if se[row].is_nan() || se[row] <= 0.0 {
            return Err(read.fault(
                row,
                "se",
                &se[row].to_string(),
                "is no standard error; write one above 0",
            ));
        }
        let scope = scope.as_ref().map_or(1.0, |scope| scope[row]);
        if !(scope > 0.0 && scope <= 1.0) {
            return Err(read.fault(
                row,
                "scope_share",
                &scope.to_string(),
                "is no share; write above 0 and up to 1",
            ));
        }
        let channel = name(&channel, row);
        tests.push(Test {
            id: format!("{channel} {}", from[row]),
            channel,
            from: from[row],
            measured_until: until.as_ref().map_or(to[row], |until| until[row]).max(to[row]),
            control,
            treated,
            scope,
            effect: effect[row],
            se: se[row],
        });
    }
    Ok(tests)
}
