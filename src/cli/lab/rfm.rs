//! Recency, frequency and monetary value of every customer of a plain file, with scores and segments.
//!
//! DEFINITIONS §4 over the rows as they are: no status, no refunds. Sums as JSON; the table where `--out` says.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::Args;
use rayon::prelude::*;
use serde_json::json;

use super::columns::{Columns, Filled, Keys, Names, Wanted, write};
use crate::cli::Out;
use crate::domain::{Day, Segment, units};
use crate::features::rfm::Rfm;

/// Recency, frequency, monetary value, scores and segments of a plain file
///
/// Example: mercato lab rfm transactions.csv.gz --out customers.parquet
#[derive(Debug, Args)]
pub struct RfmOf {
    /// Columns customer_id, date, amount; CSV (gzip or not) or Parquet
    file: PathBuf,
    /// The day looked from; the file's last day where it is not given
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// Write customer_id, recency, frequency, T, monetary, r, f, m, segment here (.csv or .parquet)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl RfmOf {
    pub(super) fn run(self, out: &mut Out) -> anyhow::Result<()> {
        let started = Instant::now();
        let day = |text: &str| {
            Day::parse(text).with_context(|| format!("--as-of {text:?} is not a date; write YYYY-MM-DD"))
        };
        let as_of = self.as_of.as_deref().map(day).transpose()?;
        let purchases = Purchases::read(&self.file)?;
        let Some(last) = purchases.days.iter().max() else { bail!("{}: no rows", self.file.display()) };
        let as_of = as_of.unwrap_or(*last);
        let Purchases { keys: Keys { codes, names }, days, net } = purchases;
        let orders = days.iter().filter(|day| **day <= as_of).count();
        let rfm = Rfm::from_columns(names.len(), as_of, codes, days, net);
        if let Some(path) = &self.out {
            write(path, &table(&rfm, &names))?;
        }
        let sum = |of: &dyn Fn(usize) -> i64| (0..rfm.len()).map(of).sum::<i64>();
        let report = json!({
            "as_of": as_of,
            "customers": rfm.len(),
            "orders": orders,
            "sum_frequency": sum(&|i| i64::from(rfm.frequency[i])),
            "sum_recency_days": sum(&|i| i64::from(rfm.recency(i))),
            "sum_monetary": units(rfm.monetary.iter().sum()),
            "seconds": started.elapsed().as_secs_f64(),
        });
        out.line(report.to_string())
    }
}

/// The file's rows.
struct Purchases {
    keys: Keys,
    days: Vec<Day>,
    /// Micros.
    net: Vec<i64>,
}

impl Purchases {
    fn read(file: &std::path::Path) -> anyhow::Result<Self> {
        let mut columns = Columns::open(file)?;
        let id = columns.want::<Keys>(&["customer_id"])?;
        let date = columns.want::<Day>(&["date"])?;
        let amount: Wanted<f64> = columns.want(&["amount"])?;
        let mut read = columns.read()?;
        let amounts = read.take(&amount);
        // An amount beyond a trillion is no purchase; the sums stay far from overflow.
        if let Some(row) = amounts.par_iter().position_first(|amount| amount.abs() > 1e12) {
            let value = amounts[row].to_string();
            return Err(read.fault_in(&amount, row, &value, "is too large for an amount"));
        }
        let net = amounts.into_par_iter().map(|amount| (amount * 1e6).round() as i64).collect();
        Ok(Self { keys: read.take(&id), days: read.take(&date), net })
    }
}

/// A row a customer, by id.
fn table(rfm: &Rfm, names: &Names) -> Vec<(&'static str, Filled)> {
    // Place of each customer of the file among those who had bought by the day.
    let mut place = vec![None; names.len()];
    for (i, customer) in (0_u32..).zip(&rfm.customer) {
        place[*customer as usize] = Some(i);
    }
    let rows: Vec<usize> =
        names.sorted().into_iter().filter_map(|name| place[name as usize]).map(|i| i as usize).collect();
    let ints = |of: &dyn Fn(usize) -> i32| Filled::Ints(rows.iter().map(|i| of(*i)).collect());
    let ids = rows.iter().map(|i| rfm.customer[*i] as usize);
    let ids = match names {
        Names::Numbers(names) => Filled::Longs(ids.map(|id| names[id]).collect()),
        Names::Texts(names) => Filled::Texts(ids.map(|id| names[id].clone()).collect()),
    };
    let mut table = vec![
        ("customer_id", ids),
        ("recency", ints(&|i| rfm.recency(i))),
        ("frequency", ints(&|i| rfm.frequency[i] as i32)),
        ("T", ints(&|i| rfm.as_of.since(rfm.first[i]))),
        ("monetary", Filled::Numbers(rows.iter().map(|i| units(rfm.monetary[*i])).collect())),
    ];
    if let Some(scores) = &rfm.scores {
        let segment = |i: &usize| {
            let segment = scores[*i].segment();
            Segment::ALL.iter().position(|known| *known == segment).unwrap_or_default() as u8
        };
        table.extend([
            ("r", ints(&|i| i32::from(scores[i].r))),
            ("f", ints(&|i| i32::from(scores[i].f))),
            ("m", ints(&|i| i32::from(scores[i].m))),
            (
                "segment",
                Filled::Words(rows.iter().map(segment).collect(), Segment::ALL.map(Segment::key).to_vec()),
            ),
        ]);
    }
    table
}
