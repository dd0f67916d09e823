//! Which figure does somebody mean who types a number?
//!
//! The reverse of the check: where that asks whether a number may be said, this asks where a number that was said comes
//! from. People type it as they read it ("42.4 %", 8.4万) or without its unit.

use super::scan::{self, Class, Token};
use super::{Ledger, covers, day_of, of_day};
use crate::domain::{Fact, Unit};

/// A number as somebody typed it.
#[derive(Clone, Debug)]
pub struct Asked(Token);

/// A number of an answer that is no computed figure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Other {
    /// The asker said it, or it is an argument of the call.
    Said,
    /// A day of the periods.
    Day,
    /// How long a period is.
    Length,
    /// The level of the intervals.
    Level,
    /// How many rows the table has.
    Rows,
}

impl Asked {
    /// The first number of what was typed.
    pub fn of(text: &str) -> Option<Self> {
        let chars: Vec<char> = text.trim().chars().collect();
        scan::tokens(&chars).into_iter().find(|token| !matches!(token.class, Class::Name)).map(Self)
    }

    /// Whether it is a day, or a part of a date.
    pub fn is_date(&self) -> bool {
        matches!(self.0.class, Class::Date(_))
    }

    /// Whether it says this fact, unit and all.
    pub fn says(&self, fact: &Fact) -> bool {
        match &self.0.class {
            Class::Date(parts) => fact.unit == Unit::Date && covers(of_day(day_of(fact.value)), *parts),
            _ => values(fact).any(|value| super::means(&self.0, fact, value, None)),
        }
    }

    /// Whether it says this fact where unit, sign and rounding were typed loosely.
    pub fn resembles(&self, fact: &Fact) -> bool {
        let token = &self.0;
        let relative = matches!(fact.unit, Unit::Share | Unit::Change | Unit::Points);
        let scale = match &token.class {
            Class::Percent | Class::Points | Class::Fraction if relative => 1.0,
            Class::Plain if relative => 0.01,
            Class::Plain => 1.0,
            Class::Count(_) if !relative => 1.0,
            Class::Money(_) if matches!(fact.unit, Unit::Money(_)) => 1.0,
            Class::Days if fact.unit == Unit::Days => 1.0,
            Class::Weeks if fact.unit == Unit::Weeks => 1.0,
            Class::Months if fact.unit == Unit::Months => 1.0,
            Class::Factor if matches!(fact.unit, Unit::Ratio | Unit::Change) => 1.0,
            _ => return false,
        };
        let (said, slack) = (token.value.abs() * scale, token.step * scale * (1.0 + 1e-9));
        fact.unit != Unit::Date && values(fact).any(|value| (said - value.abs()).abs() <= slack)
    }
}

/// A fact's value and the ends of its interval.
fn values(fact: &Fact) -> impl Iterator<Item = f64> {
    std::iter::once(fact.value).chain(fact.interval.into_iter().flat_map(|(lo, hi)| [lo, hi]))
}

impl Ledger {
    /// The numbers of a text as they stand there, names and list ordinals left out.
    pub fn numbers(&self, text: &str) -> Vec<String> {
        let chars = self.masked(text);
        let figures = scan::tokens(&chars).into_iter().filter(|token| !matches!(token.class, Class::Name));
        figures.map(|token| token.text.replace(scan::MASK, "").trim().to_owned()).collect()
    }

    /// Where a number comes from that is no fact of a tool.
    pub fn other(&self, asked: &Asked) -> Option<Other> {
        let token = &asked.0;
        if let Class::Date(parts) = token.class {
            return self.date(parts).then_some(Other::Day);
        }
        if matches!(token.class, Class::Percent) && super::same(token.value, 0.9) {
            return Some(Other::Level);
        }
        if self.said.iter().any(|said| super::repeats(token, said)) {
            return Some(Other::Said);
        }
        let named = |prefix: &str| {
            let of = |fact: &&Fact| fact.id == prefix || fact.id.starts_with(&format!("{prefix}."));
            self.facts.iter().filter(of).any(|fact| asked.resembles(fact))
        };
        if named("args") {
            return Some(Other::Said);
        }
        if self.duration(token) {
            return Some(Other::Length);
        }
        if named("rows") {
            return Some(Other::Rows);
        }
        // "17" of "17 to 30 June".
        let day = (1..=31)
            .find(|day| matches!(token.class, Class::Plain) && super::same(token.value, f64::from(*day)));
        let parts = scan::DateParts { day, ..scan::DateParts::default() };
        day.filter(|_| self.date(parts)).map(|_| Other::Day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Currency;

    #[track_caller]
    fn check(typed: &str, fact: &Fact, says: bool, resembles: bool) {
        let asked = Asked::of(typed).unwrap();
        assert_eq!((asked.says(fact), asked.resembles(fact)), (says, resembles), "{typed} {fact:?}");
    }

    #[test]
    fn a_number_is_found_as_it_is_read_and_as_it_is_typed() {
        let revenue =
            Fact::new("revenue", 190_512.34, Unit::Money(Currency::EUR)).within(150_000.0, 230_000.0);
        let rate = Fact::new("repeat_rate", 0.4241, Unit::Share);
        let change = Fact::new("change", -0.04, Unit::Change);
        let alive = Fact::new("p_alive", 0.9998, Unit::Share);
        check("€190.5k", &revenue, true, true);
        check("190.5k", &revenue, false, true);
        check("€15万", &revenue, true, true);
        check("42.4 %", &rate, true, true);
        check("42.4", &rate, false, true);
        check("4.0%", &change, true, true);
        check("> 99%", &alive, true, true);
        check("99%", &alive, false, true);
        check("42.4 %", &revenue, false, false);
        check("45 %", &rate, false, false);
        assert!(Asked::of("复购率").is_none());
    }

    #[test]
    fn what_is_no_figure_is_named_too() {
        let mut ledger = Ledger::default();
        ledger.question("top 7 products in 2025");
        ledger.args(&serde_json::json!({"horizon_months": 6}));
        let other = |typed: &str| ledger.other(&Asked::of(typed).unwrap());
        assert_eq!(other("7"), Some(Other::Said));
        assert_eq!(other("2025"), Some(Other::Day));
        assert_eq!(other("6 months"), Some(Other::Said));
        assert_eq!(other("90 %"), Some(Other::Level));
        assert_eq!(other("8"), None);
    }

    #[test]
    fn the_numbers_of_a_text_leave_out_names() {
        let mut ledger = Ledger::default();
        ledger.name("Espresso Beans 1kg");
        assert_eq!(ledger.numbers("1. Espresso Beans 1kg: €26.2k, up 4.0 %"), ["€26.2k", "4.0 %"]);
    }
}
