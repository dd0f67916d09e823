//! Is `1,234` one thousand or one and a bit?
//!
//! Rule 9 of IMPORT_FORMATS: one convention a column, decided over all its rows; a column that fits both is decided
//! by the file's other columns, else the person is asked. Amounts are exact to the millionth.

use std::borrow::Cow;

use crate::domain::Micros;

/// Which sign separates the decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimal {
    /// `1,234.56`
    Point,
    /// `1.234,56`
    Comma,
}

impl Decimal {
    fn sign(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }
}

/// What one cell says about its column's convention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    /// Reads the same both ways, or is no number.
    Nothing,
    /// Only this reading makes sense.
    Only(Decimal),
    /// Both readings make sense and differ.
    Both,
}

/// What the cell's separators prove.
pub(super) fn hint(cell: &str) -> Hint {
    let body = bare(cell);
    let points = body.matches('.').count();
    let commas = body.matches(',').count();
    match (points, commas) {
        (0, 0) => Hint::Nothing,
        (0, 1) => one(&body, ',', Decimal::Comma),
        (1, 0) => one(&body, '.', Decimal::Point),
        (0, _) => Hint::Only(Decimal::Point),
        (_, 0) => Hint::Only(Decimal::Comma),
        _ => match (body.rfind('.'), body.rfind(',')) {
            (Some(point), Some(comma)) if point > comma => Hint::Only(Decimal::Point),
            _ => Hint::Only(Decimal::Comma),
        },
    }
}

/// A single separator: three digits after it and one to three (not a lone 0) before it fit both readings.
fn one(body: &str, sign: char, as_decimal: Decimal) -> Hint {
    let Some((before, after)) = body.split_once(sign) else { return Hint::Nothing };
    let before = before.trim_start_matches(['-', '+', '(']);
    let after: String = after.chars().take_while(char::is_ascii_digit).collect();
    let group_like = after.len() == 3 && (1..=3).contains(&before.len()) && !before.starts_with('0');
    if group_like { Hint::Both } else { Hint::Only(as_decimal) }
}

/// The cell as an amount under a convention; `None` where it is no number.
pub(super) fn parse(cell: &str, decimal: Decimal) -> Option<Micros> {
    let body = bare(cell);
    let mut rest: &str = &body;
    let mut negative = false;
    if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        (rest, negative) = (inner, true);
    }
    if let Some(inner) = rest.strip_prefix('-') {
        (rest, negative) = (inner, !negative);
    } else if let Some(inner) = rest.strip_prefix('+') {
        rest = inner;
    } else if let Some(inner) = rest.strip_suffix('-') {
        (rest, negative) = (inner, !negative);
    }
    let mut scale = i128::from(Micros::UNIT);
    if let Some(inner) = rest.strip_suffix('万') {
        (rest, scale) = (inner, scale * 10_000);
    } else if let Some(inner) = rest.strip_suffix('亿') {
        (rest, scale) = (inner, scale * 100_000_000);
    }
    let (whole, fraction) = rest.split_once(decimal.sign()).unwrap_or((rest, ""));
    let micros = digits(whole, decimal)?.checked_mul(scale)?.checked_add(part(fraction, scale)?)?;
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let micros = i64::try_from(micros).ok()?;
    Some(Micros(if negative { -micros } else { micros }))
}

/// The whole part; group separators stand before every third digit from the right.
fn digits(whole: &str, decimal: Decimal) -> Option<i128> {
    let group = match decimal {
        Decimal::Point => ',',
        Decimal::Comma => '.',
    };
    let mut value: i128 = 0;
    let mut since_group = None;
    for character in whole.chars() {
        if character == group || character == '\'' {
            if since_group.is_some_and(|count| count != 3) || value == 0 && since_group.is_none() {
                return None;
            }
            since_group = Some(0);
        } else {
            value = value.checked_mul(10)?.checked_add(i128::from(character.to_digit(10)?))?;
            since_group = since_group.map(|count| count + 1);
        }
    }
    since_group.is_none_or(|count| count == 3).then_some(value)
}

/// The decimals in units of `scale`; beyond the millionth they are rounded half to even.
fn part(fraction: &str, scale: i128) -> Option<i128> {
    let (mut value, mut unit): (i128, i128) = (0, 1);
    for character in fraction.chars() {
        let digit = i128::from(character.to_digit(10)?);
        // Digits beyond the 15th cannot move a millionth except in a tie that nobody writes.
        if unit < 1_000_000_000_000_000 {
            value = value * 10 + digit;
            unit *= 10;
        }
    }
    let scaled = value * scale;
    let (quotient, remainder) = (scaled / unit, scaled % unit);
    let up = match (remainder * 2).cmp(&unit) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => quotient % 2 != 0,
        std::cmp::Ordering::Less => false,
    };
    Some(quotient + i128::from(up))
}

/// Without currency signs, spaces and percent; full-width characters made plain.
fn bare(cell: &str) -> Cow<'_, str> {
    if cell.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'-')) {
        return Cow::Borrowed(cell);
    }
    let plain = cell.replace("US$", "");
    let keep = |character: char| match character {
        '¥' | '￥' | '$' | '€' | '£' | '元' | '%' | '％' | '\u{A0}' | '\u{202F}' => None,
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(character as u32 - 0xFEE0),
        '−' | '–' => Some('-'),
        character if character.is_whitespace() => None,
        character => Some(character),
    };
    Cow::Owned(plain.chars().filter_map(keep).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cell: &str, decimal: Decimal, expected: Option<i64>) {
        assert_eq!(parse(cell, decimal), expected.map(Micros), "{cell}");
    }

    #[test]
    fn amounts_are_read_as_people_and_shops_write_them() {
        use Decimal::{Comma, Point};
        check("1,234.56", Point, Some(1_234_560_000));
        check("1.234,56", Comma, Some(1_234_560_000));
        check("1 234,56", Comma, Some(1_234_560_000));
        check("1\u{202F}002,00", Comma, Some(1_002_000_000));
        check("(12.00)", Point, Some(-12_000_000));
        check("-$0.93", Point, Some(-930_000));
        check("US$ 5", Point, Some(5_000_000));
        check("￥１２．５元", Point, Some(12_500_000));
        check("2.3万", Point, Some(23_000_000_000));
        check("1.2亿", Point, Some(120_000_000_000_000));
        check("0.0000015", Point, Some(2));
        check("0.0000025", Point, Some(2));
        check(".5", Point, Some(500_000));
        check("12,34.5", Point, None);
        check("1.2.3", Point, None);
        check("abc", Point, None);
        check("", Point, None);
        check("-", Point, None);
        check("99999999999999999999", Point, None);
        check("1.23E+5", Point, None);
    }

    #[test]
    fn separators_prove_a_convention_or_leave_it_open() {
        assert_eq!(hint("12.50"), Hint::Only(Decimal::Point));
        assert_eq!(hint("12,50"), Hint::Only(Decimal::Comma));
        assert_eq!(hint("1,234"), Hint::Both);
        assert_eq!(hint("-1.234"), Hint::Both);
        assert_eq!(hint("0,234"), Hint::Only(Decimal::Comma));
        assert_eq!(hint("1234,567"), Hint::Only(Decimal::Comma));
        assert_eq!(hint("1,234,567"), Hint::Only(Decimal::Point));
        assert_eq!(hint("1.234,56"), Hint::Only(Decimal::Comma));
        assert_eq!(hint("17"), Hint::Nothing);
    }
}
