//! Customer lifetime value on a plain file: fit, predict, backtest.
//!
//! The contracts of DESIGN §6: JSON for fit and backtest, CSV rows for predict. Files are CSV, gzip or not.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use serde::Deserialize;
use serde_json::json;

use super::columns::{Columns, Filled, Keys, Read, as_csv, write};
use crate::cli::Out;
use crate::domain::{Day, NoWork};
use crate::model::clv::{
    Buyer, FitError, GammaGamma, GammaGammaFit, History, PurchaseFit, PurchaseModel, PurchaseParams, Spender,
    backtest, interval,
};

/// Customer lifetime value on a plain file.
#[derive(Debug, Subcommand)]
pub enum Clv {
    /// Fit a model: parameters with standard errors and the proof of the optimum, as JSON
    ///
    /// Example: mercato lab clv fit --model bg_nbd customers.csv
    Fit(Fit),
    /// Forecast every row, as CSV
    ///
    /// Example: mercato lab clv predict --model bg_nbd customers.csv --t 39
    Predict(Predict),
    /// Fit until a day, compare with what came after, as JSON
    ///
    /// Example: mercato lab clv backtest transactions.csv.gz --calibration-end 1997-09-30
    Backtest(Backtest),
}

/// Which model to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum AnyModel {
    BgNbd,
    MbgNbd,
    GammaGamma,
}

/// Which model to forecast with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum CountModel {
    BgNbd,
    MbgNbd,
}

impl From<CountModel> for PurchaseModel {
    fn from(model: CountModel) -> Self {
        match model {
            CountModel::BgNbd => Self::BgNbd,
            CountModel::MbgNbd => Self::MbgNbd,
        }
    }
}

/// Unit of the rates in a back-test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TimeUnit {
    Week,
}

/// See [`Clv::Fit`].
#[derive(Debug, Args)]
pub struct Fit {
    /// The model
    #[arg(long)]
    model: AnyModel,
    /// Columns frequency (x), recency (t_x), T [, monetary_value (zbar)] [, weight]
    file: PathBuf,
}

/// See [`Clv::Predict`].
#[derive(Debug, Args)]
pub struct Predict {
    /// The model
    #[arg(long)]
    model: CountModel,
    /// Columns frequency (x), recency (t_x), T [, monetary_value (zbar)] [, weight]
    file: PathBuf,
    /// Time ahead, in the file's unit
    #[arg(long)]
    t: f64,
    /// Parameters to use instead of fitting: {"r": .., "alpha": .., "a": .., "b": ..}
    #[arg(long, value_name = "JSON")]
    params: Option<String>,
    /// Level of the intervals
    #[arg(long, default_value_t = 0.9)]
    interval: f64,
    /// Write the rows here (.csv or .parquet) instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// See [`Clv::Backtest`].
#[derive(Debug, Args)]
pub struct Backtest {
    /// Columns customer_id, date, amount
    file: PathBuf,
    /// Last day that the models may see
    #[arg(long, value_name = "DATE")]
    calibration_end: String,
    /// Last day to compare with; the file's last day where it is not given
    #[arg(long, value_name = "DATE")]
    end: Option<String>,
    /// Unit of time of the rates
    #[arg(long, default_value = "week")]
    unit: TimeUnit,
}

impl Clv {
    pub(super) fn run(self, out: &mut Out) -> anyhow::Result<()> {
        match self {
            Self::Fit(command) => command.run(out),
            Self::Predict(command) => command.run(out),
            Self::Backtest(command) => command.run(out),
        }
    }
}

/// The rows of a file of customers.
struct Customers {
    read: Read,
    buyers: Vec<Buyer>,
    spenders: Option<Vec<Spender>>,
    weights: Option<Vec<f64>>,
}

impl Customers {
    fn read(file: &Path) -> anyhow::Result<Self> {
        let mut columns = Columns::open(file)?;
        let x = columns.want::<u32>(&["frequency", "x"])?;
        let recency = columns.want::<f64>(&["recency", "t_x"])?;
        let t = columns.want::<f64>(&["T", "t"])?;
        let value = columns.find::<f64>(&["monetary_value", "zbar"]);
        let weight = columns.find::<f64>(&["weight"]);
        let mut read = columns.read()?;
        let frequency = read.take(&x);
        let spenders = value.map(|value| {
            let values = read.take(&value);
            frequency
                .iter()
                .zip(values)
                .map(|(frequency, value)| Spender { frequency: *frequency, value })
                .collect()
        });
        let weights = weight.map(|weight| read.take(&weight));
        let times = read.take(&recency).into_iter().zip(read.take(&t));
        let buyers = frequency
            .into_iter()
            .zip(times)
            .map(|(frequency, (recency, t))| Buyer { frequency, recency, t })
            .collect();
        Ok(Self { read, buyers, spenders, weights })
    }

    fn purchases(&self, model: PurchaseModel) -> anyhow::Result<PurchaseFit> {
        model.fit(&self.buyers, self.weights.as_deref(), &NoWork).map_err(|error| self.placed(error))
    }

