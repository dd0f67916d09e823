//! Which figures may an answer on channels say?

use super::{ChannelRow, Output};
use crate::domain::{Cell, Column, Fact, Table, Unit};
use crate::tool::media::estimate;

pub(super) fn facts(output: &Output) -> Vec<Fact> {
    let money = Unit::Money(output.currency);
    let spend: f64 = output.channels.iter().map(|row| row.spend).sum();
    let mut facts = vec![
        estimate("contribution", output.contribution, money).over(output.period),
        Fact::new("spend", spend, money).over(output.period),
        Fact::new("revenue", output.revenue, money).over(output.period),
        Fact::new("weeks", output.weeks as f64, Unit::Weeks),
        Fact::new("first_day", f64::from(output.period.from.0), Unit::Date),
        Fact::new("last_day", f64::from(output.period.to.0), Unit::Date),
        Fact::new("channels", output.channels.len() as f64, Unit::Count),
        Fact::new("p_inside", 0.9, Unit::Share),
    ];
    if spend > 0.0 {
        facts.push(estimate("roi", output.contribution.times(1.0 / spend), Unit::Ratio));
    }
    if output.revenue > 0.0 {
        let share = output.contribution.times(1.0 / output.revenue);
        facts.push(estimate("share", share, Unit::Share));
    }
    facts.extend(output.margin.map(|margin| Fact::new("margin_rate", margin, Unit::Share)));
    facts.extend(output.break_even.map(|even| Fact::new("break_even", even, Unit::Ratio)));
    facts.extend(output.channels.iter().flat_map(|row| of_channel(row, output, money)));
    facts
}

fn of_channel(row: &ChannelRow, output: &Output, money: Unit) -> Vec<Fact> {
    let name = |what: &str| format!("channel.{}.{what}", row.key);
    let mut facts = vec![
        estimate(name("contribution"), row.contribution, money).over(output.period),
        Fact::new(name("spend"), row.spend, money).over(output.period),
        estimate(name("saturation"), row.saturation, Unit::Share),
        estimate(name("half_life"), row.half_life, Unit::Weeks),
        estimate(name("half_saturation"), row.half_saturation, money),
        Fact::new(name("today"), row.today, money),
    ];
    facts.extend(row.roi.map(|roi| estimate(name("roi"), roi, Unit::Ratio)));
    facts.extend(row.mroi.map(|mroi| estimate(name("mroi"), mroi, Unit::Ratio)));
    facts.extend(row.profit_roi.map(|roi| estimate(name("profit_roi"), roi, Unit::Change)));
    if let Some((measured, expected)) = row.contradiction {
        facts.push(Fact::new(name("test_measured"), measured, money));
        facts.push(Fact::new(name("test_expected"), expected, money));
    }
    facts.extend(row.tested.map(|day| Fact::new(name("tested"), f64::from(day.0), Unit::Date)));
    facts
}

pub(super) fn table(output: &Output) -> Table {
    let money = Some(Unit::Money(output.currency));
    let columns = [
        ("channel", None),
        ("spend", money),
        ("contribution", money),
        ("roi", Some(Unit::Ratio)),
        ("roi_lo", Some(Unit::Ratio)),
        ("roi_hi", Some(Unit::Ratio)),
        ("mroi", Some(Unit::Ratio)),
        ("saturation", Some(Unit::Share)),
        ("half_life", Some(Unit::Weeks)),
        ("grade", None),
    ];
    let number = |value: Option<f64>| value.map_or(Cell::Empty, Cell::Number);
    let judged = output.channels.iter().map(|row| {
        vec![
            Cell::Text(row.name.clone()),
            Cell::Number(row.spend),
            Cell::Number(row.contribution.value),
            number(row.roi.map(|roi| roi.value)),
            number(row.roi.map(|roi| roi.lo)),
            number(row.roi.map(|roi| roi.hi)),
            number(row.mroi.map(|mroi| mroi.value)),
            Cell::Number(row.saturation.value),
            Cell::Number(row.half_life.value),
            Cell::Text(row.grade.key().into()),
        ]
    });
    let others = output.left_out.iter().map(|row| {
        let mut cells = vec![Cell::Text(row.name.clone()), Cell::Number(row.spend)];
        cells.extend(std::iter::repeat_n(Cell::Empty, columns.len() - 3));
        cells.push(Cell::Text("needs_data".into()));
        cells
    });
    Table {
        rows: judged.chain(others).collect(),
        columns: columns.into_iter().map(|(key, unit)| Column { key: key.into(), unit }).collect(),
    }
}
