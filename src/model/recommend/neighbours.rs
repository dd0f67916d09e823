//! How would this user rate this item, judging by those nearest to either?
//!
//! User-based: cosine of two users' ratings of the items both rated, k nearest who rated the item, deviations from
//! their means. Item-based: adjusted cosine (each rating less its user's mean) over the users who rated both, k nearest
//! of the user's own items. Only neighbours with a similarity above 0 count, ties go by the order of the training
//! rows, forecasts are cut at the scale. Similarities are worked out one row at a time and never kept: memory grows
//! with users and items, not with their squares; rows are independent, so threads change no bit.

use rayon::prelude::*;

use super::Ratings;
use super::ratings::Rows;

/// Who the neighbours are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algo {
    /// Users like this user.
    UserCf,
    /// Items like this item.
    ItemCf,
    /// Nobody: the item's mean rating.
    Popular,
}

/// What the neighbours tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Deviations from their means, on top of the mean of what is asked for.
    Centred,
    /// Ratings as they are.
    Weighted,
}

/// What is said of an item nobody rated, and to a user who rated nothing. Where both are known and no neighbour is
/// left, it is the mean of what neighbours were sought for: the user's own, or the item's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// The mean of all ratings.
    Global,
    /// The user's own mean, where there is one.
    User,
}

/// A k-nearest-neighbours forecast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbours {
    /// Who they are.
    pub algo: Algo,
    /// How many count at most.
    pub k: usize,
    /// What they tell.
    pub form: Form,
    /// Similarity × n / (n + this), n the ratings it rests on.
    pub shrink: f64,
    /// What is said without them.
    pub fallback: Fallback,
}

/// A user and an item; `None` is somebody new.
pub type Pair = (Option<u32>, Option<u32>);

/// Sums over what two rows share: product, both squares, number.
type Shared = [f64; 4];

impl Neighbours {
    /// Forecasts for pairs of user and item; a number that was not in training (or `None`) is somebody new.
    pub fn predict(&self, ratings: &Ratings, pairs: &[Pair]) -> Vec<f64> {
        let known = |row: Option<u32>, rows: &Rows| row.filter(|row| !rows.of(*row).is_empty());
        let known = |(user, item): &Pair| (known(*user, &ratings.users), known(*item, &ratings.items));
        let known: Vec<Pair> = pairs.iter().map(known).collect();
        let mut forecasts: Vec<f64> =
            known.iter().map(|(user, item)| self.alone(ratings, *user, *item)).collect();
        if self.algo != Algo::Popular {
            for (place, forecast) in self.near(ratings, &known) {
                forecasts[place] = forecast;
            }
        }
        let (low, high) = ratings.scale;
        forecasts.into_iter().map(|forecast| forecast.clamp(low, high)).collect()
    }

    /// Without any neighbour.
    fn alone(&self, ratings: &Ratings, user: Option<u32>, item: Option<u32>) -> f64 {
        let mean = |rows: &Rows, row: Option<u32>| row.map(|row| rows.means[row as usize]);
        let own = mean(&ratings.users, user).filter(|_| self.fallback == Fallback::User);
        let both = user.is_some() && item.is_some();
        let known = match self.algo {
            Algo::Popular => mean(&ratings.items, item),
            Algo::UserCf if both => mean(&ratings.users, user),
            Algo::ItemCf if both => mean(&ratings.items, item),
            Algo::UserCf | Algo::ItemCf => None,
        };
        known.or(own).unwrap_or(ratings.mean)
    }

    /// Forecasts with neighbours, each with its place among the pairs.
    fn near(&self, ratings: &Ratings, pairs: &[Pair]) -> Vec<(usize, f64)> {
        let by_user = self.algo == Algo::UserCf;
        let (own, other) =
            if by_user { (&ratings.users, &ratings.items) } else { (&ratings.items, &ratings.users) };
        // what similarity is measured on: ratings as they are, or less their user's mean
        let (rows, columns) = if by_user {
            (own.clone(), other.clone())
        } else {
            let means = &ratings.users.means;
            (
                own.with(|_, user, rating| rating - means[user as usize]),
                other.with(|user, _, rating| rating - means[user as usize]),
            )
        };
        let mut wanted: Vec<(u32, u32, usize)> = pairs
            .iter()
            .enumerate()
            .filter_map(|(place, (user, item))| {
                let (user, item) = (user.as_ref()?, item.as_ref()?);
                Some(if by_user { (*user, *item, place) } else { (*item, *user, place) })
            })
            .collect();
        wanted.sort_unstable();
        let targets: Vec<&[(u32, u32, usize)]> = wanted.chunk_by(|a, b| a.0 == b.0).collect();
        let start = || (vec![Shared::default(); own.len()], vec![0.0; own.len()], Vec::new());
        let near = |scratch: &mut (Vec<Shared>, Vec<f64>, Vec<_>), target: &&[(u32, u32, usize)]| {
            let (shared, similar, chosen) = scratch;
            let row = target.first().map_or(0, |(row, _, _)| *row);
            self.similarities(row, &rows, &columns, shared, similar);
            let forecast = |(row, column, place): &(u32, u32, usize)| {
                let forecast = self.weigh(*row, other.of(*column), similar, &own.means, chosen)?;
                Some((*place, forecast))
            };
            target.iter().filter_map(forecast).collect::<Vec<_>>()
        };
        targets.par_iter().map_init(start, near).flatten_iter().collect()
    }

    /// Cosine of a row with every other over the columns both have.
    fn similarities(
        &self,
        row: u32,
        rows: &Rows,
        columns: &Rows,
        shared: &mut [Shared],
        similar: &mut [f64],
    ) {
        shared.fill(Shared::default());
        for (column, a) in rows.of(row) {
            let square = a * a;
            for (other, b) in columns.of(*column) {
                let [product, own, theirs, n] = &mut shared[*other as usize];
                *product += a * b;
                *own += square;
                *theirs += b * b;
                *n += 1.0;
            }
        }
        for (similar, [product, own, theirs, n]) in similar.iter_mut().zip(shared.iter()) {
            let squares = own * theirs;
            let cosine = if squares > 0.0 { product / squares.sqrt() } else { 0.0 };
            *similar = if self.shrink > 0.0 { cosine * n / (n + self.shrink) } else { cosine };
        }
    }

    /// What the k nearest of these tell; `None` without any.
    fn weigh(
        &self,
        row: u32,
        cells: &[(u32, f64)],
        similar: &[f64],
        means: &[f64],
        chosen: &mut Vec<(f64, u32, f64)>,
    ) -> Option<f64> {
        chosen.clear();
        for (place, (other, rating)) in (0_u32..).zip(cells) {
            let similarity = similar[*other as usize];
            if similarity > 0.0 && *other != row {
                let told = match self.form {
                    Form::Centred => rating - means[*other as usize],
                    Form::Weighted => *rating,
                };
                chosen.push((similarity, place, told));
            }
        }
        let nearest = |a: &(f64, u32, f64), b: &(f64, u32, f64)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if chosen.len() > self.k {
            if self.k > 0 {
                chosen.select_nth_unstable_by(self.k - 1, nearest);
            }
            chosen.truncate(self.k);
        }
        let (mut weights, mut sum) = (0.0, 0.0);
        for (similarity, _, told) in chosen.iter() {
            weights += similarity;
            sum += similarity * told;
        }
        let base = if self.form == Form::Centred { means[row as usize] } else { 0.0 };
        (weights > 0.0).then(|| base + sum / weights)
    }
}
