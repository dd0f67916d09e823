//! How well are the ratings of one file foretold from those of another?

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::columns::{Columns, Keys, Names};
use crate::cli::Out;
use crate::model::recommend::{Algo, Errors, Fallback, Form, Neighbours, Pair, Ratings};

/// Recommendation: how well ratings are foretold.
#[derive(Debug, Subcommand)]
pub enum Recommend {
    /// Errors of foretold ratings (RMSE, MAE) on held-out ones
    Ratings(RatingsOf),
}

/// Errors of foretold ratings (RMSE, MAE) on held-out ones
///
/// Files have columns user, item, rating (or user_id, item_id, rating), as CSV, tab-separated text (gzip or not) or
/// Parquet; without a first line of names they are user, item, rating. Of ratings of one item by one user the last
/// counts; `duplicates` tells how many earlier ones were replaced.
///
/// Example: mercato lab recommend ratings --train u1.base --test u1.test --algo item_cf --centred --shrink 25
#[derive(Debug, Args)]
pub struct RatingsOf {
    /// Ratings to learn from
    #[arg(long, value_name = "FILE")]
    train: PathBuf,
    /// Ratings to foretell
    #[arg(long, value_name = "FILE")]
    test: PathBuf,
    /// Whose ratings tell: users like the user, items like the item, or the item's mean
    #[arg(long, value_enum)]
    algo: By,
    /// Neighbours that count at most
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    k: u32,
    /// Weigh deviations from means (the default)
    #[arg(long, conflicts_with = "weighted")]
    centred: bool,
    /// Weigh the ratings as they are
    #[arg(long)]
    weighted: bool,
    /// Shrink similarities by n / (n + N), n the ratings they rest on
    #[arg(long, value_name = "N", default_value_t = 0.0, value_parser = not_negative)]
    shrink: f64,
    /// What is said of an item without ratings: the mean of all, or the user's
    #[arg(long, value_enum, default_value_t = Else::User)]
    fallback: Else,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum By {
    UserCf,
    ItemCf,
    Popular,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Else {
    Global,
    User,
}

fn not_negative(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "must be a number of at least 0".to_owned())
}

impl Recommend {
    pub(super) fn run(self, out: &mut Out) -> anyhow::Result<()> {
        match self {
            Self::Ratings(command) => command.run(out),
        }
    }
}

impl RatingsOf {
    fn run(self, out: &mut Out) -> anyhow::Result<()> {
        let started = Instant::now();
        let (train, test) = rayon::join(|| Rated::read(&self.train), || Rated::read(&self.test));
        let (train, test) = (train?, test?);
        let model = Neighbours {
            algo: match self.algo {
                By::UserCf => Algo::UserCf,
                By::ItemCf => Algo::ItemCf,
                By::Popular => Algo::Popular,
            },
            k: self.k as usize,
            form: if self.weighted { Form::Weighted } else { Form::Centred },
            shrink: self.shrink,
            fallback: if self.fallback == Else::Global { Fallback::Global } else { Fallback::User },
        };
        let (users, items) = (train.user.names.len(), train.item.names.len());
        let ratings = Ratings::new(users, items, &train.user.codes, &train.item.codes, &train.rating);
        let pairs = test.among(&train);
        let forecasts = model.predict(&ratings, &pairs);
        let Some(errors) = Errors::of(&forecasts, &test.rating) else {
            bail!("{} has no rows", self.test.display());
        };
        let report = json!({
            "rmse": errors.rmse,
            "mae": errors.mae,
            "train": ratings.len(),
            "duplicates": train.rating.len() - ratings.len(),
            "test": test.rating.len(),
            "seconds": started.elapsed().as_secs_f64(),
        });
        out.line(report.to_string())
    }
}

/// A file's rows.
struct Rated {
    user: Keys,
    item: Keys,
    rating: Vec<f64>,
}

impl Rated {
    fn read(file: &Path) -> anyhow::Result<Self> {
        let mut columns = Columns::open_or_named(file, &["user", "item", "rating", "time"])?;
        let user = columns.want::<Keys>(&["user", "user_id"])?;
        let item = columns.want::<Keys>(&["item", "item_id"])?;
        let rating = columns.want::<f64>(&["rating"])?;
        let mut read = columns.read()?;
        let ratings = read.take(&rating);
        // far beyond any scale, where squares would lose their digits
        if let Some(row) = ratings.iter().position(|rating| rating.abs() > 1e9) {
            return Err(read.fault_in(&rating, row, &ratings[row].to_string(), "is too large for a rating"));
        }
        if ratings.is_empty() {
            bail!("{} has no rows; each needs a user, an item and a rating", file.display());
        }
        Ok(Self { user: read.take(&user), item: read.take(&item), rating: ratings })
    }

    /// Its users and items by their numbers in the rows that were learned from.
    fn among(&self, train: &Self) -> Vec<Pair> {
        let (users, items) =
            (known(&self.user.names, &train.user.names), known(&self.item.names, &train.item.names));
        let codes = self.user.codes.iter().zip(&self.item.codes);
        codes.map(|(user, item)| (users[*user as usize], items[*item as usize])).collect()
    }
}

/// The place of each of these names in other names.
fn known(names: &Names, among: &Names) -> Vec<Option<u32>> {
    let text = |names: &Names| match names {
        Names::Numbers(names) => names.iter().map(ToString::to_string).collect::<Vec<String>>(),
        Names::Texts(names) => names.clone(),
    };
    let among: HashMap<String, u32> = text(among).into_iter().zip(0..).collect();
    text(names).iter().map(|name| among.get(name).copied()).collect()
}
