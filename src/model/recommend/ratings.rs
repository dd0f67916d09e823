//! Who rated what, and how far off are forecasts of it?

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use foldhash::fast::RandomState;

/// Ratings by user and by item, each in the order of the rows they came in.
#[derive(Debug, Clone, Default)]
pub struct Ratings {
    /// Mean of all.
    pub mean: f64,
    /// Lowest and highest.
    pub scale: (f64, f64),
    pub(super) users: Rows,
    pub(super) items: Rows,
}

/// A sparse matrix, row by row.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    /// Row `i` has the cells `first[i] .. first[i + 1]`.
    first: Vec<usize>,
    /// Column and value.
    cells: Vec<(u32, f64)>,
    /// Mean of each row; 0 for an empty one.
    pub(super) means: Vec<f64>,
}

/// How far off forecasts were.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// Root of the mean squared error.
    pub rmse: f64,
    /// Mean absolute error.
    pub mae: f64,
}

impl Ratings {
    /// From columns of equal length: user and item as numbers from 0, each below `users` and `items`. Where a user
    /// rated an item twice, the later rating counts, in the place of the earlier.
    pub fn new(users: usize, items: usize, user: &[u32], item: &[u32], rating: &[f64]) -> Self {
        let mut rows: Vec<(u32, u32, f64)> = Vec::with_capacity(rating.len());
        let mut at = HashMap::with_capacity_and_hasher(rating.len(), RandomState::default());
        for ((user, item), rating) in user.iter().zip(item).zip(rating) {
            match at.entry(u64::from(*user) << 32 | u64::from(*item)) {
                Entry::Occupied(known) => {
                    let row: &usize = known.get();
                    rows[*row].2 = *rating;
                }
                Entry::Vacant(new) => {
                    new.insert(rows.len());
                    rows.push((*user, *item, *rating));
                }
            }
        }
        let ends = rows.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, _, rating)| {
            (low.min(*rating), high.max(*rating))
        });
        let sum: f64 = rows.iter().map(|(_, _, rating)| rating).sum();
        Self {
            mean: if rows.is_empty() { 0.0 } else { sum / rows.len() as f64 },
            scale: if rows.is_empty() { (0.0, 0.0) } else { ends },
            users: Rows::new(users, rows.iter().map(|(user, item, rating)| (*user, *item, *rating))),
            items: Rows::new(items, rows.iter().map(|(user, item, rating)| (*item, *user, *rating))),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.users.cells.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Rows {
    fn new(rows: usize, cells: impl Iterator<Item = (u32, u32, f64)> + Clone) -> Self {
        let mut first = vec![0; rows + 1];
        for (row, _, _) in cells.clone() {
            first[row as usize + 1] += 1;
        }
        for row in 0..rows {
            first[row + 1] += first[row];
        }
        let mut next = first.clone();
        let mut placed = vec![(0, 0.0); first[rows]];
        for (row, column, value) in cells {
            placed[next[row as usize]] = (column, value);
            next[row as usize] += 1;
        }
        let mut rows = Self { first, cells: placed, means: Vec::new() };
        rows.means = (0..rows.len()).map(|row| mean(rows.of(row as u32))).collect();
        rows
    }

    pub(super) fn len(&self) -> usize {
        self.first.len().saturating_sub(1)
    }

    /// Cells of a row; none beyond the last.
    pub(super) fn of(&self, row: u32) -> &[(u32, f64)] {
        let row = row as usize;
        match (self.first.get(row), self.first.get(row + 1)) {
            (Some(from), Some(to)) => &self.cells[*from..*to],
            _ => &[],
        }
    }

    /// The same cells with other values.
    pub(super) fn with(&self, value: impl Fn(u32, u32, f64) -> f64) -> Self {
        let mut changed = self.clone();
        for row in 0..self.len() {
            for (column, old) in &mut changed.cells[self.first[row]..self.first[row + 1]] {
                *old = value(row as u32, *column, *old);
            }
        }
        changed
    }
}

fn mean(cells: &[(u32, f64)]) -> f64 {
    let sum: f64 = cells.iter().map(|(_, value)| value).sum();
    if cells.is_empty() { 0.0 } else { sum / cells.len() as f64 }
}

impl Errors {
    /// Of forecasts against what was; `None` without any.
    pub fn of(forecasts: &[f64], actual: &[f64]) -> Option<Self> {
        let n = forecasts.len().min(actual.len());
        if n == 0 {
            return None;
        }
        let misses = || forecasts.iter().zip(actual).map(|(forecast, actual)| forecast - actual);
        let mean = |sum: f64| sum / n as f64;
        Some(Self {
            rmse: mean(misses().map(|miss| miss * miss).sum()).sqrt(),
            mae: mean(misses().map(f64::abs).sum()),
        })
    }
}
