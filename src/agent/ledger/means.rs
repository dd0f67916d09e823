//! Does this number of a sentence say that value of a fact, or the same as another number?

use super::days::covers;
use super::scan::{Bound, Class, Noun, Token};
use crate::domain::{Fact, Unit};

pub(super) fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

/// Whether the asker said this number, as the same kind of thing.
pub(super) fn repeats(token: &Token, said: &Token) -> bool {
    let loose = |token: &Token| token.bound == Bound::TenTimes;
    let same_value =
        loose(token) == loose(said) && (token.value - said.value).abs() <= said.value.abs() * 1e-9;
    let kind = |class: &Class| std::mem::discriminant(class);
    let plain = matches!(said.class, Class::Plain)
        && matches!(
            token.class,
            Class::Plain | Class::Count(_) | Class::Money(_) | Class::Days | Class::Weeks | Class::Months
        );
    let number = |class: &Class| matches!(class, Class::Plain | Class::Count(_));
    let alike = match (&token.class, &said.class) {
        (Class::Money(ours), Class::Money(theirs)) => ours.iter().any(|currency| theirs.contains(currency)),
        (Class::Count(ours), Class::Count(theirs)) => ours == theirs,
        (ours, theirs) => kind(ours) == kind(theirs) || (number(ours) && matches!(theirs, Class::Count(_))),
    };
    same_value && (plain || alike)
}

/// Whether two tokens say the same, each as precisely as it does.
pub(super) fn says_again(token: &Token, said: &Token) -> bool {
    match (&token.class, &said.class) {
        (Class::Date(ours), Class::Date(theirs)) => covers(*theirs, *ours),
        (ours, theirs) => {
            let near = (token.value - said.value).abs() <= (token.step + said.step) / 2.0 * (1.0 + 1e-9);
            near && std::mem::discriminant(ours) == std::mem::discriminant(theirs)
        }
    }
}

/// Whether the token says this value of this fact; the sentence's direction counts where one is asked for.
pub(super) fn means(token: &Token, fact: &Fact, value: f64, direction: Option<i8>) -> bool {
    let signs_agree = match token.sign {
        0 => {
            value == 0.0
                || token.value == 0.0
                || direction.is_none_or(|way| way != 0 && (value > 0.0) == (way > 0))
        }
        sign => value == 0.0 || (value < 0.0) == (sign < 0),
    };
    let near = |said: f64, value: f64| {
        let slack = token.step / 2.0 * (1.0 + 1e-9) + value.abs() * 1e-9;
        match token.bound {
            Bound::Near => (said - value).abs() <= slack,
            Bound::AtLeast => value >= said - slack && value <= said + token.step,
            Bound::AtMost => value <= said + slack && value >= said - token.step,
            Bound::TenTimes => value >= said && value < said * 10.0,
        }
    };
    match (&token.class, fact.unit) {
        (Class::Percent, Unit::Share) => token.sign >= 0 && near(token.value, value),
        (Class::Percent, Unit::Change) => near(token.value, value.abs()) && signs_agree,
        (Class::Fraction, Unit::Change) => near(token.value, value.abs()) && signs_agree,
        (Class::Fraction, Unit::Share) => near(token.value, value),
        (Class::Fraction, Unit::Ratio) => near(token.value, value),
        (Class::Points, Unit::Points) => near(token.value, value.abs()) && signs_agree,
        // what doubled changed: no ratio of two says that
        (Class::Factor, Unit::Ratio) => token.sign == 0 && near(token.value, value),
        (Class::Factor, Unit::Change) => near(token.value, 1.0 + value) || near(token.value, value),
        (Class::Money(currencies), Unit::Money(currency)) => {
            let sign_fits = if value < 0.0 {
                token.sign < 0 || direction.is_some_and(|way| way < 0)
            } else {
                token.sign >= 0
            };
            currencies.contains(&currency) && near(token.value, value.abs()) && sign_fits
        }
        (Class::Days, Unit::Days) | (Class::Weeks, Unit::Weeks) | (Class::Months, Unit::Months) => {
            near(token.value, value)
        }
        (Class::Count(noun), Unit::Count) => near(token.value, value) && noun_fits(*noun, &fact.id),
        (Class::Count(_), Unit::Ratio | Unit::Score) => near(token.value, value),
        (Class::Plain, Unit::Count | Unit::Ratio | Unit::Score) => near(token.value, value),
        _ => false,
    }
}

/// A fact of orders licenses no customers: the fact's last name tells what it counts.
fn noun_fits(noun: Noun, fact: &str) -> bool {
    let name = fact.rsplit('.').next().unwrap_or(fact);
    let orders = name.contains("order") || name.contains("purchase");
    let customers = name.contains("customer") || name.contains("buyer");
    let units = name.contains("units");
    !matches!(
        (noun, orders, customers, units),
        (Noun::Orders, false, true, _)
            | (Noun::Orders, false, _, true)
            | (Noun::Customers, true, false, _)
            | (Noun::Customers, _, false, true)
            | (Noun::Units, true, _, false)
            | (Noun::Units, _, true, false)
    )
}
