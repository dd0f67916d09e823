//! Which one time is this? A named period, a piece of the calendar, a holiday, a day of the week, a part of a month.

use jiff::civil::Weekday;

use super::{Mention, When};
use crate::agent::planner::embedded::calendar::{Part, Point, point_at};
use crate::agent::planner::embedded::sentence::Sentence;
use crate::domain::{Day, NamedPeriod, Span};

/// One time that is no range.
pub(super) fn single(s: &Sentence<'_>, at: usize, today: Day) -> Option<Mention> {
    let named = s.of("period").find(|hit| hit.from == at).and_then(|hit| {
        let (name, _) = NamedPeriod::ALL.into_iter().find(|(_, key)| *key == hit.key)?;
        Some(Mention { when: When::Named(name), from: at, to: hit.to })
    });
    let point = point_at(s, at, today).and_then(|(point, to)| {
        let when = named_year(point, today).unwrap_or(When::Days(point.days(today)?));
        Some(Mention { when, from: at, to })
    });
    let day = single_day(s, at, today).map(|(span, to)| Mention { when: When::Days(span), from: at, to });
    // 2000 of "2000 customers" is no year
    let point = point.filter(|mention| !(mention.to == at + 1 && is_counted(s, at)));
    if s.says(at, &["week", "of"]) {
        // "the week of 8 June", "week of christmas"
        let inside = single(s, at + 2 + usize::from(s.text(at + 2) == "the"), today)?;
        let When::Days(span) = inside.when else { return None };
        let from = span.from.week_start();
        return Some(Mention { when: When::Days(Span { from, to: from.plus(6) }), from: at, to: inside.to });
    }
    let found =
        [named, point, day, holiday(s, at, today)].into_iter().flatten().max_by_key(|mention| mention.to)?;
    Some(part_of_month(s, found, today))
}

/// 情人节, "Black Friday": the nearest that has begun, or of the year said beside it.
fn holiday(s: &Sentence<'_>, at: usize, today: Day) -> Option<Mention> {
    let this = today.date().year();
    let relative = [(["去", "年"], 1), (["今", "年"], 0), (["前", "年"], 2), (["last", "year"], 1)];
    let led = relative.into_iter().find(|(texts, _)| s.says(at, texts)).map(|(_, back)| this - back);
    let written = s.tokens.get(at)?.whole().filter(|year| (1995..2050).contains(year));
    let (before, start) = match (led, written) {
        (Some(year), _) => (Some(year), at + 2),
        (None, Some(year)) => (i16::try_from(year).ok(), at + 1 + usize::from(s.text(at + 1) == "年")),
        (None, None) => (None, at + usize::from(s.text(at) == "last")),
    };
    let hit = s.of("holiday").find(|hit| hit.from == start)?;
    let after =
        s.tokens.get(hit.to).and_then(|token| token.whole()).filter(|year| (1995..2050).contains(year));
    let last_year = s.says(hit.to, &["last", "year"]);
    let (year, to) = match (before, after) {
        (Some(year), _) => (Some(year), hit.to),
        (None, Some(year)) => (i16::try_from(year).ok(), hit.to + 1),
        (None, None) if last_year => (Some(this - 1), hit.to + 2),
        (None, None) => (None, hit.to),
    };
    let day = |year: i16| holiday_in(&hit.key, year);
    let day = match year {
        Some(year) => day(year)?,
        None => (0..2).filter_map(|back| day(this - back)).find(|day| *day <= today)?,
    };
    Some(Mention { when: When::Days(Span { from: day, to: day }), from: at, to })
}

fn holiday_in(key: &str, year: i16) -> Option<Day> {
    // Black Friday follows the fourth Thursday of November
    let black_friday = || {
        let first = Day::from_ymd(year, 11, 1)?;
        let to_thursday = (3 - i32::from(first.weekday().to_monday_zero_offset())).rem_euclid(7);
        Some(first.plus(to_thursday + 22))
    };
    match key {
        "black_friday" => black_friday(),
        "cyber_monday" => black_friday().map(|day| day.plus(3)),
        _ => {
            let (month, day) = key.split_once('-')?;
            Day::from_ymd(year, month.parse().ok()?, day.parse().ok()?)
        }
    }
}

