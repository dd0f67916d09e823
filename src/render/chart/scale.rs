//! Which numbers stand along an axis, and where does a value lie?

use crate::domain::{Lang, Unit};
use crate::render::numbers::{Style, figure};

/// A line that starts away from zero is allowed only where all its values lie within this share of the highest.
const NARROW: f64 = 0.3;

/// From values to pixels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    lo: f64,
    hi: f64,
    from: f64,
    to: f64,
    /// Whole numbers of the axis, rising.
    pub(super) ticks: Vec<f64>,
}

/// Lowest and highest of these values; `None` without any.
pub(super) fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((lo, hi)) => Some((value.min(lo), value.max(hi))),
    })
}

/// The same, reaching to zero.
pub(super) fn from_zero((lo, hi): (f64, f64)) -> (f64, f64) {
    (lo.min(0.0), hi.max(0.0))
}

/// Reaching to zero unless the values lie close together far from it.
pub(super) fn for_line((lo, hi): (f64, f64)) -> (f64, f64) {
    let far = lo > 0.0 && hi - lo < NARROW * hi && hi > lo;
    if far { (lo, hi) } else { from_zero((lo, hi)) }
}

impl Scale {
    /// An axis over the range with about `count` whole numbers; its ends are whole numbers too.
    pub(super) fn nice((lo, hi): (f64, f64), count: f64, unit: Unit) -> Self {
        if hi <= lo {
            return Self::flat(lo);
        }
        let least =
            if matches!(unit, Unit::Count | Unit::Days | Unit::Weeks | Unit::Months) { 1.0 } else { 0.0 };
        let step = step((hi - lo) / count).max(least);
        let (first, last) = ((lo / step).floor(), (hi / step).ceil());
        let ticks = (0..=(last - first).round() as usize).map(|i| (first + i as f64) * step).collect();
        Self { lo: first * step, hi: last * step, from: 0.0, to: 1.0, ticks }
    }

    /// All values are the same one: zero lies at the foot, another one in the middle.
    fn flat(value: f64) -> Self {
        let (lo, hi) = if value == 0.0 { (0.0, 1.0) } else { (value.min(0.0), value.max(0.0) * 1.25) };
        let (lo, hi) = if value < 0.0 { (value * 1.25, 0.0) } else { (lo, hi) };
        let ticks = if value == 0.0 { vec![0.0] } else { vec![value.min(0.0), value.max(0.0)] };
        Self { lo, hi, from: 0.0, to: 1.0, ticks }
    }

    /// Without whole numbers: just the range.
    pub(super) fn plain((lo, hi): (f64, f64)) -> Self {
        let hi = if hi > lo { hi } else { lo + 1.0 };
        Self { lo, hi, from: 0.0, to: 1.0, ticks: Vec::new() }
    }

    /// The same between two places in pixels.
    pub(super) fn between(mut self, from: f64, to: f64) -> Self {
        (self.from, self.to) = (from, to);
        self
    }

    /// Where a value lies; outside values at the nearer end.
    pub(super) fn place(&self, value: f64) -> f64 {
        let share = ((value - self.lo) / (self.hi - self.lo)).clamp(0.0, 1.0);
        self.from + (self.to - self.from) * share
    }

    /// The whole numbers as people read them, without decimals that all of them lack.
    pub(super) fn labels(&self, unit: Unit, lang: Lang) -> Vec<String> {
        // 12,500 may be 12.5k, but not 1.2万: an axis says exactly where its lines are.
        let style =
            if self.ticks.iter().all(|tick| exact(*tick, lang)) { Style::Sentence } else { Style::Full };
        let texts: Vec<String> = self.ticks.iter().map(|tick| figure(*tick, unit, lang, style)).collect();
        let bare: Vec<String> = texts.iter().map(|text| without_zeros(text)).collect();
        let decimal = |text: &String| text.contains('.') && without_zeros(text) == *text;
        // "€2.50" beside "€5" reads badly: all or none; but "2.5k" beside "5k" is how §11 writes them.
        let cents = texts.iter().any(|text| decimal(text) && !text.ends_with(['k', 'm', '万', '亿']));
        if cents { texts } else { bare }
    }
}

/// Whether the short form of §11 (one decimal of k, m, 万, 亿) loses nothing.
fn exact(value: f64, lang: Lang) -> bool {
    let size = value.abs();
    let scale = match lang {
        Lang::En if size >= 1e6 => 1e6,
        Lang::En => 1e3,
        Lang::Zh if size >= 1e8 => 1e8,
        Lang::Zh => 1e4,
    };
    let tenths = size / scale * 10.0;
    size < 1e4 || (tenths - tenths.round()).abs() < 1e-6
}

/// 1, 2, 2.5 or 5 times a power of ten, at least `rough`.
fn step(rough: f64) -> f64 {
    let power = 10_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|step| *step >= rough * (1.0 - 1e-9)).unwrap_or(rough)
}

/// "€200.00" is "€200", "10.0 %" is "10 %".
fn without_zeros(text: &str) -> String {
    let Some((whole, rest)) = text.split_once('.') else { return text.to_owned() };
    let tail = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let zeros = rest.chars().take_while(char::is_ascii_digit).all(|c| c == '0');
    if zeros { format!("{whole}{tail}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Currency;

    const EUR: Unit = Unit::Money(Currency::EUR);

    #[track_caller]
    fn check(range: (f64, f64), unit: Unit, lang: Lang, expected: &[&str]) {
        assert_eq!(Scale::nice(range, 4.0, unit).labels(unit, lang), expected);
    }

    #[test]
    fn axes_carry_round_numbers() {
        check((0.0, 83_000.0), EUR, Lang::En, &["€0", "€25k", "€50k", "€75k", "€100k"]);
        check((0.0, 83_000.0), EUR, Lang::Zh, &["€0", "€2.5万", "€5万", "€7.5万", "€10万"]);
        check((0.0, 12_000.0), EUR, Lang::En, &["€0", "€5,000", "€10k", "€15k"]);
        check((10_000.0, 20_000.0), EUR, Lang::Zh, &["€10,000", "€12,500", "€15,000", "€17,500", "€20,000"]);
        check((0.0, 0.37), Unit::Share, Lang::En, &["0 %", "10 %", "20 %", "30 %", "40 %"]);
        check((0.0, 3.0), Unit::Count, Lang::En, &["0", "1", "2", "3"]);
        check((-40.0, 90.0), EUR, Lang::En, &["−€50", "€0", "€50", "€100"]);
        check((0.0, 0.0), EUR, Lang::En, &["€0"]);
        check((0.0, 9.0), EUR, Lang::En, &["€0.00", "€2.50", "€5.00", "€7.50", "€10.00"]);
    }

    #[test]
    fn values_lie_between_the_ends_and_lines_may_start_above_zero() {
        let scale = Scale::nice((0.0, 80.0), 4.0, EUR).between(100.0, 0.0);
        assert!((scale.place(40.0) - 50.0).abs() < 1e-9);
        assert!(scale.place(1e9).abs() < 1e-9);
        assert_eq!(for_line((90.0, 100.0)), (90.0, 100.0));
        assert_eq!(for_line((10.0, 100.0)), (0.0, 100.0));
        assert_eq!(for_line((-5.0, 100.0)), (-5.0, 100.0));
        assert_eq!(range([f64::NAN, 2.0, 1.0].into_iter()), Some((1.0, 2.0)));
    }
}
