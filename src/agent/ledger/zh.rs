//! Which Chinese numerals are figures, and which are ordinary words?
//!
//! 一些, 一下, 十分, 千万别, 万一, 周三, 双十一, 第三方 are words; 十二, 两千, 三成, 一半, 百分之五, 翻倍 are figures. A single
//! numeral counts only with a measure word behind it.

use super::scan::{Bound, Class, Found, Noun, Scanner};
use crate::domain::Currency;
use crate::domain::number_word::{han_digit as digit, han_section, han_unit};

/// Half a word's looseness: 三成 may be said of 25 to 35 %, 一半 of 47.5 to 52.5 %.
const LOOSE: f64 = 0.05;
const TENTHS: f64 = 0.1;

/// The scale characters that may stand behind digits.
pub(super) fn scale(c: char) -> Option<f64> {
    han_unit(c).filter(|_| c != '十').or_else(|| han_section(c))
}

fn numeral(c: char) -> bool {
    digit(c).is_some() || c == '十' || scale(c).is_some()
}

/// What stands at a character that is neither a letter nor a digit.
pub(super) fn token_at(scanner: &Scanner, at: usize) -> Found {
    let token = |length: usize, class, value: f64, step: f64| {
        Found::Token(scanner.token(at, at + length, class, value, step))
    };
    let starts = |what: &str| scanner.starts(at, what);
    if starts("百分之") {
        return percent_of(scanner, at);
    }
    if let Some(found) = vague(scanner, at) {
        return found;
    }
    if let Some(length) = said(scanner, at, &["百分百"]) {
        return token(length, Class::Percent, 1.0, 0.001);
    }
    if let Some(length) = said(scanner, at, &["翻了一倍", "翻一倍", "翻倍", "加倍", "倍增", "双倍"])
    {
        let mut token = scanner.token(at, at + length, Class::Factor, 2.0, 0.2);
        token.sign = i8::from(!starts("双倍"));
        return Found::Token(token);
    }
    if starts("翻")
        && let Some(found) = turned_over(scanner, at)
    {
        return found;
    }
    const LOOSELY: [&str; 13] = [
        "成倍",
        "几倍",
        "数倍",
        "多倍",
        "双位数",
        "个位数",
        "数量级",
        "历史新",
        "创新高",
        "创新低",
        "历史最高",
        "历史最低",
        "有史以来",
    ];
    if let Some(length) = said(scanner, at, &LOOSELY) {
        return token(length, Class::Loose, f64::NAN, 0.0);
    }
    if let Some(length) = said(scanner, at, &["十之八九", "十有八九"]) {
        return token(length, Class::Fraction, 0.85, LOOSE * 2.0);
    }
    if let Some(found) = half(scanner, at) {
        return found;
    }
    if starts("双十一") || starts("双十二") {
        return Found::Free(at + 3);
    }
    if matches!(scanner.at(at), '周' | '第') || starts("星期") || starts("礼拜") {
        return weekday_or_ordinal(scanner, at);
    }
    if numeral(scanner.at(at)) { numerals(scanner, at) } else { Found::Free(at + 1) }
}

/// 百分之五, 百分之12.5.
fn percent_of(scanner: &Scanner, at: usize) -> Found {
    let start = at + 3;
    let read = scanner.plain_digits(start).or_else(|| {
        let end = run_end(scanner, start);
        (end > start).then(|| {
            let (value, step) = value(scanner, start, end);
            (value, step, end)
        })
    });
    match read {
        Some((value, step, end)) => {
            let mut token = scanner.token(at, end, Class::Percent, value / 100.0, step / 100.0);
            token.sign = 0;
            Found::Token(token)
        }
        None => Found::Free(start),
    }
}

/// The length of the first of these words that stands here.
fn said(scanner: &Scanner, at: usize, words: &[&str]) -> Option<usize> {
    words.iter().find(|word| scanner.starts(at, word)).map(|word| word.chars().count())
}

/// 翻番, 翻了两番, 翻了近一番: doubled that often.
fn turned_over(scanner: &Scanner, at: usize) -> Option<Found> {
    let mut start = at + 1;
    while matches!(scanner.at(start), '了' | '近' | '将' | '约' | '超' | '过' | '几' | '好') {
        start += 1;
    }
    let end = run_end(scanner, start);
    if scanner.at(end) != '番' {
        return None;
    }
    if scanner.before(start) == '几' {
        return Some(Found::Token(scanner.token(at, end + 1, Class::Loose, f64::NAN, 0.0)));
    }
    let times = if end > start { value(scanner, start, end).0 } else { 1.0 };
    let factor = 2.0_f64.powf(times);
    Some(Found::Token(scanner.token(at, end + 1, Class::Factor, factor, factor / 10.0)))
}

