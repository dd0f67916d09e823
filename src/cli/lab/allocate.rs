//! The best split of a budget over channels whose responses are known, with a bound that no split passes.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::{Map, Value, json};

use crate::cli::Out;
use crate::model::allocate::{Problem, allocate};

/// The best split of a budget over channels with known responses, and a bound on every other
///
/// Example: mercato lab allocate problem.json, with
/// {"total": 60000, "channels": [{"name": "search", "beta": 90000, "half_saturation": 20000, "slope": 1.4, "min": 0,
/// "max": 40000}, …]}; a channel brings beta * x^slope / (half_saturation^slope + x^slope).
#[derive(Debug, Args)]
pub struct Allocate {
    /// The problem, JSON
    #[arg(value_name = "PROBLEM.json")]
    file: PathBuf,
}

impl Allocate {
    pub(super) fn run(self, out: &mut Out) -> anyhow::Result<()> {
        let started = Instant::now();
        let file = self.file.display().to_string();
        let text = std::fs::read_to_string(&self.file).with_context(|| format!("{file} cannot be read"))?;
        let problem = read(&text).with_context(|| file.clone())?;
        let split = allocate(&problem).with_context(|| file.clone())?;
        let named =
            |(channel, spend): (&crate::model::allocate::Channel, &f64)| (channel.name.clone(), json!(spend));
        let allocation: Map<String, Value> = problem.channels.iter().zip(&split.spend).map(named).collect();
        let report = json!({
            "allocation": allocation,
            "value": split.value,
            "upper_bound": split.upper_bound,
            "gap": split.gap(),
            "seconds": started.elapsed().as_secs_f64(),
        });
        out.line(report.to_string())
    }
}

/// The problem; an error names the channel and the field.
fn read(text: &str) -> anyhow::Result<Problem> {
    let value: Value = serde_json::from_str(text).map_err(|error| anyhow!("is not JSON: {error}"))?;
    serde_path_to_error::deserialize(&value).map_err(|error| {
        let path = error.path().to_string();
        let at =
            path.strip_prefix("channels[").and_then(|rest| rest.split_once(']')?.0.parse::<usize>().ok());
        let name = at.and_then(|at| value.pointer(&format!("/channels/{at}/name"))?.as_str());
        let whose = name.map(|name| format!(" of channel {name:?}")).unwrap_or_default();
        anyhow!("{path}{whose}: {}", error.into_inner())
    })
}