/// 6月上旬 are its first ten days, "the first half of May" its first fifteen.
fn part_of_month(s: &Sentence<'_>, whole: Mention, today: Day) -> Mention {
    const THAT_WEEK: [&[&str]; 4] =
        [&["那", "周"], &["那", "一", "周"], &["当", "周"], &["那", "个", "星", "期"]];
    if let (When::Days(span), Some(texts)) =
        (whole.when, THAT_WEEK.into_iter().find(|texts| s.says(whole.to, texts)))
        && span.from == span.to
    {
        let from = span.from.week_start();
        let when = When::Days(Span { from, to: from.plus(6) });
        return Mention { when, from: whole.from, to: whole.to + texts.len() };
    }
    let span = match whole.when {
        When::Days(span)
            if span.from == span.from.month_start(0) && span.to == span.from.month_start(1).plus(-1) =>
        {
            span
        }
        When::Named(name @ (NamedPeriod::ThisMonth | NamedPeriod::LastMonth)) => {
            let back = if name == NamedPeriod::ThisMonth { 0 } else { -1 };
            Span { from: today.month_start(back), to: today.month_start(back + 1).plus(-1) }
        }
        _ => return whole,
    };
    let next = whole.to + usize::from(s.text(whole.to) == "的");
    let days = |first: i32, last: i32| Span {
        from: span.from.plus(first - 1),
        to: span.from.plus(last - 1).min(span.to),
    };
    let (part, to) = match (s.text(next), s.text(next + 1)) {
        ("上", "旬") => (days(1, 10), next + 2),
        ("中", "旬") => (days(11, 20), next + 2),
        ("下", "旬") => (days(21, 31), next + 2),
        ("前", "半") | ("上", "半") => (days(1, 15), next + 2 + usize::from(s.text(next + 2) == "月")),
        ("后", "半") | ("下", "半") => (days(16, 31), next + 2 + usize::from(s.text(next + 2) == "月")),
        ("头", "十") if s.text(next + 2) == "天" => (days(1, 10), next + 3),
        ("第", "一") if s.text(next + 2) == "周" => (days(1, 7), next + 3),
        _ => return led_part_of_month(s, whole, &days),
    };
    Mention { when: When::Days(part), from: whole.from, to }
}

/// "the first half of May", "first week of May", "early May".
fn led_part_of_month(s: &Sentence<'_>, whole: Mention, days: &dyn Fn(i32, i32) -> Span) -> Mention {
    let led = |texts: &[&str]| {
        let from = whole.from.checked_sub(texts.len())?;
        s.says(from, texts).then_some(from)
    };
    let table: [(&[&str], (i32, i32)); 5] = [
        (&["first", "half", "of"], (1, 15)),
        (&["second", "half", "of"], (16, 31)),
        (&["first", "week", "of"], (1, 7)),
        (&["first", "ten", "days", "of"], (1, 10)),
        (&["first", "two", "weeks", "of"], (1, 14)),
    ];
    for (texts, (first, last)) in table {
        if let Some(from) = led(texts) {
            return Mention { when: When::Days(days(first, last)), from, to: whole.to };
        }
    }
    whole
}

/// The running and the last year have names.
fn named_year(point: Point, today: Day) -> Option<When> {
    let this = today.date().year();
    match (point.part, point.year) {
        (Part::Year, Some(year)) if year == this => Some(When::Named(NamedPeriod::ThisYear)),
        (Part::Year, Some(year)) if year == this - 1 => Some(When::Named(NamedPeriod::LastYear)),
        _ => None,
    }
}

fn is_counted(s: &Sentence<'_>, at: usize) -> bool {
    s.tokens.get(at).is_some_and(|token| token.number().is_some()) && s.cue(at + 1, "counted").is_some()
}