/// 一半, 过半, 近半, 半年, 半个月; 半 alone and in other words is none.
fn half(scanner: &Scanner, at: usize) -> Option<Found> {
    let token = |length: usize, class, value: f64, step: f64| {
        Some(Found::Token(scanner.token(at, at + length, class, value, step)))
    };
    if scanner.starts(at, "半年") {
        return token(2, Class::Months, 6.0, 1.0);
    }
    if scanner.starts(at, "半个月") {
        return token(3, Class::Days, 15.0, 2.0);
    }
    if let Some(length) = said(scanner, at, &["一半", "半数", "减半", "腰斩", "对半", "各半"]) {
        return token(length, Class::Fraction, 0.5, LOOSE);
    }
    let (length, value) =
        [("过半", 0.6), ("超半", 0.6), ("逾半", 0.6), ("大半", 0.6), ("近半", 0.45), ("小半", 0.4)]
            .into_iter()
            .find_map(|(word, value)| Some((said(scanner, at, &[word])?, value)))?;
    // 可能性过半: more likely than not, as a median is said
    if at.checked_sub(1).is_some_and(|before| scanner.at(before) == '性') {
        return None;
    }
    // 近半年, 大半天: a time
    let time = matches!(scanner.at(at + length), '年' | '天' | '个' | '月' | '小');
    if time { None } else { token(length, Class::Fraction, value, if value > 0.5 { 0.2 } else { 0.1 }) }
}

/// 几十, 数百, 上千, 几十万, 逾百, 近百: no digit among the numerals.
fn vague(scanner: &Scanner, at: usize) -> Option<Found> {
    let mark = scanner.at(at);
    if !matches!(mark, '几' | '数' | '上' | '近' | '逾' | '超' | '过' | '破' | '满' | '达') {
        return None;
    }
    let start = at + 1;
    let end = run_end(scanner, start);
    let bare = end > start && (start..end).all(|index| digit(scanner.at(index)).is_none());
    // 十 behind others than these is ten, which is said exactly
    let ten = end == start + 1 && scanner.at(start) == '十' && !matches!(mark, '几' | '数');
    // 数百分比, 线上百货, 不过千万别
    let word = follows(scanner, end, "分货度科姓别")
        || (mark == '过' && matches!(scanner.before(at), '不' | '通' | '经'))
        || matches!(scanner.slice(start, end).as_str(), "万万" | "万千");
    if !bare || ten || word {
        return None;
    }
    let (unit, _) = value(scanner, start, end);
    let (from, step, bound) = match mark {
        '近' => (unit, unit * 0.4, Bound::Near),
        // 上万 is from one ten-thousand up, 几万 and 数万 from two
        '几' | '数' => (unit * 2.0, 0.0, Bound::TenTimes),
        _ => (unit, 0.0, Bound::TenTimes),
    };
    let end = end + usize::from(more(scanner, end));
    let mut token = scanner.with_unit(at, end, from, step);
    token.bound = bound;
    Some(Found::Token(token))
}

/// 多, 余, 来, 几 behind a number: somewhat more than that.
fn more(scanner: &Scanner, at: usize) -> bool {
    follows(scanner, at, "多余来几")
        && !["多数", "来自", "来源", "余额"].iter().any(|word| scanner.starts(at, word))
}

/// 900多, 三百余: from the number to the next at its last digit that is not zero.
pub(super) fn rounded_down(scanner: &Scanner, value: f64, step: f64, end: usize) -> (f64, f64, usize) {
    if !more(scanner, end) || value < 10.0 {
        return (value, step, end);
    }
    let mut unit = step.max(1.0);
    while (value / (unit * 10.0)).fract().abs() < 1e-9 {
        unit *= 10.0;
    }
    (value + unit / 2.0, unit, end + 1)
}

/// 周三, 星期一, 第三: days of the week and ranks are no figures; 第二季度 is a date.
fn weekday_or_ordinal(scanner: &Scanner, at: usize) -> Found {
    let start = if scanner.at(at) == '周' || scanner.at(at) == '第' { at + 1 } else { at + 2 };
    if let Some((quarter, end)) = quarter(scanner, at) {
        let parts = super::scan::DateParts { quarter: Some(quarter), ..Default::default() };
        return scanner.date(at, end, parts);
    }
    Found::Free(run_end(scanner, start).max(at + 1))
}

/// 第二季度, 二季度, 第2季度.
pub(super) fn quarter(scanner: &Scanner, at: usize) -> Option<(i8, usize)> {
    let start = if scanner.at(at) == '第' { at + 1 } else { at };
    let c = scanner.at(start);
    let number = digit(c).or_else(|| c.to_digit(10).map(f64::from))?;
    let named = scanner.starts(start + 1, "季度") && (1.0..=4.0).contains(&number);
    named.then_some((number as i8, start + 3))
}