    fn values(&self) -> anyhow::Result<Option<GammaGammaFit>> {
        let Some(spenders) = &self.spenders else { return Ok(None) };
        let fit = GammaGamma.fit(spenders, self.weights.as_deref(), &NoWork);
        fit.map(Some).map_err(|error| self.placed(error))
    }

    /// A fault of a row with its line in the file.
    fn placed(&self, error: FitError) -> anyhow::Error {
        match error {
            FitError::Row { row, field, value, mend } => {
                self.read.fault(row, field, &value.to_string(), &format!("is not possible; {mend}"))
            }
            error => anyhow::Error::new(error).context(self.read.file()),
        }
    }
}

impl Fit {
    fn run(self, out: &mut Out) -> anyhow::Result<()> {
        let customers = Customers::read(&self.file)?;
        let started = Instant::now();
        let model = match self.model {
            AnyModel::BgNbd => PurchaseModel::BgNbd,
            AnyModel::MbgNbd => PurchaseModel::MbgNbd,
            AnyModel::GammaGamma => {
                let Some(fit) = customers.values()? else {
                    bail!(
                        "{}: gamma_gamma needs a column monetary_value (or zbar): the mean value of the repeat purchases",
                        self.file.display()
                    );
                };
                return out.line(gamma_gamma_json(&fit, started.elapsed().as_secs_f64()).to_string());
            }
        };
        let fit = customers.purchases(model)?;
        out.line(purchase_json(&fit, started.elapsed().as_secs_f64()).to_string())
    }
}

fn purchase_json(fit: &PurchaseFit, seconds: f64) -> serde_json::Value {
    let PurchaseParams { r, alpha, a, b } = fit.params;
    let limit = fit.certificate.limit.as_deref() == Some("no_dropout");
    let [se_r, se_alpha, se_a, se_b] = fit.se;
    json!({
        "model": fit.model,
        "n": fit.n,
        // in the limit without drop-out b is infinite, which JSON writes as null
        "params": {"r": r, "alpha": alpha, "a": a, "b": (!limit).then_some(b)},
        "se": {"r": se_r, "alpha": se_alpha, "a": se_a, "b": se_b},
        "log_likelihood": fit.log_likelihood,
        "status": fit.certificate.status,
        "limit": fit.certificate.limit,
        "gradient_norm": fit.certificate.gradient_norm,
        "eigenvalues": fit.certificate.eigenvalues,
        "seconds": seconds,
    })
}

fn gamma_gamma_json(fit: &GammaGammaFit, seconds: f64) -> serde_json::Value {
    let [se_p, se_q, se_v] = fit.se;
    json!({
        "model": "gamma_gamma",
        "n": fit.n,
        "params": fit.params,
        "se": {"p": se_p, "q": se_q, "v": se_v},
        "log_likelihood": fit.log_likelihood,
        "status": fit.certificate.status,
        "limit": fit.certificate.limit,
        "gradient_norm": fit.certificate.gradient_norm,
        "eigenvalues": fit.certificate.eigenvalues,
        "seconds": seconds,
    })
}

/// `--params`: the parameters, or the whole JSON of a fit.
#[derive(Deserialize)]
#[serde(untagged)]
enum GivenParams {
    Plain(Given),
    Fit { params: Given },
}

#[derive(Deserialize)]
struct Given {
    r: f64,
    alpha: f64,
    a: f64,
    b: Option<f64>,
}

fn given(text: &str) -> anyhow::Result<PurchaseParams> {
    const MEND: &str =
        "--params: write {\"r\": 0.24, \"alpha\": 4.4, \"a\": 0.79, \"b\": 2.4}, or the JSON of lab clv fit";
    let (GivenParams::Plain(given) | GivenParams::Fit { params: given }) =
        serde_json::from_str(text).context(MEND)?;
    let params = PurchaseParams { r: given.r, alpha: given.alpha, a: given.a, b: given.b.unwrap_or(1.0) };
    let positive = params.r > 0.0 && params.alpha > 0.0 && params.a >= 0.0 && params.b > 0.0;
    if !positive || (given.b.is_none() && params.a > 0.0) {
        bail!("--params: r, alpha, b must be above 0 and a at least 0; b may only be left out where a is 0");
    }
    Ok(params)
}

impl Predict {
    fn run(self, out: &mut Out) -> anyhow::Result<()> {
        if !(self.t.is_finite() && self.t >= 0.0) {
            bail!("--t {}: the time ahead is a number of at least 0, in the unit of the file's T", self.t);
        }
        if !(self.interval > 0.0 && self.interval < 1.0) {
            bail!("--interval {}: the level lies between 0 and 1, such as 0.9", self.interval);
        }
        let customers = Customers::read(&self.file)?;
        let model = PurchaseModel::from(self.model);
        if let Some((row, (field, value, mend))) = customers
            .buyers
            .iter()
            .enumerate()
            .find_map(|(row, buyer)| buyer.fault().map(|fault| (row, fault)))
        {
            return Err(customers.placed(FitError::Row { row, field, value, mend }));
        }
        let (params, fit) = match &self.params {
            Some(text) => (given(text)?, None),
            None => {
                let fit = customers.purchases(model)?;
                (fit.params, Some(fit))
            }
        };
        let money = customers.values()?;
        let columns = self.forecast(&customers, model, &params, fit.as_ref(), money.as_ref());
        match &self.out {
            Some(path) => write(path, &columns),
            None => as_csv(out, &columns),
        }
    }

