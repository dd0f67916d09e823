//! Which times does a sentence speak of, looking back or ahead?
//!
//! Named periods, pieces of the calendar, ranges, "since April", "past 6 weeks", 近半年, 三年内, "two months ago".
//! A month without a year is the nearest one that has begun. The tool decides what a time means for it: `query_metrics`
//! looks back, `predict_clv` looks ahead.

use jiff::civil::Weekday;

use super::calendar::{Part, Point, month_name, month_number, point_at, small_int};
use super::numbers::number_at;
use super::sentence::Sentence;
use crate::domain::{Day, NamedPeriod, Period, Span};

/// A time that was said: tokens `from..to`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Mention {
    /// What was said.
    pub when: When,
    /// First token.
    pub from: usize,
    /// The token after the last.
    pub to: usize,
}

/// What was said about time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum When {
    /// "last month".
    Named(NamedPeriod),
    /// "March to May".
    Days(Span),
    /// "6 months", and whether they lie behind or ahead.
    Lasting(f64, Unit, Way),
}

/// Units of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// Where a duration lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    Past,
    Future,
    Unsaid,
}

const DAYS_PER_MONTH: f64 = 30.4375;

impl Unit {
    fn from_key(key: &str) -> Option<Self> {
        Some(match key {
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "year" => Self::Year,
            _ => return None,
        })
    }

    fn months(self, count: f64) -> f64 {
        match self {
            Self::Day => count / DAYS_PER_MONTH,
            Self::Week => count * 7.0 / DAYS_PER_MONTH,
            Self::Month => count,
            Self::Quarter => 3.0 * count,
            Self::Year => 12.0 * count,
        }
    }
}

impl When {
    /// The period meant, looking back; nothing for what lies ahead.
    pub(super) fn period(self, today: Day) -> Option<Period> {
        match self {
            Self::Named(name) => Some(Period::Named(name)),
            Self::Days(span) => Some(calendar_name(span, today)),
            Self::Lasting(_, _, Way::Future) => None,
            Self::Lasting(count, unit, Way::Past | Way::Unsaid) => trailing(count, unit, today),
        }
    }

    /// The horizon in months, looking ahead; nothing for what lies behind.
    pub(super) fn horizon_months(self) -> Option<i64> {
        match self {
            Self::Lasting(count, unit, Way::Future | Way::Unsaid) => {
                Some((unit.months(count).round() as i64).max(1))
            }
            Self::Lasting(..) | Self::Named(_) | Self::Days(_) => None,
        }
    }
}

/// A whole month, quarter or week that has a name is given by it, so that a running one stays running.
fn calendar_name(span: Span, today: Day) -> Period {
    let spans = |from: Day, next: Day| span == Span { from, to: next.plus(-1) };
    let named = [
        (NamedPeriod::ThisMonth, spans(today.month_start(0), today.month_start(1))),
        (NamedPeriod::LastMonth, spans(today.month_start(-1), today.month_start(0))),
        (NamedPeriod::ThisQuarter, spans(today.quarter_start(0), today.quarter_start(1))),
        (NamedPeriod::LastQuarter, spans(today.quarter_start(-1), today.quarter_start(0))),
        (NamedPeriod::ThisYear, spans(today.year_start(0), today.year_start(1))),
        (NamedPeriod::LastYear, spans(today.year_start(-1), today.year_start(0))),
        (NamedPeriod::LastWeek, spans(today.week_start().plus(-7), today.week_start())),
    ];
    let name = named.into_iter().find(|(_, same)| *same).map(|(name, _)| name);
    name.map_or_else(|| Period::range(span.from, span.to), Period::Named)
}

/// The last so many days, weeks, months up to today; the usual ones have names.
fn trailing(count: f64, unit: Unit, today: Day) -> Option<Period> {
    let days = match unit {
        Unit::Day => count,
        Unit::Week => 7.0 * count,
        Unit::Month | Unit::Quarter | Unit::Year => {
            let months = unit.months(count);
            if (months - 1.0).abs() < 1e-9 {
                return Some(Period::Named(NamedPeriod::Last30Days));
            }
            if (months - 3.0).abs() < 1e-9 {
                return Some(Period::Named(NamedPeriod::Last90Days));
            }
            if months.fract().abs() < 1e-9 && (1.0..=600.0).contains(&months) {
                return Some(Period::range(months_back(today, months as i32), today));
            }
            months * DAYS_PER_MONTH
        }
    };
    if !(1.0..=20_000.0).contains(&days) {
        return None;
    }
    Some(match days.round() as i32 {
        7 => Period::Named(NamedPeriod::Last7Days),
        30 => Period::Named(NamedPeriod::Last30Days),
        90 => Period::Named(NamedPeriod::Last90Days),
        days => Period::range(today.plus(1 - days), today),
    })
}

