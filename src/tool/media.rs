//! Which media model answers questions on these data, and why is there none?

use std::sync::Arc;

use super::{Note, ToolContext, ToolError, freshness};
use crate::domain::{Day, Evidence, Fact, Grade, HoldoutRow, Unit};
use crate::features::media::{MediaInput, NoMedia};
use crate::model::mix::measure::Estimate;
use crate::model::mix::{HoldoutError, Kind, LeftOut, Mix, MixError, Options};

/// The model of the present data with its input; fitted on first use.
pub(super) struct Media {
    pub(super) input: MediaInput,
    pub(super) mix: Arc<Mix>,
    pub(super) today: Day,
}

/// Under which key the fit is kept.
pub(super) fn key(ctx: &ToolContext<'_>, kind: Kind, today: Day) -> String {
    let what = match kind {
        Kind::Revenue => "mix/revenue",
        Kind::Orders => "mix/orders",
    };
    ctx.kept_as(what, today)
}

impl Media {
    pub(super) fn of(ctx: &ToolContext<'_>, kind: Kind) -> Result<Self, ToolError> {
        let (today, _) = ctx.today()?;
        // by a clock that runs, today is not over, and a week that ends with it neither
        let until = if ctx.clock.is_live() { today.plus(-1) } else { today };
        let input = MediaInput::from_warehouse(ctx.warehouse, until, kind);
        let input = input.map_err(|why| no_media(why, ctx))?;
        let fit = || Mix::fit(&input.input, &Options::default(), ctx.work);
        let key = key(ctx, kind, today);
        let mix = ctx.models.get_or_fit(&key, ctx.warehouse.data_version, fit).map_err(cannot_fit)?;
        Ok(Self { input, mix, today })
    }

    /// What every answer of this model rests on; grades come on top.
    pub(super) fn evidence(&self, ctx: &ToolContext<'_>) -> Evidence {
        let weeks = self.mix.target.len() as u64;
        let mut evidence = Evidence::descriptive(weeks, Some(self.input.span), ctx.warehouse.data_version);
        evidence.interval_method = Some("posterior".into());
        evidence.holdout = holdout(&self.mix);
        if !self.input.spend_gaps.is_empty() {
            evidence.limit(Grade::ReviewFirst, "spend_gap", "import_spend_weeks");
        }
        freshness::limit(ctx, self.today, &mut evidence);
        evidence
    }

    /// What must be said beside every answer of this model.
    pub(super) fn notes(&self) -> Vec<Note> {
        let merged = self.mix.channels.iter().filter(|channel| channel.parts.len() > 1);
        let mut notes: Vec<Note> =
            merged.map(|channel| Note::new("media_merged").with("channels", channel.parts.clone())).collect();
        if let Some(missing) = self.input.missing.last() {
            notes.push(Note::new("media_after_gap").with("week", missing.to_string()));
        }
        for gap in &self.input.spend_gaps {
            let note = Note::new("media_spend_gap").with("channel", gap.channel.clone());
            let note = note.with("from", gap.span.from.to_string());
            notes.push(note.with("to", gap.span.to.to_string()));
        }
        if self.mix.rough() {
            notes.push(Note::new("media_rough"));
        }
        if self.input.other_tests > 0 || self.mix.warnings.iter().any(|key| key == "test_not_used") {
            notes.push(Note::new("media_test_not_used"));
        }
        notes
    }
}

/// The hold-out rows, naive one included.
pub(super) fn holdout(mix: &Mix) -> Vec<HoldoutRow> {
    let row = |row: &HoldoutError| {
        // the naive row of customer value is another one
        let method = if row.method == "naive" { "no_media" } else { &row.method };
        let errors = [("rmse", row.rmse), ("mape", row.mape), ("total_error", row.total_error)];
        HoldoutRow::new(method, errors)
    };
    mix.holdout.iter().map(row).collect()
}

/// A figure with its interval.
pub(super) fn estimate(name: impl Into<String>, estimate: Estimate, unit: Unit) -> Fact {
    Fact::new(name, estimate.value, unit).within(estimate.lo, estimate.hi)
}

fn no_media(why: NoMedia, ctx: &ToolContext<'_>) -> ToolError {
    match why {
        NoMedia::NoSpend if !ctx.warehouse.foreign.is_empty() => {
            let codes: Vec<String> =
                ctx.warehouse.foreign.iter().map(|(currency, _)| currency.to_string()).collect();
            ToolError::not_enough_data("media_spend_foreign")
                .with("currency", ctx.warehouse.shop.currency.to_string())
                .with("currencies", codes)
        }
        NoMedia::NoSpend => ToolError::not_enough_data("media_no_spend"),
        NoMedia::NoWeek => ToolError::not_enough_data("media_no_week"),
        NoMedia::Gap { missing, weeks } => ToolError::not_enough_data("media_gap")
            .with("week", missing.to_string())
            .with("weeks", weeks as u64)
            .with("needed", crate::model::mix::WEEKS_MIN as u64),
    }
}

fn cannot_fit(error: MixError) -> ToolError {
    match error {
        MixError::TooFewWeeks { weeks, needed } => ToolError::not_enough_data("media_few_weeks")
            .with("weeks", weeks as u64)
            .with("needed", needed as u64),
        MixError::NoChannel { left_out } => no_channel(&left_out),
        MixError::NothingSold => ToolError::not_enough_data("media_nothing_sold"),
        MixError::Cancelled(cancelled) => cancelled.into(),
        MixError::NoFit | MixError::BadSeries(_) | MixError::TooManyControls { .. } => {
            ToolError { log: error.to_string(), ..ToolError::not_enough_data("media_no_fit") }
        }
    }
}

/// No channel can be judged, each for its reason.
pub(super) fn no_channel(left_out: &[LeftOut]) -> ToolError {
    let of = |why: &str| -> Vec<String> {
        left_out.iter().filter(|out| out.why == why).map(|out| out.name.clone()).collect()
    };
    ToolError::not_enough_data("media_no_channel")
        .with("flat", of("flat"))
        .with("few_weeks", of("few_weeks"))
        .with("zero_spend", of("zero_spend"))
}