fn single_day(s: &Sentence<'_>, at: usize, today: Day) -> Option<(Span, usize)> {
    let one = |day: Day| Span { from: day, to: day };
    let table: [(&[&str], i32); 10] = [
        (&["yesterday"], -1),
        (&["yesterdays"], -1),
        (&["昨", "天"], -1),
        (&["昨", "日"], -1),
        (&["today"], 0),
        (&["todays"], 0),
        (&["今", "天"], 0),
        (&["今", "日"], 0),
        (&["前", "天"], -2),
        (&["the", "day", "before", "yesterday"], -2),
    ];
    for (texts, back) in table {
        if s.says(at, texts) {
            return Some((one(today.plus(back)), at + texts.len()));
        }
    }
    before_last(s, at, today).or_else(|| weekday(s, at, today).map(|(day, end)| (one(day), end))).or_else(
        || {
            let weekend =
                [["上", "周", "末"].as_slice(), &["last", "weekend"], &["the", "weekend"], &["周", "末"]];
            let said = weekend.into_iter().find(|texts| s.says(at, texts))?;
            let saturday = today.week_start().plus(-2);
            Some((Span { from: saturday, to: saturday.plus(1) }, at + said.len()))
        },
    )
}

/// 上上周, 上上个月, "the week before last", 前年.
fn before_last(s: &Sentence<'_>, at: usize, today: Day) -> Option<(Span, usize)> {
    let week = Span { from: today.week_start().plus(-14), to: today.week_start().plus(-8) };
    let month = Span { from: today.month_start(-2), to: today.month_start(-1).plus(-1) };
    let quarter = Span { from: today.quarter_start(-2), to: today.quarter_start(-1).plus(-1) };
    let year = Span { from: today.year_start(-2), to: today.year_start(-1).plus(-1) };
    let table: [(&[&str], Span); 10] = [
        (&["上", "上", "周"], week),
        (&["上", "上", "个", "星", "期"], week),
        (&["week", "before", "last"], week),
        (&["上", "上", "个", "月"], month),
        (&["上", "上", "月"], month),
        (&["month", "before", "last"], month),
        (&["上", "上", "个", "季", "度"], quarter),
        (&["quarter", "before", "last"], quarter),
        (&["前", "年"], year),
        (&["year", "before", "last"], year),
    ];
    let start = at + usize::from(s.text(at) == "the");
    table.into_iter().find(|(texts, _)| s.says(start, texts)).map(|(texts, span)| (span, start + texts.len()))
}

/// "last friday", "on monday", 上周五, 周一.
fn weekday(s: &Sentence<'_>, at: usize, today: Day) -> Option<(Day, usize)> {
    const NAMES: [(&str, &str, Weekday); 7] = [
        ("monday", "mon", Weekday::Monday),
        ("tuesday", "tue", Weekday::Tuesday),
        ("wednesday", "wed", Weekday::Wednesday),
        ("thursday", "thu", Weekday::Thursday),
        ("friday", "fri", Weekday::Friday),
        ("saturday", "sat", Weekday::Saturday),
        ("sunday", "sun", Weekday::Sunday),
    ];
    const HAN: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];
    let name_at = at + usize::from(matches!(s.text(at), "last" | "on" | "this"));
    for (full, short, day) in NAMES {
        let text = s.text(name_at);
        if text == full || (text == short && name_at > at) {
            let back = (i32::from(today.weekday().to_monday_zero_offset())
                - i32::from(day.to_monday_zero_offset()))
            .rem_euclid(7);
            let back = if back == 0 && s.text(at) == "last" { 7 } else { back };
            return Some((today.plus(-back), name_at + 1));
        }
    }
    let (weeks, start) = match s.text(at) {
        "上" => (1, at + 1),
        "这" | "本" => (0, at + 1),
        _ => (0, at),
    };
    let end = match (s.text(start), s.text(start + 1)) {
        ("周", _) => start + 1,
        ("星", "期") | ("礼", "拜") => start + 2,
        _ => return None,
    };
    let text = if s.text(end) == "天" { "日" } else { s.text(end) };
    let offset = HAN.iter().position(|name| *name == text)?;
    let day = today.week_start().plus(-7 * weeks + offset as i32);
    let day = if weeks == 0 && start == at && day > today { day.plus(-7) } else { day };
    Some((day, end + 1))
}
