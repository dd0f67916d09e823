//! Fit trend, season and each channel's response, and say what each brought.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::weeks::{self, Wanted};
use crate::cli::Out;
use crate::domain::NoWork;
use crate::model::mix::measure::Estimate;
use crate::model::mix::{Adstock, Channel, Input, Kind, LeftOut, Method, Mix, MixError, Options};

/// Spend below this share of the target is not in its currency.
const NOT_MONEY: f64 = 0.005;

/// Arguments of `lab mix fit`.
#[derive(Debug, Args)]
pub struct Fit {
    /// A row a week (or day); CSV, gzip or not, or Parquet
    file: PathBuf,
    /// Column with the day, or the week's first day
    #[arg(long, value_name = "COLUMN")]
    date: String,
    /// Column with what is explained: revenue or orders
    #[arg(long, value_name = "COLUMN")]
    target: String,
    /// Columns of the channels: spend, or what people saw where --spend names the spend
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    media: Vec<String>,
    /// Columns with the spend of each of --media, in the same order; ROI is per spend
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    spend: Vec<String>,
    /// Columns with other things that move the target; words become one indicator each
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    controls: Vec<String>,
    /// Lift tests: channel, from, to, effect, se, spend_control, spend_treated [, scope_share, measured_until]
    #[arg(long, value_name = "FILE")]
    lift_tests: Option<PathBuf>,
    /// map: Laplace at the modes; posterior: NUTS. Without it Laplace, and NUTS where that is too rough
    #[arg(long)]
    method: Option<How>,
    /// What the target counts: with orders the prior is on the share that media bring, not on ROI. Without it revenue,
    /// and orders where spend is so far from the target that the two cannot be in one currency
    #[arg(long)]
    kind: Option<What>,
    /// Channels whose effect peaks some weeks after the spend
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    delayed: Vec<String>,
    /// Of the starts and draws
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the whole fit with its draws here, for `lab mix plan`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum How {
    Map,
    Posterior,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    Revenue,
    Orders,
}

impl Fit {
    pub(super) fn run(self, out: &mut Out) -> anyhow::Result<()> {
        let started = Instant::now();
        let kind = if self.kind == Some(What::Orders) { Kind::Orders } else { Kind::Revenue };
        let wanted = Wanted {
            date: &self.date,
            target: &self.target,
            media: &self.media,
            spend: &self.spend,
            controls: &self.controls,
        };
        let weeks::Weeks { mut input, mut warnings } = weeks::read(&self.file, &wanted, kind)?;
        if self.kind.is_none() && !is_money(&input) {
            input.kind = Kind::Orders;
            warnings.push(
                "spend and target differ so much in size that they cannot be in one currency: the prior is on the share that media bring (--kind revenue forces ROI)".to_owned(),
            );
        }
        if input.kind == Kind::Orders {
            warnings.push(
                "roi and mroi are units of the target per unit of spend, not money per money".to_owned(),
            );
        }
        for name in &self.delayed {
            if !self.media.contains(name) {
                bail!("--delayed {name} is not among --media {}", self.media.join(","));
            }
        }
        if let Some(file) = &self.lift_tests {
            input.tests = weeks::tests(file)?;
            if let Some(test) = input.tests.iter().find(|test| !self.media.contains(&test.channel)) {
                bail!(
                    "{}: channel {:?} is not among --media {}",
                    file.display(),
                    test.channel,
                    self.media.join(",")
                );
            }
        }
        let method = match self.method {
            None => Method::Auto,
            Some(How::Map) => Method::Map,
            Some(How::Posterior) => Method::Posterior,
        };
        let options = Options { method, seed: self.seed, delayed: self.delayed, ..Options::default() };
        let mix = Mix::fit(&input, &options, &NoWork).map_err(|error| {
            let why = match &error {
                MixError::NoChannel { left_out } => {
                    let all: Vec<String> = left_out.iter().map(why).collect();
                    format!(" ({})", all.join("; "))
                }
                _ => String::new(),
            };
            anyhow::anyhow!("{}: {error}{why}", self.file.display())
        })?;
        if let Some(path) = &self.out {
            let what = || format!("{} cannot be written", path.display());
            let file = BufWriter::new(File::create(path).with_context(what)?);
            serde_json::to_writer(file, &mix).with_context(what)?;
        }
        warnings.extend(mix.warnings.iter().map(|key| in_words(key)));
        warnings.extend(mix.left_out.iter().map(why));
        let far_out = |channel: &&Channel| channel.warnings.iter().any(|key| key == "roi_far_out");
        warnings.extend(mix.channels.iter().filter(far_out).map(|channel| {
            format!(
                "the ROI of {} lies too far from all that is known of advertising to be believed: something that moves with its spend is missing (name it with --controls), or a lift test must confirm it",
                channel.name
            )
        }));
        let report = json!({
            "weeks": mix.target.len(),
            "first_day": mix.first_day.to_string(),
            "channels": channels(&mix),
            "baseline": interval(mix.baseline()),
            "diagnostics": mix.diagnostics,
            "tests": mix.tests,
            "warnings": warnings,
            "holdout": mix.holdout,
            "skill": mix.skill(),
            "seconds": started.elapsed().as_secs_f64(),
        });
        out.line(report.to_string())
    }
}

/// Whether spend can be in the target's currency: between half a percent of it and all of it.
fn is_money(input: &Input) -> bool {
    let spend: f64 = input.channels.iter().flat_map(|channel| &channel.spend).sum();
    let target: f64 = input.target.iter().sum();
    spend <= 0.0 || (NOT_MONEY * target..=target).contains(&spend)
}

fn interval(estimate: Estimate) -> Value {
    json!({"total": estimate.value, "lo": estimate.lo, "hi": estimate.hi})
}

fn figure(estimate: Estimate) -> Value {
    json!({"value": estimate.value, "lo": estimate.lo, "hi": estimate.hi})
}

fn channels(mix: &Mix) -> Vec<Value> {
    let figures = mix.performance(0..mix.target.len());
    let channels = mix.channels.iter().zip(figures).enumerate();
    channels
        .map(|(c, (channel, own))| {
            let trust = mix.trust(channel, own.contribution);
            let adstock = match mix.point.channels[c].adstock {
                Adstock::Geometric { alpha } => json!({"kind": "geometric", "alpha": alpha}),
                Adstock::Delayed { alpha, theta } => {
                    json!({"kind": "delayed", "alpha": alpha, "theta": theta})
                }
            };
            json!({
                "name": channel.name,
                "spend": own.spend,
                "contribution": interval(own.contribution),
                "share": own.contribution.value / mix.target.iter().sum::<f64>(),
                "weekly": mix.weekly(c),
                "roi": own.roi.map(figure),
                "mroi": own.mroi.map(figure),
                "adstock": adstock,
                "half_life": figure(own.half_life),
                "half_saturation": figure(own.half_saturation),
                "slope": figure(own.slope),
                "saturation": figure(own.saturation),
                "grade": trust.grade,
                "limited_by": trust.component,
                "prior_share": channel.prior_share,
                "warnings": channel.warnings,
            })
        })
        .collect()
}

fn why(left_out: &LeftOut) -> String {
    let why = match left_out.why.as_str() {
        "zero_spend" => "has no spend",
        "few_weeks" => "has spend in fewer than ten weeks",
        _ => "varies by less than 10 %, so that its effect cannot be told from the baseline",
    };
    format!("{} is not judged: it {why}", left_out.name)
}

fn in_words(key: &str) -> String {
    match key {
        "merged_channels" => "channels that move together (correlation above .9) are judged as one",
        "one_harmonic" => "fewer than 78 weeks: the season has one harmonic",
        "flat_control" => "a control that never changes was left out",
        "test_not_used" => "a lift test lies outside the weeks, or its channel is not judged",
        other => other,
    }
    .to_owned()
}
