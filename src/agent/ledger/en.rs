//! Which English words are numbers, and which only look like it?
//!
//! "one" and "second" are mostly no figures ("one of them", "the second half"); "half", "twice" and "a third" are.

use super::scan::{Bound, Class, Found, Noun, Scanner};
use crate::domain::number_word::{cardinal, scale};

/// Half a word's looseness: "half" may be said of 47.5 to 52.5 %.
const LOOSE: f64 = 0.05;

/// What the word at `at` says.
pub(super) fn token_at(scanner: &Scanner, at: usize, word: &str, end: usize) -> Found {
    let previous = scanner.word_before(at);
    let (next, _) = scanner.word(scanner.spaces(end));
    let token = |class, value: f64, step: f64| Found::Token(scanner.token(at, end, class, value, step));
    match word {
        "half" => half(scanner, at, end, &previous, &next),
        "halve" | "halved" | "halves" | "halving" => token(Class::Fraction, 0.5, LOOSE),
        "single" | "double" | "triple" if scanner.starts(end, "-digit") || scanner.starts(end, " digit") => {
            token(Class::Loose, f64::NAN, 0.0)
        }
        "handful" | "xx" | "xxx" => token(Class::Loose, f64::NAN, 0.0),
        "order" | "orders" if scanner.starts(end, " of magnitude") => token(Class::Loose, f64::NAN, 0.0),
        "all" if scanner.starts(end, "-time") || scanner.starts(end, " time ") => {
            token(Class::Loose, f64::NAN, 0.0)
        }
        "record" if matches!(next.as_str(), "high" | "low" | "breaking" | "month" | "year" | "quarter") => {
            token(Class::Loose, f64::NAN, 0.0)
        }
        "ever" if superlative(scanner, at) => token(Class::Loose, f64::NAN, 0.0),
        "double" if scanner.at(end) == '-' || next == "check" => Found::Free(end),
        "every" | "each" if let Some((parts, stop)) = nth_customer(scanner, end) => {
            Found::Token(scanner.token(at, stop, Class::Fraction, 1.0 / parts, LOOSE))
        }
        "tens" | "dozens" | "scores" | "hundreds" | "thousands" | "millions" | "billions"
            if word != "scores" || next == "of" =>
        {
            several(scanner, at)
        }
        "one" if !counted(scanner, end, &previous, &next) => Found::Free(end),
        _ if let Some(times) = times(word) => {
            let mut token = scanner.token(at, end, Class::Factor, times, times / 10.0);
            token.sign = i8::from(["led", "les", "ling"].iter().any(|ending| word.ends_with(ending)));
            Found::Token(token)
        }
        _ if parts_of(word).is_some() => part(scanner, at, end, word, &previous, &next),
        _ if scale(word).is_some()
            && matches!(previous.as_str(), "few" | "several" | "couple" | "some" | "many" | "of") =>
        {
            several(scanner, at)
        }
        _ if cardinal(word).or_else(|| scale(word)).is_some() => number(scanner, at),
        _ => Found::Free(end),
    }
}

/// Twice, tripled, fivefold.
fn times(word: &str) -> Option<f64> {
    Some(match word {
        "twice" | "double" | "doubled" | "doubles" | "doubling" | "twofold" => 2.0,
        "thrice" | "triple" | "tripled" | "triples" | "tripling" | "treble" | "trebled" => 3.0,
        "quadruple" | "quadrupled" | "quadruples" | "quadrupling" => 4.0,
        "quintuple" | "quintupled" => 5.0,
        _ => {
            let many = word.strip_suffix("fold")?;
            return cardinal(many).or_else(|| scale(many));
        }
    })
}

/// "Highest", or "highest month", before a position.
fn superlative(scanner: &Scanner, at: usize) -> bool {
    let before = scanner.slice(at.saturating_sub(30), at).to_lowercase();
    before
        .split_whitespace()
        .rev()
        .take(2)
        .any(|word| word.ends_with("est") || matches!(word, "most" | "worst"))
}

/// How many parts a third, a quarter or a tenth is one of.
fn parts_of(word: &str) -> Option<f64> {
    const PARTS: [(&str, f64); 9] = [
        ("third", 3.0),
        ("quarter", 4.0),
        ("fifth", 5.0),
        ("sixth", 6.0),
        ("seventh", 7.0),
        ("eighth", 8.0),
        ("ninth", 9.0),
        ("tenth", 10.0),
        ("hundredth", 100.0),
    ];
    let one = word.strip_suffix('s').unwrap_or(word);
    PARTS.iter().find(|(part, _)| *part == one).map(|(_, parts)| *parts)
}

