//! How is this number written in a sentence, and how in a table?
//!
//! DEFINITIONS §11. Sentences shorten from 10,000 on (12.3k, 1.2m; 12.3万, 1.2亿), tables and JSON keep full cents.
//! Rounding is half to even, once, from the exact value.

use crate::domain::{Currency, Day, Lang, Span, Unit};

/// The typographic minus, so that it is never taken for a hyphen.
const MINUS: char = '−';

/// How long a number may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Shortened from 10,000 on.
    Sentence,
    /// All digits, for tables.
    Full,
}

/// A value with its unit as people read it. Days, weeks, months, ratios and scores come without a word: the
/// sentence around them has it.
pub fn figure(value: f64, unit: Unit, lang: Lang, style: Style) -> String {
    match unit {
        Unit::Money(currency) => money(value, currency, lang, style),
        Unit::Count => count(value, lang, style),
        Unit::Share => percent(value, lang, false),
        Unit::Change => percent(value, lang, true),
        Unit::Points => points(value, lang),
        Unit::Ratio => signed(value, &rounded(value.abs(), 2)),
        Unit::Days | Unit::Weeks | Unit::Months => signed(value, &trimmed(value.abs(), 1)),
        Unit::Date => date(day_of(value), lang),
        Unit::Year => rounded(value, 0).replace(',', ""),
        Unit::Score => signed(value, &significant(value.abs())),
    }
}

/// A probability: two digits, never 0 or 100 %.
pub fn probability(value: f64, lang: Lang) -> String {
    let space = if lang == Lang::En { " " } else { "" };
    if value > 0.99 {
        format!("> 99{space}%")
    } else if value < 0.01 {
        format!("< 1{space}%")
    } else {
        format!("{}{space}%", rounded(value * 100.0, 0))
    }
}

/// Both ends: "€71k to €96k", 7.1万至9.6万.
pub fn interval(lo: f64, hi: f64, unit: Unit, lang: Lang, style: Style) -> String {
    let (lo, hi) = (figure(lo, unit, lang, style), figure(hi, unit, lang, style));
    match lang {
        Lang::En => format!("{lo} to {hi}"),
        Lang::Zh => format!("{lo}至{hi}"),
    }
}

/// "30 June 2026", 2026年6月30日.
pub fn date(day: Day, lang: Lang) -> String {
    let date = day.date();
    match lang {
        Lang::En => format!("{} {} {}", date.day(), month_name(date.month()), date.year()),
        Lang::Zh => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
    }
}

/// A calendar month or year by its name, else both days: "1 April to 30 June 2026", 2026年4月1日至6月30日.
pub fn period(span: Span, lang: Lang) -> String {
    let (from, to) = (span.from.date(), span.to.date());
    if span.from == span.from.year_start(0) && span.to == span.from.year_start(1).plus(-1) {
        return match lang {
            Lang::En => from.year().to_string(),
            Lang::Zh => format!("{}年", from.year()),
        };
    }
    if span.from == span.from.month_start(0) && span.to == span.from.month_start(1).plus(-1) {
        return match lang {
            Lang::En => format!("{} {}", month_name(from.month()), from.year()),
            Lang::Zh => format!("{}年{}月", from.year(), from.month()),
        };
    }
    if span.from == span.to {
        return date(span.from, lang);
    }
    let same_year = from.year() == to.year();
    let same_month = same_year && from.month() == to.month();
    let end = date(span.to, lang);
    match lang {
        Lang::En if same_month => format!("{} to {end}", from.day()),
        Lang::En if same_year => format!("{} {} to {end}", from.day(), month_name(from.month())),
        Lang::En => format!("{} to {end}", date(span.from, lang)),
        Lang::Zh if same_month => format!("{}至{}日", date(span.from, lang), to.day()),
        Lang::Zh if same_year => format!("{}至{}月{}日", date(span.from, lang), to.month(), to.day()),
        Lang::Zh => format!("{}至{end}", date(span.from, lang)),
    }
}

/// The English name of a month, 1 to 12.
pub fn month_name(month: i8) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    usize::try_from(month - 1).ok().and_then(|index| NAMES.get(index)).copied().unwrap_or("?")
}

/// The day behind a fact of unit `Date`.
pub fn day_of(value: f64) -> Day {
    Day(value.round() as i32)
}

