//! How is an amount of the whole order shared out among its lines?

use crate::domain::{Line, LineKind, Micros};

/// Shares are whole cents; the rest goes to the largest.
const CENT: i64 = 10_000;

/// Deals a total in proportion to the weights.
pub(super) fn spread(total: Micros, weights: &[i64]) -> Vec<Micros> {
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    let share = |weight: &i64| {
        let exact = i128::from(total.0) * i128::from(*weight) / sum.max(1);
        Micros(i64::try_from(exact).unwrap_or(0) / CENT * CENT)
    };
    let mut shares: Vec<Micros> = weights.iter().map(share).collect();
    let rest = total - shares.iter().copied().sum();
    // The first of equally large lines, so that the same file gives the same shares.
    let largest = weights.iter().enumerate().max_by_key(|(at, weight)| (**weight, std::cmp::Reverse(*at)));
    if let Some(share) = largest.and_then(|(at, _)| shares.get_mut(at)) {
        *share += rest;
    }
    shares
}

/// Sets the lines' discounts so that the goods cost this much; the lines' own discounts are kept where they fit in.
/// False, and nothing is changed, where the lines cost less than that before any discount.
pub(super) fn discount_to(lines: &mut [Line], goods: Micros) -> bool {
    let gross: Micros = lines.iter().filter(|line| is_goods(line)).map(Line::gross).sum();
    let wanted = gross - goods;
    if wanted < Micros::ZERO || goods < Micros::ZERO {
        return false;
    }
    let own: Micros = lines.iter().filter(|line| is_goods(line)).map(|line| line.discount).sum();
    if own > wanted || lines.iter().any(|line| line.discount > line.gross()) {
        lines.iter_mut().for_each(|line| line.discount = Micros::ZERO);
    }
    let own: Micros = lines.iter().filter(|line| is_goods(line)).map(|line| line.discount).sum();
    let weights: Vec<i64> = lines
        .iter()
        .map(|line| if is_goods(line) { (line.gross() - line.discount).0.max(0) } else { 0 })
        .collect();
    for (line, share) in lines.iter_mut().zip(spread(wanted - own, &weights)) {
        line.discount += share;
    }
    true
}

fn is_goods(line: &Line) -> bool {
    line.kind == LineKind::Product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_whole_cents_and_sum_to_the_total() {
        let shares = spread(Micros(10_000_000), &[1, 1, 1]);
        assert_eq!(shares, [Micros(3_340_000), Micros(3_330_000), Micros(3_330_000)]);
        assert_eq!(spread(Micros(5), &[0, 0]), [Micros(5), Micros(0)]);
        assert_eq!(spread(Micros(5), &[]), []);
    }

    #[test]
    fn discounts_make_up_the_difference_and_own_ones_stay() {
        let line = |qty, unit_price, discount| Line {
            n: 1,
            kind: LineKind::Product,
            product: None,
            item: None,
            options: Vec::new(),
            title: "Tee".into(),
            qty,
            unit_price: Micros(unit_price),
            discount: Micros(discount),
        };
        let mut lines = [line(2, 10_000_000, 1_000_000), line(1, 10_000_000, 0)];
        assert!(discount_to(&mut lines, Micros(26_100_000)));
        let shares = [lines[0].discount, lines[1].discount];
        assert_eq!(shares, [Micros(2_900_000), Micros(1_000_000)]);
        assert!(!discount_to(&mut lines, Micros(31_000_000)), "the lines cost 30");
    }
}