/// "Every second customer": one in how many, and the end of it.
fn nth_customer(scanner: &Scanner, at: usize) -> Option<(f64, usize)> {
    let (which, end) = scanner.word(scanner.spaces(at));
    let (whom, stop) = scanner.word(scanner.spaces(end));
    noun(&whom)?;
    let parts = if matches!(which.as_str(), "second" | "other") { 2.0 } else { parts_of(&which)? };
    Some((parts, stop))
}

/// Dozens of, hundreds of thousands, a few hundred, a couple of dozen: from twice that up to ten times as many again.
fn several(scanner: &Scanner, at: usize) -> Found {
    let (mut value, mut end, mut cursor) = (1.0, at, at);
    loop {
        let (word, stop) = scanner.word(cursor);
        let one = word.strip_suffix('s').unwrap_or(&word);
        match scale(one).or(match one {
            "ten" => Some(10.0),
            "score" => Some(20.0),
            _ => None,
        }) {
            Some(scale) => (value, end) = (value * scale, stop),
            None if word == "of" && end > at => {}
            None => break,
        }
        cursor = scanner.spaces(stop);
        if cursor == stop {
            break;
        }
    }
    let (of, behind) = scanner.word(scanner.spaces(end));
    let mut token = scanner.with_unit(at, if of == "of" { behind } else { end }, value * 2.0, 0.0);
    token.bound = Bound::TenTimes;
    if matches!(token.class, Class::Plain | Class::Count(_)) {
        (token.text, token.end) = (scanner.slice(token.start, end), end);
    }
    Found::Token(token)
}

fn half(scanner: &Scanner, at: usize, end: usize, previous: &str, next: &str) -> Found {
    let after = scanner.spaces(end + usize::from(scanner.at(end) == '-'));
    let year = scanner.starts(after, "year") || scanner.starts(after, "a year");
    if year {
        let stop = scanner.word(after).1.max(after + 4);
        return Found::Token(scanner.token(at, stop, Class::Months, 6.0, 1.0));
    }
    // "half a dozen", "half a million"
    let (scaled, stop) = scanner.word(scanner.spaces(scanner.word(scanner.spaces(end)).1));
    if let Some(many) = scale(&scaled).filter(|_| next == "a") {
        return Found::Token(scanner.with_unit(at, stop, many / 2.0, many / 10.0));
    }
    let which = matches!(previous, "first" | "second" | "other" | "better");
    let compound = scanner.at(end) == '-' || matches!(next, "life" | "way" | "width");
    if which || compound {
        return Found::Free(end);
    }
    Found::Token(scanner.token(at, end, Class::Fraction, 0.5, LOOSE))
}

/// "a third", "two thirds", "a quarter of": figures; "the third", "last quarter": not.
fn part(scanner: &Scanner, at: usize, end: usize, word: &str, previous: &str, next: &str) -> Found {
    let many = match previous {
        "a" | "an" | "one" => 1.0,
        other => match cardinal(other) {
            Some(many) if word.ends_with('s') => many,
            _ => return Found::Free(end),
        },
    };
    let Some(parts) = parts_of(word) else { return Found::Free(end) };
    if parts > 5.0 && parts < 10.0 && next != "of" {
        // "a sixth city" is one more
        return Found::Free(end);
    }
    if parts < 5.0 && parts > 3.0 && previous == "a" && next != "of" {
        // "once a quarter" is a time; "by a quarter" a share.
        let mut left = at;
        while left > 0 && scanner.before(left) == ' ' {
            left -= 1;
        }
        let before = scanner.word_before(left.saturating_sub(1));
        if !matches!(
            before.as_str(),
            "by" | "about" | "nearly" | "almost" | "over" | "than" | "roughly" | "around"
        ) {
            return Found::Free(end);
        }
    }
    // Two thirds and three quarters: the cardinal before was scanned as a number of its own; it is checked as such.
    Found::Token(scanner.token(at, end, Class::Fraction, many / parts, LOOSE))
}

/// Whether this "one" counts something.
fn counted(scanner: &Scanner, end: usize, previous: &str, next: &str) -> bool {
    let hyphen = scanner.at(end) == '-';
    // "one customer's future", "for one customer" are articles; "only one customer", "there was one order" count.
    let stressed =
        matches!(previous, "only" | "just" | "exactly" | "least" | "most" | "was" | "had" | "have");
    let thing = matches!(next, "customer" | "order" | "buyer" | "day" | "week" | "month");
    let number = matches!(next, "percent" | "per" | "hundred" | "thousand" | "million" | "in" | "out");
    let article = matches!(previous, "no" | "each" | "every" | "any" | "which");
    !hyphen && ((stressed && thing) || previous == "only" || (number && !article))
}

