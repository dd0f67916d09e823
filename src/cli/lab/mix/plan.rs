//! Spread a budget over the channels of a fit, week by week, and set it beside today's split.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use crate::cli::Out;
use crate::cli::lab::columns::{Columns, Keys, Names, Wanted};
use crate::domain::{Grade, NoWork};
use crate::model::mix::Mix;
use crate::model::plan::{self, Ask, Bound, BoundsError, ChannelPlan, Objective, PlanError, Reach, trust};

/// Arguments of `lab mix plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// What `lab mix fit --out` wrote
    #[arg(value_name = "fit.json")]
    file: PathBuf,
    /// Money over all channels and weeks
    #[arg(long)]
    total: f64,
    /// Weeks, 1 to 52
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=52))]
    weeks: u32,
    /// Columns channel, min, max: money over the whole plan; the others stay within half to twice of today
    #[arg(long, value_name = "FILE")]
    bounds: Option<PathBuf>,
    /// response: what the fit's weeks count; profit: margin of it, less spend
    #[arg(long, default_value = "response")]
    objective: End,
    /// Margin of a unit of response, for profit
    #[arg(long, default_value_t = 1.0)]
    margin: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum End {
    Response,
    Profit,
}

impl Plan {
    pub(super) fn run(self, out: &mut Out) -> anyhow::Result<()> {
        let file = self.file.display();
        if !(0.01..=1e12).contains(&self.total) {
            bail!("--total {} is not an amount; give money from 0.01 to 1e12", self.total);
        }
        if !(0.0..=1.0).contains(&self.margin) {
            bail!("--margin {} is not in 0 to 1; 0.4 is 40 %", self.margin);
        }
        let text = BufReader::new(File::open(&self.file).with_context(|| format!("{file} cannot be read"))?);
        let mix: Mix = serde_json::from_reader(text).with_context(|| {
            format!("{file} is not a fit; make one with: mercato lab mix fit … --out fit.json")
        })?;
        let profit = self.objective == End::Profit;
        let ask = Ask {
            total: Some((self.total * 100.0).round() / 100.0),
            weeks: self.weeks as usize,
            objective: if profit { Objective::Profit } else { Objective::Response },
            target_roi: None,
            bounds: self
                .bounds
                .as_deref()
                .map_or_else(|| Ok(vec![Bound::default(); mix.channels.len()]), |file| bounds(file, &mix))?,
            margin: profit.then_some(self.margin),
        };
        let plan = plan::plan(&mix, &ask, &NoWork).map_err(|error| why(error, &mix))?;
        let limits = trust::limits(&plan, &mix);
        let grade = limits.iter().map(|(grade, _, _)| *grade).min().unwrap_or(Grade::Ready);
        let mut warnings: Vec<String> =
            limits.iter().map(|(_, component, _)| component.replace('_', " ")).collect();
        warnings.dedup();
        match plan.reach {
            Reach::Usual => {}
            Reach::Seen => warnings.push(
                "the total does not fit half to twice of today: channels may get 0 to their largest week"
                    .into(),
            ),
            Reach::Beyond(factor) => {
                warnings.push(format!("extrapolates: weeks up to {factor:.2} times the largest ever seen"))
            }
        }
        for left in &mix.left_out {
            warnings.push(format!(
                "{} is not judged ({}) and keeps today's spend",
                left.name,
                left.why.replace('_', " ")
            ));
        }
        let by = |of: &dyn Fn(&ChannelPlan) -> Value| -> Map<String, Value> {
            plan.channels.iter().map(|channel| (channel.name.clone(), of(channel))).collect()
        };
        // what is not judged costs the same either way and brings what nobody knows
        let judged: f64 = plan.channels.iter().map(|channel| channel.reference).sum();
        let worth = |brought: f64| if profit { self.margin * brought - judged } else { brought };
        let expected = plan.profit.filter(|_| profit).unwrap_or(plan.expected);
        let report = json!({
            "allocation": by(&|channel| json!(channel.weekly)),
            "total": by(&|channel| json!(channel.spend)),
            "expected": expected,
            "today": { "value": worth(plan.reference.value), "total": by(&|channel| json!(channel.reference)) },
            "gain": plan.gain,
            "p_better": plan.p_better,
            "gap": plan.gap,
            "grade": grade,
            "warnings": warnings,
        });
        out.line(report.to_string())
    }
}

/// A bound for each judged channel.
fn bounds(file: &Path, mix: &Mix) -> anyhow::Result<Vec<Bound>> {
    let mut columns = Columns::open(file)?;
    let channel = columns.want::<Keys>(&["channel"])?;
    let min: Wanted<f64> = columns.want(&["min"])?;
    let max: Wanted<f64> = columns.want(&["max"])?;
    let mut read = columns.read()?;
    let keys = read.take(&channel);
    let (mins, maxs) = (read.take(&min), read.take(&max));
    let mut bounds = vec![Bound::default(); mix.channels.len()];
    for (row, code) in keys.codes.iter().enumerate() {
        let name = match &keys.names {
            Names::Texts(names) => names[*code as usize].clone(),
            Names::Numbers(names) => names[*code as usize].to_string(),
        };
        let place =
            mix.channels.iter().position(|channel| channel.name == name || channel.parts.contains(&name));
        let Some(place) = place else {
            let known: Vec<&str> = mix.channels.iter().map(|channel| channel.name.as_str()).collect();
            bail!(
                "{}: channel {name:?} is not judged in the fit; those are {}",
                file.display(),
                known.join(", ")
            );
        };
        if mins[row] < 0.0 || maxs[row] < 0.0 {
            bail!("{}: bounds of {name:?} are below 0; give money, 0 or more", file.display());
        }
        if bounds[place] != Bound::default() {
            let channel = &mix.channels[place].name;
            bail!("{}: channel {channel:?} has bounds twice; give one row for all of it", file.display());
        }
        bounds[place] = Bound { min: Some(mins[row]), max: Some(maxs[row]) };
    }
    Ok(bounds)
}

fn why(error: PlanError, mix: &Mix) -> anyhow::Error {
    match error {
        PlanError::NothingJudged => anyhow!("the fit judges no channel, so nothing can be planned"),
        PlanError::MarginUnknown => anyhow!("profit needs --margin"),
        PlanError::NothingToday => anyhow!("nothing was spent in the last 13 weeks: give --total"),
        PlanError::Cancelled => anyhow!("cancelled"),
        PlanError::BelowKept { kept } => {
            anyhow!("channels that are not judged keep {kept:.2} already: raise --total above that")
        }
        PlanError::Bounds(BoundsError::Crossed { channel, min, max }) => {
            let name = mix.channels.get(channel).map_or("", |channel| channel.name.as_str());
            anyhow!("channel {name:?}: min {min} is above max {max}: lower min or raise max")
        }
        PlanError::Bounds(BoundsError::Below { least }) => {
            anyhow!("--total is below the sum of all min: raise it to {least:.2} or lower a min")
        }
        PlanError::Bounds(BoundsError::Above { most }) => {
            anyhow!("--total is above the sum of all max: lower it to {most:.2} or raise a max")
        }
        PlanError::Bounds(BoundsError::NeverUsed) => {
            anyhow!("no channel was ever used, so nothing can be planned")
        }
    }
}
