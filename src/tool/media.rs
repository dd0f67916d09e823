//! Which media model answers questions on these data, and why is there none?

use std::sync::Arc;

use super::predict_clv::kept_as;
use super::{ToolContext, ToolError};
use crate::domain::Day;
use crate::features::media::{MediaInput, NoMedia};
use crate::model::mix::{Kind, Mix, MixError, Options};

/// The model of the present data with its input; fitted on first use.
pub(super) struct Media {
    pub(super) input: MediaInput,
    pub(super) mix: Arc<Mix>,
}

/// Under which key the fit is kept.
pub(super) fn key(ctx: &ToolContext<'_>, kind: Kind, today: Day) -> String {
    let what = match kind {
        Kind::Revenue => "mix/revenue",
        Kind::Orders => "mix/orders",
    };
    kept_as(ctx, what, today)
}

impl Media {
    pub(super) fn of(ctx: &ToolContext<'_>, kind: Kind) -> Result<Self, ToolError> {
        let (today, _) = ctx.today()?;
        let input = MediaInput::from_warehouse(ctx.warehouse, today, kind).map_err(no_media)?;
        let fit = || Mix::fit(&input.input, &Options::default(), ctx.work);
        let key = key(ctx, kind, today);
        let mix = ctx.models.get_or_fit(&key, ctx.warehouse.data_version, fit).map_err(cannot_fit)?;
        Ok(Self { input, mix })
    }
}

fn no_media(why: NoMedia) -> ToolError {
    match why {
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
        MixError::NoChannel { left_out } => {
            let of = |why: &str| -> Vec<String> {
                left_out.iter().filter(|out| out.why == why).map(|out| out.name.clone()).collect()
            };
            ToolError::not_enough_data("media_no_channel")
                .with("flat", of("flat"))
                .with("few_weeks", of("few_weeks"))
                .with("zero_spend", of("zero_spend"))
        }
        MixError::NothingSold => ToolError::not_enough_data("media_nothing_sold"),
        MixError::Cancelled(cancelled) => cancelled.into(),
        MixError::NoFit | MixError::BadSeries(_) | MixError::TooManyControls { .. } => {
            ToolError { log: error.to_string(), ..ToolError::not_enough_data("media_no_fit") }
        }
    }
}
