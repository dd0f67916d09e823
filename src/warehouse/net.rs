//! What is each line of an order worth, once discounts and refunds are taken off?
//!
//! DEFINITIONS §1: an order-level discount or refund is spread over the lines in proportion to their value, in whole
//! cents; the cents left over go to the largest line. So the lines sum to the order's net goods exactly.

use crate::domain::{Line, LineKind, Micros, Order};

/// One product line, worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Worth {
    pub(super) qty: i64,
    pub(super) returned: i64,
    pub(super) net: i64,
    pub(super) discount: i64,
}

/// The product lines of an order, in order, with what each is worth.
pub(super) fn lines(order: &Order) -> Vec<(&Line, Worth)> {
    let products: Vec<&Line> = order.lines.iter().filter(|line| line.kind == LineKind::Product).collect();
    if products.is_empty() {
        return Vec::new();
    }
    let cent = Micros::UNIT / 10_i64.pow(order.currency.digits());
    let value: Vec<i64> = products.iter().map(|line| (line.gross() - line.discount).0.max(0)).collect();
    let values = spread(order.goods.0 - sum(&value), &value, cent);
    let value: Vec<i64> = value.iter().zip(values).map(|(own, share)| own + share).collect();

    let own: Vec<i64> = products.iter().map(|line| line.discount.0).collect();
    let shares = spread(order.discount.0 - sum(&own), &value, cent);
    let discount = own.iter().zip(shares).map(|(own, share)| own + share);

    let net = after_refunds(order, &products, &value, cent);
    let returned = returned_pieces(order, &products);
    products
        .iter()
        .zip(discount.zip(net.into_iter().zip(returned)))
        .map(|(line, (discount, (net, returned)))| (*line, Worth { qty: line.qty, returned, net, discount }))
        .collect()
}

/// Refunds of a line come off that line, down to 0; the rest and the order's own come off all by what is left.
fn after_refunds(order: &Order, products: &[&Line], value: &[i64], cent: i64) -> Vec<i64> {
    let mut left = value.to_vec();
    let mut of_the_order = 0_i64;
    for refund in &order.refunds {
        match refund.line.and_then(|n| products.iter().position(|line| line.n == n)) {
            Some(at) => {
                let taken = refund.amount.0.min(left[at].max(0));
                left[at] -= taken;
                of_the_order = of_the_order.saturating_add(refund.amount.0 - taken);
            }
            None => of_the_order = of_the_order.saturating_add(refund.amount.0),
        }
    }
    // What the order as a whole keeps decides; so lines and order agree even where a file's refunds exceed its goods.
    let taken = sum(&left) - order.net_goods().0;
    let shares = spread(taken, &left, cent);
    left.iter().zip(shares).map(|(left, share)| left - share).collect()
}

/// Pieces that came back, line by line; those of a refund without a line fill the lines from the first.
fn returned_pieces(order: &Order, products: &[&Line]) -> Vec<i64> {
    let mut returned = vec![0; products.len()];
    let mut loose = 0;
    for refund in &order.refunds {
        match refund.line.and_then(|n| products.iter().position(|line| line.n == n)) {
            Some(at) => returned[at] = (returned[at] + refund.qty).min(products[at].qty),
            None => loose += refund.qty,
        }
    }
    for (returned, line) in returned.iter_mut().zip(products) {
        let more = loose.clamp(0, line.qty - *returned);
        *returned += more;
        loose -= more;
    }
    returned
}

/// Divides an amount in proportion to the weights, each share cut to whole cents, the rest to the largest weight.
fn spread(amount: i64, weights: &[i64], cent: i64) -> Vec<i64> {
    let mut shares = vec![0; weights.len()];
    let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if amount == 0 {
        return shares;
    }
    if total > 0 {
        for (share, weight) in shares.iter_mut().zip(weights) {
            let exact = i128::from(amount) * i128::from(*weight) / total;
            *share = i64::try_from(exact).unwrap_or(0) / cent * cent;
        }
    }
    let rest = amount - sum(&shares);
    let largest = weights.iter().enumerate().rev().max_by_key(|(_, weight)| **weight).map_or(0, |(at, _)| at);
    if let Some(share) = shares.get_mut(largest) {
        *share += rest;
    }
    shares
}

fn sum(amounts: &[i64]) -> i64 {
    amounts.iter().fold(0, |sum: i64, amount| sum.saturating_add(*amount))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(amount: i64, weights: &[i64], expected: &[i64]) {
        assert_eq!(spread(amount, weights, 1), expected);
    }

    #[test]
    fn cents_left_over_go_to_the_largest_line() {
        check(10, &[1, 1, 2], &[2, 2, 6]);
        check(-10, &[1, 1, 2], &[-2, -2, -6]);
        check(7, &[3, 3], &[4, 3]);
        check(5, &[0, 0], &[5, 0]);
        check(0, &[1, 2], &[0, 0]);
    }
}
