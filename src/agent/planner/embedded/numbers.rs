//! How much is "8万", "60k", "a hundred thousand", 两千 or "a dozen"?

use super::text::{Kind, Token};
use crate::domain::number_word::{self, cardinal};

/// A number that was said, and the token after it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Said {
    /// Its value.
    pub value: f64,
    /// Index of the token after it.
    pub end: usize,
}

/// The number that starts at token `at`.
pub(super) fn number_at(tokens: &[Token], at: usize) -> Option<Said> {
    let token = tokens.get(at)?;
    match token.kind {
        Kind::Number(value) => Some(scaled(tokens, Said { value, end: at + 1 })),
        Kind::Han => han_number(tokens, at).map(|said| scaled(tokens, said)),
        Kind::Word => english_number(tokens, at),
        Kind::Email | Kind::Mark => None,
    }
}

/// A number in free text ("8万", "1,000", "60k", "12.5%"), nothing else beside it but a currency.
pub(crate) fn parse_number(text: &str) -> Option<f64> {
    let mut tokens = super::text::tokens(text);
    let negative = tokens.first().is_some_and(|token| token.is("-"));
    if negative {
        tokens.remove(0);
    }
    let currency = |token: &Token| {
        matches!(
            token.text.as_str(),
            "€" | "$" | "£" | "¥" | "eur" | "usd" | "gbp" | "cny" | "元" | "块" | "欧"
        )
    };
    tokens.retain(|token| !currency(token));
    let said = number_at(&tokens, 0)?;
    let value = match tokens.get(said.end) {
        None => said.value,
        Some(token) if token.is("%") && said.end + 1 == tokens.len() => said.value / 100.0,
        Some(_) => return None,
    };
    value.is_finite().then_some(if negative { -value } else { value })
}

/// "k", "m", 万 … behind the digits.
fn scaled(tokens: &[Token], said: Said) -> Said {
    let mut said = said;
    while let Some(token) = tokens.get(said.end) {
        let glued = !token.spaced;
        let factor = match token.text.as_str() {
            "k" | "w" | "m" | "mn" | "mio" | "bn" if !glued => break,
            "k" => 1e3,
            "w" => 1e4,
            "m" | "mn" | "mio" => 1e6,
            "bn" => 1e9,
            "grand" => 1e3,
            "dozen" => break,
            word => {
                let known = number_word::scale(word)
                    .or_else(|| han(word, number_word::han_unit).filter(|_| word != "十"))
                    .or_else(|| han(word, number_word::han_section));
                match known {
                    Some(factor) => factor,
                    None => break,
                }
            }
        };
        said = Said { value: said.value * factor, end: said.end + 1 };
    }
    said
}

fn han(text: &str, table: fn(char) -> Option<f64>) -> Option<f64> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none()).and_then(table)
}

fn han_digit(text: &str) -> Option<f64> {
    if text == "俩" { Some(2.0) } else { han(text, number_word::han_digit) }
}

/// 十二, 三百五, 两千零五十, 一万二.
fn han_number(tokens: &[Token], at: usize) -> Option<Said> {
    let text = |i: usize| tokens.get(i).map_or("", |token| token.text.as_str());
    let (mut total, mut section, mut digit) = (0.0, 0.0, None);
    let mut last_unit = 1.0;
    let mut i = at;
    loop {
        if let Some(value) = han_digit(text(i)) {
            // 二五 said digit by digit is not a number of ours
            if digit.is_some_and(|before: f64| before > 0.0) {
                return None;
            }
            digit = Some(value);
        } else if let Some(unit) = han(text(i), number_word::han_unit) {
            section += digit.unwrap_or(1.0) * unit;
            (digit, last_unit) = (None, unit);
        } else if let Some(unit) = han(text(i), number_word::han_section).filter(|_| i > at) {
            total = (total + section + digit.unwrap_or(0.0)) * unit;
            (section, digit, last_unit) = (0.0, None, unit);
        } else {
            break;
        }
        i += 1;
    }
    if i == at {
        return None;
    }
    // 三百五 is 350, 一万二 is 12,000; 两百零五 is 205
    let before_last = i.checked_sub(2).map_or("", text);
    let step = if last_unit > 10.0 && before_last != "零" { last_unit / 10.0 } else { 1.0 };
    let value = total + section + digit.unwrap_or(0.0) * step;
    // a lone 千 or 百 belongs to a word (千万别, 百货)
    (i > at + 1 || han_digit(text(at)).is_some() || text(at) == "十").then_some(Said { value, end: i })
}

/// "twenty five", "a hundred thousand", "a dozen", "two hundred and fifty", "a couple".
fn english_number(tokens: &[Token], at: usize) -> Option<Said> {
    let text = |i: usize| tokens.get(i).map_or("", |token| token.text.as_str());
    let scale = |word: &str| if word == "grand" { Some(1e3) } else { number_word::scale(word) };
    let mut i = at;
    let (mut total, mut section) = (0.0, 0.0);
    match text(i) {
        "a" | "an" if text(i + 1) == "couple" => return Some(Said { value: 2.0, end: i + 2 }),
        "a" | "an" if scale(text(i + 1)).is_some() => {
            section = 1.0;
            i += 1;
        }
        "half" if text(i + 1) == "a" && text(i + 2) == "million" => {
            return Some(Said { value: 5e5, end: i + 3 });
        }
        "half" if text(i + 1) == "a" && text(i + 2) == "dozen" => {
            return Some(Said { value: 6.0, end: i + 3 });
        }
        word if cardinal(word).is_some() || scale(word).is_some() => {}
        _ => return None,
    }
    loop {
        if let Some(value) = cardinal(text(i)) {
            section += value;
        } else if let Some(factor) = scale(text(i)) {
            let many = if section > 0.0 { section } else { 1.0 };
            if factor >= 1e3 {
                total += many * factor;
                section = 0.0;
            } else {
                section = many * factor;
            }
        } else if !(text(i) == "and"
            && cardinal(text(i + 1)).is_some()
            && i > at
            && scale(text(i - 1)).is_some())
        {
            break;
        }
        i += 1;
    }
    Some(Said { value: total + section, end: i })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: f64) {
        assert_eq!(parse_number(text), Some(expected), "{text}");
    }

    #[test]
    fn amounts_in_both_languages() {
        for (text, value) in [
            ("8万", 80_000.0),
            ("120w", 1_200_000.0),
            ("1.2亿", 120_000_000.0),
            ("60k", 60_000.0),
            ("1.5m", 1_500_000.0),
            ("1,000", 1000.0),
            ("a hundred thousand", 100_000.0),
            ("two hundred and fifty", 250.0),
            ("twenty five", 25.0),
            ("a dozen", 12.0),
            ("两千", 2000.0),
            ("十二", 12.0),
            ("二十", 20.0),
            ("三百五", 350.0),
            ("两百零五", 205.0),
            ("一万二", 12_000.0),
            ("三十五万", 350_000.0),
            ("8%", 0.08),
            ("-3", -3.0),
            ("€ 250", 250.0),
        ] {
            check(text, value);
        }
    }

    #[test]
    fn words_are_no_numbers() {
        for text in ["", "千万别", "revenue", "5 apples", "百货", "a"] {
            assert_eq!(parse_number(text), None, "{text}");
        }
    }
}