fn run_end(scanner: &Scanner, at: usize) -> usize {
    let mut end = at;
    while numeral(scanner.at(end)) {
        end += 1;
    }
    end
}

/// Value and precision of a run of numerals: 两千三百, 二〇二六, 三十.
fn value(scanner: &Scanner, from: usize, to: usize) -> (f64, f64) {
    if let Some(both) = neighbours(scanner, from, to) {
        return both;
    }
    let chars: Vec<char> = (from..to).map(|index| scanner.at(index)).collect();
    if chars.iter().all(|c| digit(*c).is_some()) {
        let value = chars.iter().filter_map(|c| digit(*c)).fold(0.0, |sum, d| sum * 10.0 + d);
        return (value, 1.0);
    }
    let (mut total, mut section, mut current, mut step) = (0.0, 0.0, 0.0, 1.0);
    for c in chars {
        if let Some(d) = digit(c) {
            current = d;
            step = 1.0;
            continue;
        }
        let factor = if c == '十' { 10.0 } else { scale(c).unwrap_or(1.0) };
        if factor >= 1e4 {
            let amount: f64 = section + current;
            total += if amount > 0.0 { amount } else { 1.0 } * factor;
            section = 0.0;
        } else {
            section += if current > 0.0 { current } else { 1.0 } * factor;
        }
        current = 0.0;
        step = if factor > 10.0 { factor } else { 1.0 };
    }
    (total + section + current, step)
}

/// A run of numerals: a figure or a word?
fn numerals(scanner: &Scanner, at: usize) -> Found {
    let end = run_end(scanner, at);
    let length = end - at;
    if let Some((quarter, stop)) = quarter(scanner, at) {
        let parts = super::scan::DateParts { quarter: Some(quarter), ..Default::default() };
        return scanner.date(at, stop, parts);
    }
    let (value, step) = value(scanner, at, end);
    // 一百多万
    if more(scanner, end) && value >= 10.0 {
        let (value, step, end) = rounded_down(scanner, value, step, end);
        let (value, step, end) = scanner.scaled(value, step, end);
        return Found::Token(scanner.with_unit(at, end, value, step));
    }
    if scanner.starts(end, "分之") {
        return parts(scanner, at, end, value);
    }
    if scanner.at(end) == '月' && (1.0..=12.0).contains(&value) {
        let parts = super::scan::DateParts { month: Some(value as i8), ..Default::default() };
        return scanner.date(at, end + 1, parts);
    }
    if scanner.at(end) == '年' && length == 4 {
        let parts = super::scan::DateParts { year: Some(value as i16), ..Default::default() };
        return scanner.date(at, end + 1, parts);
    }
    if scanner.at(end) == '成' && neighbours(scanner, at, end).is_some() && length == 2 {
        return Found::Token(scanner.token(at, end + 1, Class::Fraction, value / 10.0, step / 10.0));
    }
    if scanner.at(end) == '成' && length == 1 && !follows(scanner, end + 1, "功为本长立交员熟果就")
    {
        let half = scanner.at(end + 1) == '半';
        let share = value / 10.0 + if half { 0.05 } else { 0.0 };
        let stop = end + 1 + usize::from(half);
        return Found::Token(scanner.token(at, stop, Class::Fraction, share, TENTHS));
    }
    if scanner.at(end) == '折' && length <= 2 && value >= 1.0 {
        let share = if value >= 10.0 { value / 100.0 } else { value / 10.0 };
        return Found::Token(scanner.token(at, end + 1, Class::Fraction, share, 0.0));
    }
    if is_word(scanner, at, end) {
        return Found::Free(end);
    }
    Found::Token(scanner.with_unit(at, end, value, step))
}

/// 三分之二.
fn parts(scanner: &Scanner, at: usize, end: usize, whole: f64) -> Found {
    let start = end + 2;
    let stop = run_end(scanner, start);
    if stop == start || whole <= 0.0 {
        return Found::Free(start);
    }
    let (part, _) = value(scanner, start, stop);
    let step = if whole > 10.0 { 1.0 / whole } else { LOOSE };
    Found::Token(scanner.token(at, stop, Class::Fraction, part / whole, step))
}

/// 两三, 八九, 三四十, 十七八: one or the other.
fn neighbours(scanner: &Scanner, from: usize, to: usize) -> Option<(f64, f64)> {
    let at = (from..to.saturating_sub(1)).find(|index| digit(scanner.at(*index)).is_some())?;
    let (first, second) = (digit(scanner.at(at))?, digit(scanner.at(at + 1))?);
    if !((second - first - 1.0).abs() < 1e-9 && first > 0.0) {
        return None;
    }
    let unit = match to - at - 2 {
        0 => 1.0,
        1 => {
            let c = scanner.at(to - 1);
            if c == '十' { 10.0 } else { scale(c)? }
        }
        _ => return None,
    };
    // 十七八 and the like
    let head = if at > from { value(scanner, from, at).0 } else { 0.0 };
    Some((head + (first + second) / 2.0 * unit, unit))
}