/// First of the days that make the last whole `months` up to today.
fn months_back(today: Day, months: i32) -> Day {
    let next = today.plus(1);
    if next == next.month_start(0) {
        return next.month_start(-months);
    }
    let start = next.month_start(-months);
    let last = start.month_start(1).plus(-1);
    start.plus(i32::from(next.date().day()) - 1).min(last)
}

/// Every time in the sentence, from left to right.
pub(super) fn mentions(s: &Sentence<'_>, today: Day) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < s.tokens.len() {
        let candidates = [
            range(s, at, today),
            since(s, at, today),
            lasting(s, at, today),
            ago(s, at, today),
            single(s, at, today),
        ];
        match candidates.into_iter().flatten().max_by_key(|mention| mention.to) {
            Some(mention) if mention.to > at => {
                at = mention.to;
                found.push(mention);
            }
            _ => at += 1,
        }
    }
    found
}

/// One time that is no range.
fn single(s: &Sentence<'_>, at: usize, today: Day) -> Option<Mention> {
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

/// "March to May", 3到5月, "1–15 June", "between Jan and Mar 2025", "from last month until now".
fn range(s: &Sentence<'_>, at: usize, today: Day) -> Option<Mention> {
    let mut start = at;
    while matches!(s.text(start), "from" | "between" | "从" | "自") || (start > at && s.text(start) == "the")
    {
        start += 1;
    }
    let between = s.text(start.wrapping_sub(1)) == "between";
    let joint = |at: usize| -> Option<usize> {
        if between && s.text(at) == "and" { Some(at + 1) } else { s.cue(at, "to") }
    };
    let days = |span, to| Some(Mention { when: When::Days(span), from: at, to });
    if let Some((first, end)) = shared_part(s, start, &joint, today) {
        return days(first, end);
    }
    let (first, end) = point_at(s, start, today)?;
    let next = joint(end)?;
    let next = next + usize::from(s.text(next) == "the");
    if let Some((last, end)) = point_at(s, next, today) {
        return days(first.through(last, today)?, end);
    }
    // "June 1-15", 5月1日到15日
    if let (Part::Date(month, _), Some(day)) = (first.part, number_at(&s.tokens, next)) {
        let closed = matches!(s.text(day.end), "日" | "号" | "th" | "st" | "nd" | "rd");
        let last = Point { year: first.year, part: Part::Date(month, small_int(day.value, 31)?) };
        return days(first.through(last, today)?, day.end + usize::from(closed));
    }
    let now = s.cue(next, "now").or_else(|| (s.says(next, &["昨", "天"])).then_some(next + 2))?;
    days(Span { from: first.days(today)?.from, to: today }, now)
}

/// Both ends share what is said once: 3到5月, 3-5月, "1 to 15 June".
fn shared_part(
    s: &Sentence<'_>,
    start: usize,
    joint: &dyn Fn(usize) -> Option<usize>,
    today: Day,
) -> Option<(Span, usize)> {
    let (year, at) = match point_at(s, start, today) {
        Some((Point { year: Some(year), part: Part::Year }, end)) => (Some(year), end),
        _ if s.says(start, &["去", "年"]) => (Some(today.date().year() - 1), start + 2),
        _ if s.says(start, &["今", "年"]) => (Some(today.date().year()), start + 2),
        _ => (None, start),
    };
    let first = number_at(&s.tokens, at)?;
    let first_end = first.end + usize::from(matches!(s.text(first.end), "th" | "st" | "nd" | "rd"));
    let next = joint(first_end)?;
    let next = next + usize::from(s.text(next) == "the");
    let with_year = |point: Point| Point { year: point.year.or(year), ..point };
    if let (Some(month), Some(second)) =
        (month_number(s, at).or(small_int(first.value, 12)), number_at(&s.tokens, next))
        && s.text(second.end) == "月"
        && second.value <= 12.0
    {
        let last = Point { year, part: Part::Month(small_int(second.value, 12)?) };
        let first = Point { year, part: Part::Month(month) };
        return Some((first.through(last, today)?, second.end + 1));
    }
    let (last, end) = point_at(s, next, today)?;
    let Part::Date(month, _) = last.part else { return None };
    // "5 to 15 June", not "5 - May 3"
    month_name(s, next).is_none().then_some(())?;
    let last = with_year(last);
    let first = Point { year: last.year, part: Part::Date(month, small_int(first.value, 31)?) };
    Some((first.through(last, today)?, end))
}

/// "since April", 4月以来, 从4月开始.
fn since(s: &Sentence<'_>, at: usize, today: Day) -> Option<Mention> {
    let led = s.cue(at, "since");
    let start = led.unwrap_or(at);
    let (from, end) = if let Some((point, end)) = point_at(s, start, today) {
        (point.days(today)?.from, end)
    } else {
        let mention = single(s, start, today)?;
        (mention.when.period(today)?.resolve(today, Span { from: Day(0), to: today }).ok()?.from, mention.to)
    };
    let onward = s.cue(end, "onward");
    // "from" alone may introduce a range, and 从 a place; only "since" needs no second word
    let sure =
        onward.is_some() || led.is_some_and(|_| matches!(s.text(start - 1), "since" | "starting" | "自"));
    let to = onward.unwrap_or(end);
    (sure && from <= today).then_some(Mention { when: When::Days(Span { from, to: today }), from: at, to })
}

/// "past 6 weeks", 近半年, "the next 2 years", 三年内, "24-month", "next year".
fn lasting(s: &Sentence<'_>, at: usize, today: Day) -> Option<Mention> {
    let past = s.cue(at, "past").or_else(|| (s.text(at) == "前").then_some(at + 1));
    let future = s.cue(at, "future");
    let (mut way, start) = match (past, future) {
        (Some(end), None) => (Way::Past, end),
        (None, Some(end)) => (Way::Future, end),
        (Some(past), Some(future)) if past > future => (Way::Past, past),
        (Some(_), Some(future)) => (Way::Future, future),
        (None, None) => (Way::Unsaid, at),
    };
    if let Some(mention) = whole_future(s, at, today) {
        return Some(mention);
    }
    let start = start + usize::from(way != Way::Unsaid && matches!(s.text(start), "的" | "full" | "few"));
    let Some((count, unit, mut end)) = count_of_units(s, start) else {
        // "the coming year", "past quarter", 下个月
        if way == Way::Unsaid {
            return None;
        }
        let unit_at = start + usize::from(s.text(start) == "个");
        let behind = s.text(start.wrapping_sub(1)) == "past";
        let hit = s.unit(unit_at).filter(|_| way == Way::Future || behind)?;
        return Some(Mention {
            when: When::Lasting(1.0, Unit::from_key(&hit.key)?, way),
            from: at,
            to: hit.to,
        });
    };
    if way == Way::Unsaid {
        if s.cue(end, "ago").is_some() {
            return None;
        }
        for texts in [
            ["之", "后"].as_slice(),
            &["以", "后"],
            &["后"],
            &["from", "now"],
            &["ahead"],
            &["out"],
            &["forward"],
        ] {
            if s.says(end, texts) {
                way = Way::Future;
                end += texts.len();
                break;
            }
        }
    }
    for texts in [["以", "内"].as_slice(), &["之", "内"], &["内"], &["里"]] {
        if s.says(end, texts) {
            end += texts.len();
            break;
        }
    }
    Some(Mention { when: When::Lasting(count, unit, way), from: at, to: end })
}

/// 明年, 下个月, "by the end of the year".
fn whole_future(s: &Sentence<'_>, at: usize, today: Day) -> Option<Mention> {
    let ahead = |texts: &[&str], months: f64| {
        s.says(at, texts).then_some(Mention {
            when: When::Lasting(months, Unit::Month, Way::Future),
            from: at,
            to: at + texts.len(),
        })
    };
    let rest = (f64::from(today.year_start(1).since(today)) / DAYS_PER_MONTH).round().max(1.0);
    ahead(&["明", "年"], 12.0)
        .or_else(|| ahead(&["明", "后", "两", "年"], 24.0))
        .or_else(|| ahead(&["今", "年", "年", "底"], rest))
        .or_else(|| ahead(&["今", "年", "底"], rest))
        .or_else(|| ahead(&["年", "底"], rest))
        .or_else(|| ahead(&["年", "末"], rest))
        .or_else(|| ahead(&["到", "年", "底"], rest))
        .or_else(|| ahead(&["年", "底", "前"], rest))
        .or_else(|| ahead(&["年", "底", "之", "前"], rest))
        .or_else(|| ahead(&["end", "of", "the", "year"], rest))
        .or_else(|| ahead(&["end", "of", "this", "year"], rest))
        .or_else(|| ahead(&["year", "end"], rest))
        .or_else(|| ahead(&["rest", "of", "the", "year"], rest))
        .or_else(|| ahead(&["rest", "of", "this", "year"], rest))
}

/// 6 weeks, 半年, 一年半, 个半月, "half a year", "a year and a half", "24-month".
fn count_of_units(s: &Sentence<'_>, at: usize) -> Option<(f64, Unit, usize)> {
    let unit_at = |at: usize| s.unit(at).and_then(|hit| Some((Unit::from_key(&hit.key)?, hit.to)));
    for texts in [["半", "年"].as_slice(), &["half", "year"], &["half", "a", "year"], &["half", "an", "year"]]
    {
        if s.says(at, texts) {
            return Some((6.0, Unit::Month, at + texts.len()));
        }
    }
    for texts in [["半", "个", "月"].as_slice(), &["half", "a", "month"]] {
        if s.says(at, texts) {
            return Some((15.0, Unit::Day, at + texts.len()));
        }
    }
    if matches!(s.text(at), "a" | "an" | "one" | "整") {
        let (unit, end) = unit_at(at + 1)?;
        if s.says(end, &["and", "a", "half"]) {
            return Some((1.5, unit, end + 3));
        }
        return Some((1.0, unit, end));
    }
    // "12m" is twelve months where a time is looked for
    if let (Some(value), Some(next)) = (s.tokens.get(at)?.number(), s.tokens.get(at + 1))
        && next.is("m")
        && !next.spaced
        && value <= 120.0
    {
        return Some((value, Unit::Month, at + 2));
    }
    let said = number_at(&s.tokens, at)?;
    if !(said.value > 0.0 && said.value <= 10_000.0) {
        return None;
    }
    let (mut value, mut end) = (said.value, said.end);
    if s.says(end, &["and", "a", "half"]) {
        value += 0.5;
        end += 3;
    }
    if s.says(end, &["个", "半", "月"]) {
        return Some((value + 0.5, Unit::Month, end + 3));
    }
    if s.text(end) == "-" || (s.text(end) == "整") {
        end += 1;
    }
    let (unit, mut unit_end) = unit_at(end)?;
    // 5月 is May, 25年 is 2025: durations say 5个月, 两年
    let bare_month = s.text(end) == "月";
    let short_year =
        s.text(end) == "年" && (20.0..50.0).contains(&value) && s.tokens.get(at)?.number().is_some();
    let led = at > 0 && (s.cue_before(at, "past").is_some() || s.cue_before(at, "future").is_some());
    if (bare_month && !led) || short_year || (s.text(end) == "年" && value >= 100.0) {
        return None;
    }
    // 5日 is a day of the month
    if s.text(end) == "日" && !led {
        return None;
    }
    if s.text(unit_end) == "半" && unit == Unit::Year {
        value += 0.5;
        unit_end += 1;
    }
    Some((value, unit, unit_end))
}

/// "two months ago" is that month, 三周前 that week, "10 days ago" that day.
fn ago(s: &Sentence<'_>, at: usize, today: Day) -> Option<Mention> {
    let (count, unit, end) = count_of_units(s, at)?;
    let to = s.cue(end, "ago")?;
    let back = small_int(count, 120).map(i32::from)?;
    let span = match unit {
        Unit::Day => Span { from: today.plus(-back), to: today.plus(-back) },
        Unit::Week => {
            let from = today.week_start().plus(-7 * back);
            Span { from, to: from.plus(6) }
        }
        Unit::Month => Span { from: today.month_start(-back), to: today.month_start(1 - back).plus(-1) },
        Unit::Quarter => {
            Span { from: today.quarter_start(-back), to: today.quarter_start(1 - back).plus(-1) }
        }
        Unit::Year => Span { from: today.year_start(-back), to: today.year_start(1 - back).plus(-1) },
    };
    Some(Mention { when: When::Days(span), from: at, to })
}
