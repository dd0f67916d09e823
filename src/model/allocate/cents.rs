//! How is an amount split into whole cents so that the parts add up to it?
//!
//! Largest remainder: every part is cut to its whole steps, and the steps left over go to those that lost most.

/// The parts in whole steps, inside their bounds (in steps too), adding up to `total` where the bounds allow it; else as
/// near as they allow. Ties go to the earlier part.
pub fn largest_remainder(parts: &[f64], total: i64, bounds: &[(i64, i64)]) -> Vec<i64> {
    let inside = |i: usize, value: i64| {
        let (lower, upper) = bounds.get(i).copied().unwrap_or((0, i64::MAX));
        value.clamp(lower, upper.max(lower))
    };
    let mut whole: Vec<i64> =
        parts.iter().enumerate().map(|(i, part)| inside(i, part.floor() as i64)).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    let lost = |i: usize, whole: &[i64]| parts[i] - whole[i] as f64;
    loop {
        let left = total - whole.iter().sum::<i64>();
        if left == 0 {
            return whole;
        }
        let step = left.signum();
        let free = |i: &usize| inside(*i, whole[*i] + step) == whole[*i] + step;
        let mut open: Vec<usize> = order.iter().copied().filter(free).collect();
        if open.is_empty() {
            return whole;
        }
        order.clone_from(&open);
        open.sort_by(|a, b| {
            let (a, b) = (lost(*a, &whole), lost(*b, &whole));
            if step > 0 { b.total_cmp(&a) } else { a.total_cmp(&b) }
        });
        // one step each at first; far away (bounds cut much off) as many as it takes
        let share = (left.abs() / open.len() as i64).max(1);
        let mut owed = left.abs();
        for i in open {
            let give = share.min(owed);
            let next = inside(i, whole[i] + step * give);
            owed -= (next - whole[i]).abs();
            whole[i] = next;
            if owed == 0 {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_and_the_nearest_get_the_rest() {
        let any = [(0, i64::MAX); 3];
        assert_eq!(largest_remainder(&[33.4, 33.3, 33.3], 100, &any), [34, 33, 33]);
        assert_eq!(largest_remainder(&[0.5, 0.5, 0.0], 1, &any), [1, 0, 0]);
        assert_eq!(largest_remainder(&[10.6, 10.7, 10.7], 32, &[(0, 10), (0, 99), (0, 99)]), [10, 11, 11]);
        assert_eq!(largest_remainder(&[1.0, 1.0, 1.0], 1000, &[(0, 5), (0, 9), (0, 2000)]), [5, 9, 986]);
        assert_eq!(largest_remainder(&[50.0, 50.0, 50.0], 120, &[(45, 50), (0, 99), (0, 99)]), [45, 37, 38]);
        assert_eq!(largest_remainder(&[9.0], 5, &[(7, 8)]), [7], "as near as the bounds allow");
    }
}