fn money(value: f64, currency: Currency, lang: Lang, style: Style) -> String {
    let size = value.abs();
    let digits = if style == Style::Full || size < 1000.0 { currency.digits() } else { 0 };
    let text = match style {
        Style::Sentence => short(size, digits, lang),
        Style::Full => rounded(size, digits),
    };
    signed(value, &format!("{}{text}", currency.symbol()))
}

/// Whole things without decimals; an expected count below 100 keeps one.
fn count(value: f64, lang: Lang, style: Style) -> String {
    let size = value.abs();
    let whole = (size - size.round()).abs() < 1e-9;
    let text = match style {
        _ if size < 100.0 && !whole => rounded(size, if size < 1.0 { 2 } else { 1 }),
        Style::Sentence => short(size, 0, lang),
        Style::Full => rounded(size, 0),
    };
    signed(value, &text)
}

fn percent(value: f64, lang: Lang, with_sign: bool) -> String {
    let text = rounded(value.abs() * 100.0, 1);
    let space = if lang == Lang::En { " " } else { "" };
    let text = format!("{text}{space}%");
    if with_sign && value > 0.0 { format!("+{text}") } else { signed(value, &text) }
}

fn points(value: f64, lang: Lang) -> String {
    let text = rounded(value.abs() * 100.0, 1);
    let text = match lang {
        Lang::En => format!("{text} pp"),
        Lang::Zh => format!("{text}个百分点"),
    };
    if value > 0.0 { format!("+{text}") } else { signed(value, &text) }
}

fn signed(value: f64, text: &str) -> String {
    let nothing = !text.chars().any(|c| matches!(c, '1'..='9'));
    if value < 0.0 && !nothing { format!("{MINUS}{text}") } else { text.to_owned() }
}

/// The long forms that §11 shortens; the larger unit as soon as rounding reaches it.
fn short(size: f64, digits: u32, lang: Lang) -> String {
    let scales: [(f64, &str); 2] = match lang {
        Lang::En => [(1e3, "k"), (1e6, "m")],
        Lang::Zh => [(1e4, "万"), (1e8, "亿")],
    };
    let [(small, small_sign), (large, large_sign)] = scales;
    if digits_value(size, digits) < 1e4 {
        return rounded(size, digits);
    }
    if digits_value(size / small, 1) * small < large {
        format!("{}{small_sign}", trimmed(size / small, 1))
    } else {
        format!("{}{large_sign}", trimmed(size / large, 1))
    }
}

fn digits_value(size: f64, digits: u32) -> f64 {
    rounded(size, digits).replace(',', "").parse().unwrap_or(size)
}