/// "twenty-five", "one hundred and twenty", "a hundred thousand", then its unit.
fn number(scanner: &Scanner, at: usize) -> Found {
    let (mut total, mut current, mut step) = (0.0_f64, 0.0_f64, 1.0_f64);
    let (mut end, mut cursor) = (at, at);
    loop {
        let (word, stop) = scanner.word(cursor);
        if word == "and" && end > at && step >= 100.0 {
            let (following, _) = scanner.word(scanner.spaces(stop));
            if cardinal(&following).is_none() {
                break;
            }
        } else if let Some(value) = cardinal(&word) {
            current += value;
            step = 1.0;
            end = stop;
        } else if let Some(value) = scale(&word) {
            if value >= 1e3 {
                total += current.max(1.0) * value;
                current = 0.0;
            } else {
                current = current.max(1.0) * value;
            }
            step = if value < 100.0 { 1.0 } else { value.max(step) };
            end = stop;
        } else {
            break;
        }
        let joined = scanner.at(stop) == '-';
        cursor = if joined { stop + 1 } else { scanner.spaces(stop) };
        if cursor == stop {
            break;
        }
    }
    let joined = scanner.spaces(end + usize::from(scanner.at(end) == '-'));
    let (next, stop) = scanner.word(joined);
    if let Some(parts) = parts_of(&next).filter(|_| next.ends_with('s')) {
        return Found::Token(scanner.token(at, stop, Class::Fraction, (total + current) / parts, LOOSE));
    }
    if let Some(half) = [" and a half", "-and-a-half"].iter().find(|half| scanner.starts(end, half)) {
        return Found::Token(scanner.with_unit(at, end + half.len(), total + current + 0.5, 0.2));
    }
    Found::Token(scanner.with_unit(at, end, total + current, step))
}

/// The unit or the counted thing behind a number, at most two words away.
pub(super) fn unit(scanner: &Scanner, number_end: usize, at: usize) -> Option<(Class, f64, usize)> {
    let (word, end) = scanner.word(at);
    let after = scanner.spaces(end);
    let class = match word.as_str() {
        "percent" | "pct" => return percent(scanner, end, after),
        "per" if scanner.starts(after, "cent") => return Some((Class::Percent, 0.01, after + 4)),
        "percentage" if scanner.starts(after, "point") => {
            return Some((Class::Points, 0.01, scanner.word(after).1));
        }
        "pp" | "points" => return Some((Class::Points, 0.01, end)),
        "bp" | "bps" => return Some((Class::Points, 0.0001, end)),
        "x" | "times" | "fold" => Class::Factor,
        "day" | "days" => Class::Days,
        "week" | "weeks" => Class::Weeks,
        "month" | "months" => Class::Months,
        "year" | "years" => return Some((Class::Months, 12.0, end)),
        "hour" | "hours" | "minute" | "minutes" | "second" | "seconds" => Class::Clock,
        "euro" | "euros" => Class::Money(vec![crate::domain::Currency::EUR]),
        "pounds" => Class::Money(vec![crate::domain::Currency::GBP]),
        "dollars" => Class::Money(crate::domain::Currency::parse("USD").into_iter().collect()),
        "yuan" => Class::Money(crate::domain::Currency::parse("CNY").into_iter().collect()),
        code if scanner.slice(at, end).chars().all(|c| c.is_ascii_uppercase()) && code.len() == 3 => {
            Class::Money(vec![crate::domain::Currency::parse(code)?])
        }
        _ => {
            let near = noun(&word).or_else(|| {
                let (second, _) = scanner.word(after);
                let skipped =
                    matches!(word.as_str(), "of" | "to" | "in" | "and" | "or" | "by" | "per" | "at");
                noun(&second).filter(|_| !skipped && !word.is_empty())
            })?;
            // The noun is only looked at, so that a number behind it is still found.
            return Some((Class::Count(near), 1.0, number_end));
        }
    };
    Some((class, 1.0, end))
}

fn percent(scanner: &Scanner, end: usize, after: usize) -> Option<(Class, f64, usize)> {
    if scanner.starts(after, "point") {
        return Some((Class::Points, 0.01, scanner.word(after).1));
    }
    Some((Class::Percent, 0.01, end))
}

fn noun(word: &str) -> Option<Noun> {
    match word {
        "order" | "orders" | "purchases" => Some(Noun::Orders),
        "customer" | "customers" | "buyer" | "buyers" | "people" | "shoppers" | "clients" => {
            Some(Noun::Customers)
        }
        "unit" | "units" | "pieces" => Some(Noun::Units),
        "products" | "items" | "lines" | "rows" | "cities" | "categories" | "segments" => Some(Noun::Other),
        _ => None,
    }
}