    fn forecast(
        &self,
        customers: &Customers,
        model: PurchaseModel,
        params: &PurchaseParams,
        fit: Option<&PurchaseFit>,
        money: Option<&GammaGammaFit>,
    ) -> Vec<(&'static str, Filled)> {
        use rayon::prelude::*;
        let moved = fit.map(interval::moved);
        let forecast = |row: usize| {
            let buyer = &customers.buyers[row];
            let alive = model.alive(params, buyer);
            let outlook = alive.outlook(self.t, self.interval);
            let mean = fit
                .zip(moved.as_ref())
                .map(|(fit, moved)| interval::mean_with(fit, moved, buyer, self.t, self.interval));
            (alive.p_alive, outlook, mean)
        };
        let rows: Vec<_> = (0..customers.buyers.len()).into_par_iter().map(forecast).collect();
        let numbers = |of: &dyn Fn(usize) -> f64| Filled::Numbers((0..rows.len()).map(of).collect());
        let mut columns = vec![
            ("row", Filled::Longs((1..=rows.len() as i64).collect())),
            ("p_alive", numbers(&|i| rows[i].0)),
            ("expected_purchases", numbers(&|i| rows[i].1.expected)),
            ("mean_lo", numbers(&|i| rows[i].2.map_or(f64::NAN, |(lo, _)| lo))),
            ("mean_hi", numbers(&|i| rows[i].2.map_or(f64::NAN, |(_, hi)| hi))),
            ("predictive_lo", Filled::Longs(rows.iter().map(|row| i64::from(row.1.lo)).collect())),
            ("predictive_hi", Filled::Longs(rows.iter().map(|row| i64::from(row.1.hi)).collect())),
        ];
        if let Some((money, spenders)) = money.zip(customers.spenders.as_ref()) {
            let value = numbers(&|i| rows[i].1.expected * money.expected(&spenders[i]));
            columns.push(("expected_value", value));
        }
        columns
    }
}

impl Backtest {
    fn run(self, out: &mut Out) -> anyhow::Result<()> {
        let started = Instant::now();
        let TimeUnit::Week = self.unit;
        let day = |flag: &str, text: &str| {
            Day::parse(text).with_context(|| format!("{flag} {text:?} is not a date; write YYYY-MM-DD"))
        };
        let calibration_end = day("--calibration-end", &self.calibration_end)?;
        let history = read_purchases(&self.file)?;
        let Some((first, last)) = history.span() else { bail!("{}: no rows", self.file.display()) };
        let end = self.end.as_deref().map(|text| day("--end", text)).transpose()?.unwrap_or(Day(last));
        if calibration_end.0 <= first || calibration_end >= end {
            bail!(
                "--calibration-end {calibration_end} must lie after the first purchase ({}) and before the end ({end})",
                Day(first)
            );
        }
        let rows = backtest::holdout(&history, calibration_end.0, end.0, &NoWork)
            .with_context(|| self.file.display().to_string())?;
        let asked = end.since(calibration_end);
        let rolling = backtest::rolling(&history, calibration_end.0, asked, &backtest::calendar, &NoWork)?;
        let origins: Vec<String> = rolling.origins.iter().map(|day| Day(*day).to_string()).collect();
        let report = json!({
            "calibration_end": calibration_end,
            "end": end,
            "customers": history.as_of(calibration_end.0).customer.len(),
            "rows": rows,
            "auto": {
                "method": rolling.chosen,
                "by": "mean Poisson deviance of counts at rolling origins inside the calibration window",
                "horizon_days": rolling.horizon_days,
                "origins": origins,
                "deviance": {"bg_nbd": rolling.deviance[0], "mbg_nbd": rolling.deviance[1]},
            },
            "seconds": started.elapsed().as_secs_f64(),
        });
        out.line(serde_json::to_string_pretty(&report)?)
    }
}

fn read_purchases(file: &Path) -> anyhow::Result<History> {
    let mut columns = Columns::open(file)?;
    let id = columns.want::<Keys>(&["customer_id"])?;
    let (date, amount) = (columns.want::<Day>(&["date"])?, columns.want::<f64>(&["amount"])?);
    let mut read = columns.read()?;
    let keys = read.take(&id);
    // numbered by id, so that ranks break ties by id
    let mut rank = vec![0; keys.names.len()];
    for (n, place) in (0_u32..).zip(keys.names.sorted()) {
        rank[place as usize] = n;
    }
    let rows = keys.codes.iter().zip(read.take(&date)).zip(read.take(&amount));
    let purchases = rows.map(|((code, day), amount)| (rank[*code as usize], day.0, amount)).collect();
    Ok(History::new(rank.len(), purchases))
}