fn follows(scanner: &Scanner, at: usize, any: &str) -> bool {
    any.contains(scanner.at(at))
}

/// Numerals inside ordinary words.
fn is_word(scanner: &Scanner, at: usize, end: usize) -> bool {
    let length = end - at;
    let first = scanner.at(at);
    let measured = measure(scanner, end);
    if length == 1 {
        let only =
            matches!(scanner.before(at), '仅' | '只') || scanner.ends(at, "只有") || scanner.ends(at, "仅有");
        return match first {
            '一' => !(only && measured) && scanner.at(end) != '倍',
            // 十分 is "very".
            '十' | '零' | '〇' => !measured || scanner.at(end) == '分',
            // 百位客户, 千人; 每千次展示, 千人千面 and 单位：万元 are words
            '百' | '千' | '万' | '亿' => {
                !follows(scanner, end, "位名人单笔件")
                    || scanner.before(at) == '每'
                    || scanner.starts(end, "人千面")
            }
            _ => !measured,
        };
    }
    let text = scanner.slice(at, end);
    match text.as_str() {
        "千万" | "万一" | "一一" | "万千" | "万万" | "一万一" => !measured,
        // 七八 and 二三 without a measure word are no figures.
        _ if text.chars().all(|c| digit(c).is_some()) => !measured,
        _ => false,
    }
}

/// Whether something that is counted or measured stands here.
fn measure(scanner: &Scanner, at: usize) -> bool {
    let c = scanner.at(at);
    // 三方, 一线, 二手 have none of these behind them.
    "个位名人单笔件天日周年倍次家种款项条元块欧%％".contains(c) && c != '\0'
        || ["星期", "季度", "美元", "英镑", "订单", "客户", "顾客", "买家"]
            .iter()
            .any(|unit| scanner.starts(at, unit))
}

/// The unit behind a number: (class, factor, characters taken).
pub(super) fn unit(scanner: &Scanner, at: usize) -> Option<(Class, f64, usize)> {
    let money = |code: &str| Class::Money(Currency::parse(code).into_iter().collect());
    let near = scanner.spaces(at);
    let skipped = near - at;
    let at = near;
    let units: [(&str, Class, f64); 21] = [
        ("个百分点", Class::Points, 0.01),
        ("百分点", Class::Points, 0.01),
        ("个工作日", Class::Days, 1.0),
        ("个月", Class::Months, 1.0),
        ("个星期", Class::Weeks, 1.0),
        ("星期", Class::Weeks, 1.0),
        ("个季度", Class::Months, 3.0),
        ("小时", Class::Clock, 1.0),
        ("分钟", Class::Clock, 1.0),
        ("欧元", money("EUR"), 1.0),
        ("美元", money("USD"), 1.0),
        ("英镑", money("GBP"), 1.0),
        ("日元", money("JPY"), 1.0),
        ("人民币", money("CNY"), 1.0),
        ("元", money("CNY"), 1.0),
        ("块", money("CNY"), 1.0),
        ("天", Class::Days, 1.0),
        ("周", Class::Weeks, 1.0),
        ("年", Class::Months, 12.0),
        ("倍", Class::Factor, 1.0),
        ("秒", Class::Clock, 1.0),
    ];
    if let Some((text, class, factor)) = units.into_iter().find(|(text, _, _)| scanner.starts(at, text)) {
        return Some((class, factor, skipped + text.chars().count()));
    }
    let nouns = [
        (Noun::Orders, &["单", "笔", "个订单", "张订单", "订单"][..]),
        (Noun::Customers, &["人", "位", "名", "个客户", "个顾客", "个买家", "客户", "顾客", "买家"][..]),
        (Noun::Units, &["件"][..]),
        (Noun::Other, &["种", "款", "个产品", "个城市", "个品类"][..]),
    ];
    let found = nouns.into_iter().find(|(_, words)| words.iter().any(|word| scanner.starts(at, word)));
    // The noun is only looked at: nothing is taken.
    found.map(|(noun, _)| (Class::Count(noun), 1.0, 0))
}

/// Whether an amount's unit is the word for money of any currency.
pub(super) fn any_money(amount: &str) -> bool {
    let amount = amount.trim_end_matches('钱');
    let own = ["美元", "日元", "欧元"].iter().any(|unit| amount.ends_with(unit));
    amount.ends_with('块') || (amount.ends_with('元') && !own)
}
