//! How good are the models behind the values, and what are they fitted on?
//!
//! For model_report: both models of purchases and the one of values as they are in use, their back-test, and a hold-out
//! tenth by tenth. All of it is kept like the fits themselves.

use std::sync::Arc;

use super::worth::{self, Fitted};
use super::{Args, Model, a_year, ten, ten_percent, trust};
use crate::domain::{Evidence, Grade};
use crate::features::clv::ClvInput;
use crate::model::clv::backtest::Rolling;
use crate::model::clv::calibration::{self, Calibration};
use crate::model::clv::{GammaGammaFit, PurchaseFit, PurchaseModel, Status};
use crate::tool::{ToolContext, ToolError, freshness};

/// Everything known of the models.
pub(in crate::tool) struct Examined {
    pub(in crate::tool) input: ClvInput,
    pub(in crate::tool) rolling: Arc<Rolling>,
    /// BG/NBD and MBG/NBD.
    pub(in crate::tool) purchases: [Arc<PurchaseFit>; 2],
    pub(in crate::tool) money: Arc<GammaGammaFit>,
    pub(in crate::tool) calibration: Arc<Calibration>,
    /// Whether each was there before this call, by the order of `purchases`, then money.
    pub(in crate::tool) fits: [Fit; 3],
}

/// Where a fit came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tool) enum Fit {
    /// Kept from an earlier answer on the same data.
    Kept,
    /// There was none.
    First,
    /// The one that was kept belonged to older data.
    Again {
        /// Those data.
        before: u64,
    },
}

impl Examined {
    pub(in crate::tool) fn of(ctx: &ToolContext<'_>) -> Result<Self, ToolError> {
        let input = worth::input(ctx)?;
        let origin = |what: &str| {
            let key = ctx.kept_as(what, input.today);
            match (ctx.models.has(&key, ctx.warehouse.data_version), ctx.models.version(&key)) {
                (true, _) => Fit::Kept,
                (false, Some(before)) => Fit::Again { before },
                (false, None) => Fit::First,
            }
        };
        let fits = ["bg_nbd", "mbg_nbd", "gamma_gamma"].map(origin);
        let bg = Fitted::of(ctx, &input, &args(Model::BgNbd))?;
        let Fitted { rolling, fit, once, money } = bg;
        ctx.work.check()?;
        let days = rolling.horizon_days;
        let key = ctx.kept_as(&format!("clv_calibration/{days}"), input.today);
        let calibration = ctx.models.get_or_fit(&key, ctx.warehouse.data_version, || {
            let time = |from: i32, to: i32| input.purchase_days(from, to);
            calibration::calibration(&input.history, input.today.0, days, &time, ctx.work)
        });
        let calibration = calibration.map_err(worth::cannot_fit)?;
        Ok(Self { input, rolling, purchases: [fit, once], money, calibration, fits })
    }

    /// Back-test and optimum of one model decide; its figures are the hold-out's.
    pub(in crate::tool) fn evidence(&self, ctx: &ToolContext<'_>, model: PurchaseModel) -> Evidence {
        let n = self.input.now.buyers.len() as u64;
        let mut evidence = Evidence::descriptive(n, Some(self.input.span), ctx.warehouse.data_version);
        evidence.holdout = trust::holdout(&self.rolling);
        trust::by_skill(&mut evidence, &self.rolling, model, "more_history");
        if self.purchases[Rolling::place(model)].certificate.status != Status::Interior {
            evidence.limit(Grade::ReviewFirst, "optimum_flat", "more_history");
        }
        freshness::limit(ctx, self.input.today, &mut evidence);
        evidence
    }
}

pub(super) fn args(model: Model) -> Args {
    Args {
        horizon_months: a_year(),
        top: ten(),
        segment: None,
        customer: None,
        model,
        discount_rate: ten_percent(),
    }
}
