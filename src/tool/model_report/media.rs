//! How good is the media model?

use serde::Serialize;

use super::Output;
use crate::domain::{Cell, Day, Evidence, Fact, HoldoutRow, Span, Unit};
use crate::model::mix::trust::Limit;
use crate::model::mix::{Kind, PRIOR_DOMINATED};
use crate::tool::media::{self, Media};
use crate::tool::{ToolContext, ToolError};

/// What is known of the media model.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct MixReport {
    /// `kept`, `first` or `again`.
    pub fit: &'static str,
    pub period: Span,
    pub weeks: usize,
    pub channels: usize,
    /// Channels of which the data say little.
    pub prior_dominated: usize,
    pub tests: usize,
    /// `laplace` or `nuts`.
    pub method: String,
    pub k_hat: f64,
    pub modes: usize,
    pub r_hat: Option<f64>,
    pub ess: Option<f64>,
    pub r_squared: f64,
    /// 1 − root mean square error on unseen weeks / that of trend and season without media.
    pub skill: Option<f64>,
    /// Whether the draws are only roughly the posterior.
    pub rough: bool,
    /// Hold-out rows: root mean square error, mean absolute error over the mean, error of the sum.
    pub holdout: Vec<HoldoutRow>,
    /// What keeps it from `ready`.
    #[serde(skip)]
    pub limits: Vec<Limit>,
}

/// Whether the model is at hand.
pub(super) fn is_kept(ctx: &ToolContext<'_>) -> bool {
    ctx.today().is_ok_and(|(today, _)| {
        ctx.models.has(&media::key(ctx, Kind::Revenue, today), ctx.warehouse.data_version)
    })
}

pub(super) fn report(ctx: &ToolContext<'_>) -> Result<MixReport, ToolError> {
    let (today, _) = ctx.today()?;
    let fit = match (is_kept(ctx), ctx.models.version(&media::key(ctx, Kind::Revenue, today))) {
        (true, _) => "kept",
        (false, Some(_)) => "again",
        (false, None) => "first",
    };
    let Media { input, mix, .. } = Media::of(ctx, Kind::Revenue)?;
    let diagnostics = &mix.diagnostics;
    Ok(MixReport {
        fit,
        period: input.span,
        weeks: mix.target.len(),
        channels: mix.channels.len(),
        prior_dominated: mix.channels.iter().filter(|c| c.prior_share > PRIOR_DOMINATED).count(),
        tests: mix.tests.len(),
        method: diagnostics.method.clone(),
        k_hat: diagnostics.k_hat,
        modes: diagnostics.modes,
        r_hat: diagnostics.r_hat,
        ess: diagnostics.ess,
        r_squared: diagnostics.r_squared,
        skill: mix.skill(),
        rough: mix.rough(),
        holdout: media::holdout(&mix),
        limits: mix.limits_of_fit(),
    })
}

pub(super) fn evidence(report: &MixReport, today: Day, ctx: &ToolContext<'_>) -> Evidence {
    let mut evidence =
        Evidence::descriptive(report.weeks as u64, Some(report.period), ctx.warehouse.data_version);
    evidence.holdout.clone_from(&report.holdout);
    for (grade, component, mend) in &report.limits {
        evidence.limit(*grade, component, mend);
    }
    crate::tool::freshness::limit(ctx, today, &mut evidence);
    evidence
}

pub(super) fn facts(output: &Output) -> Vec<Fact> {
    let Some(mix) = &output.mix else { return Vec::new() };
    let count = |name: &str, n: f64| Fact::new(format!("mix.{name}"), n, Unit::Count);
    let score = |name: &str, value: f64| Fact::new(format!("mix.{name}"), value, Unit::Score);
    let mut facts = vec![
        Fact::new("mix.weeks", mix.weeks as f64, Unit::Weeks).over(mix.period),
        Fact::new("mix.last_day", f64::from(mix.period.to.0), Unit::Date),
        count("channels", mix.channels as f64),
        count("prior_dominated", mix.prior_dominated as f64),
        count("tests", mix.tests as f64),
        count("modes", mix.modes as f64),
        score("k_hat", mix.k_hat),
        Fact::new("mix.r_squared", mix.r_squared, Unit::Share),
    ];
    facts.extend(mix.skill.map(|skill| Fact::new("mix.skill", skill, Unit::Share)));
    facts.extend(mix.r_hat.map(|r_hat| score("r_hat", r_hat)));
    facts.extend(mix.ess.map(|ess| count("ess", ess)));
    for row in &mix.holdout {
        facts.extend(row.errors.iter().map(|(error, value)| {
            let unit = match error.as_str() {
                "rmse" => Unit::Money(output.currency),
                "mape" => Unit::Share,
                _ => Unit::Change,
            };
            Fact::new(format!("mix.holdout.{}.{error}", row.method), *value, unit)
        }));
    }
    facts
}

/// Rows of the hold-out, naive one first.
pub(super) fn rows(output: &Output) -> Vec<Vec<Cell>> {
    let rows = output.mix.iter().flat_map(|mix| mix.holdout.iter().rev());
    let error = |row: &HoldoutRow, wanted: &str| row.error(wanted).map_or(Cell::Empty, Cell::Number);
    rows.map(|row| {
        let errors = ["rmse", "mape", "total_error"].map(|wanted| error(row, wanted));
        std::iter::once(Cell::Text(row.method.clone())).chain(errors).collect()
    })
    .collect()
}
