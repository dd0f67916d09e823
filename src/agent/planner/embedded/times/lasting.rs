//! How long, and behind or ahead? "past 6 weeks", 近半年, 三年内, "next year", "two months ago".

use super::{Mention, Unit, Way, When};
use crate::agent::planner::embedded::calendar::small_int;
use crate::agent::planner::embedded::numbers::number_at;
use crate::agent::planner::embedded::sentence::Sentence;
use crate::domain::{Day, MONTH_DAYS, Span};

/// "past 6 weeks", 近半年, "the next 2 years", 三年内, "24-month", "next year".
pub(super) fn lasting(s: &Sentence<'_>, at: usize, today: Day) -> Option<Mention> {
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
    let rest = (f64::from(today.year_start(1).since(today)) / MONTH_DAYS).round().max(1.0);
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
pub(super) fn ago(s: &Sentence<'_>, at: usize, today: Day) -> Option<Mention> {
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