/// Three significant digits, without zeros behind the point; whole from 100 on.
fn significant(size: f64) -> String {
    let digits = if size > 0.0 && size < 100.0 { (2.0 - size.log10().floor()).clamp(0.0, 12.0) } else { 0.0 };
    let text = rounded(size, digits as u32);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Rounded to `digits` decimals, without a decimal part of zeros.
fn trimmed(size: f64, digits: u32) -> String {
    let text = rounded(size, digits);
    match text.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// Half to even from the exact decimal value (floats carry amounts of micros, so noise below 1e-12 of the value
/// must not decide a tie), with thousands commas.
pub fn rounded(value: f64, digits: u32) -> String {
    if !value.is_finite() {
        return "?".into();
    }
    let scale = 10_f64.powi(i32::try_from(digits).unwrap_or(0));
    let scaled = value.abs() * scale;
    let floor = scaled.floor();
    let above = scaled - floor;
    let noise = (scaled * 1e-12).max(1e-12);
    let mut whole = floor as u128;
    let tie = (above - 0.5).abs() <= noise;
    if (tie && whole % 2 == 1) || (!tie && above > 0.5) {
        whole += 1;
    }
    let power = 10_u128.pow(digits);
    let (units, fraction) = (whole / power, whole % power);
    let mut text = grouped(units);
    if digits > 0 {
        text.push_str(&format!(".{fraction:0width$}", width = digits as usize));
    }
    if value < 0.0 && whole > 0 { format!("{MINUS}{text}") } else { text }
}

fn grouped(units: u128) -> String {
    let digits = units.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const EUR: Unit = Unit::Money(Currency::EUR);

    #[track_caller]
    fn check(value: f64, unit: Unit, en: &str, zh: &str, table: &str) {
        assert_eq!(figure(value, unit, Lang::En, Style::Sentence), en);
        assert_eq!(figure(value, unit, Lang::Zh, Style::Sentence), zh);
        assert_eq!(figure(value, unit, Lang::En, Style::Full), table);
    }

    #[test]
    fn money_is_short_in_sentences_and_exact_in_tables() {
        check(123_456.78, EUR, "€123.5k", "€12.3万", "€123,456.78");
        check(9_999.4, EUR, "€9,999", "€9,999", "€9,999.40");
        check(9_999.6, EUR, "€10k", "€1万", "€9,999.60");
        check(84_000.0, EUR, "€84k", "€8.4万", "€84,000.00");
        check(93.515, EUR, "€93.52", "€93.52", "€93.52");
        check(-1_234_567.0, EUR, "−€1.2m", "−€123.5万", "−€1,234,567.00");
        check(999_960.0, EUR, "€1m", "€100万", "€999,960.00");
        check(120_000_000.0, EUR, "€120m", "€1.2亿", "€120,000,000.00");
        check(5_000.0, Unit::Money(Currency::parse("JPY").unwrap()), "¥5,000", "¥5,000", "¥5,000");
        check(50.0, Unit::Money(Currency::parse("CHF").unwrap()), "CHF 50.00", "CHF 50.00", "CHF 50.00");
    }

    #[test]
    fn shares_changes_and_points() {
        check(0.4235, Unit::Share, "42.4 %", "42.4%", "42.4 %");
        check(0.123, Unit::Change, "+12.3 %", "+12.3%", "+12.3 %");
        check(-0.034, Unit::Change, "−3.4 %", "−3.4%", "−3.4 %");
        check(-0.018, Unit::Points, "−1.8 pp", "−1.8个百分点", "−1.8 pp");
        check(0.0001, Unit::Points, "+0.0 pp", "+0.0个百分点", "+0.0 pp");
        assert_eq!(probability(1.0, Lang::En), "> 99 %");
        assert_eq!(probability(0.001, Lang::Zh), "< 1%");
        assert_eq!(probability(0.875, Lang::En), "88 %");
    }

    #[test]
    fn counts_ratios_dates_years() {
        check(1234.0, Unit::Count, "1,234", "1,234", "1,234");
        check(48_212.0, Unit::Count, "48.2k", "4.8万", "48,212");
        check(2.346, Unit::Count, "2.3", "2.3", "2.3");
        check(0.123, Unit::Count, "0.12", "0.12", "0.12");
        check(3.2, Unit::Ratio, "3.20", "3.20", "3.20");
        check(2026.0, Unit::Year, "2026", "2026", "2026");
        check(20_634.0, Unit::Date, "30 June 2026", "2026年6月30日", "30 June 2026");
        check(90.0, Unit::Days, "90", "90", "90");
        check(0.2426, Unit::Score, "0.243", "0.243", "0.243");
        check(43.0, Unit::Score, "43", "43", "43");
        check(0.0004, Unit::Score, "0.0004", "0.0004", "0.0004");
        check(1234.5, Unit::Score, "1,234", "1,234", "1,234");
    }

    #[test]
    fn half_goes_to_even_once() {
        for (value, digits, text) in
            [(0.5, 0, "0"), (1.5, 0, "2"), (2.5, 0, "2"), (2.675, 2, "2.68"), (2.665, 2, "2.66")]
        {
            assert_eq!(rounded(value, digits), text, "{value}");
        }
    }

    #[test]
    fn periods_and_intervals() {
        let span =
            |from: &str, to: &str| Span { from: Day::parse(from).unwrap(), to: Day::parse(to).unwrap() };
        for (from, to, en, zh) in [
            ("2026-06-01", "2026-06-30", "June 2026", "2026年6月"),
            ("2025-01-01", "2025-12-31", "2025", "2025年"),
            ("2026-06-24", "2026-06-30", "24 to 30 June 2026", "2026年6月24日至30日"),
            ("2026-04-01", "2026-06-30", "1 April to 30 June 2026", "2026年4月1日至6月30日"),
            ("2024-07-01", "2026-06-30", "1 July 2024 to 30 June 2026", "2024年7月1日至2026年6月30日"),
        ] {
            assert_eq!(period(span(from, to), Lang::En), en);
            assert_eq!(period(span(from, to), Lang::Zh), zh);
        }
        assert_eq!(interval(71_000.0, 96_000.0, EUR, Lang::En, Style::Sentence), "€71k to €96k");
        assert_eq!(interval(71_000.0, 96_000.0, EUR, Lang::Zh, Style::Sentence), "€7.1万至€9.6万");
    }
}
