//! What do the models say of every customer?

use std::sync::Arc;

use rayon::prelude::*;

use super::{Args, Model};
use crate::domain::{MONTH_DAYS, Segment, Tier};
use crate::features::clv::ClvInput;
use crate::features::rfm::Rfm;
use crate::model::clv::backtest::{self, Rolling};
use crate::model::clv::interval::{self, Group, TotalDraws};
use crate::model::clv::measure::descending;
use crate::model::clv::pace::Pace;
use crate::model::clv::value::Horizon;
use crate::model::clv::{FitError, GammaGamma, GammaGammaFit, PurchaseFit, PurchaseModel};
use crate::tool::{ToolContext, ToolError};

/// Fewer customers with a second purchase cannot tell rate from drop-out (a standard error of r above a third).
const REPEAT_MIN: usize = 50;
/// P(alive) this near 1 for a one-time buyer is the model's silence, not knowledge.
const CERTAIN: f64 = 0.9995;
/// Tiers are always by these, whatever is asked (DEFINITIONS §4).
const TIER_MONTHS: u32 = 12;
const TIER_DISCOUNT: f64 = 0.1;
/// Ends of the first three tiers: 5 %, + 15 %, + 30 %.
const TIER_ENDS: [f64; 3] = [0.05, 0.20, 0.50];
/// Of the intervals of totals; any other moves their ends by well under a hundredth of their width.
const SEED: u64 = 5;
/// Level of every interval.
pub(super) const LEVEL: f64 = 0.9;
/// Every customer's future, and what it rests on.
pub(super) struct Valued {
    pub(super) input: ClvInput,
    pub(super) rolling: Arc<Rolling>,
    pub(super) fit: Arc<PurchaseFit>,
    pub(super) money: Arc<GammaGammaFit>,
    /// At `pace`.
    pub(super) horizon: Horizon,
    pub(super) pace: Option<Pace>,
    /// One a customer, in the order of `input.now`.
    pub(super) rows: Vec<Worth>,
    /// Mean value of a purchase, for whom the model of values gives none.
    pub(super) mean_value: f64,
}

/// One customer's future.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Worth {
    pub(super) p_alive: Option<f64>,
    pub(super) orders: f64,
    pub(super) revenue: f64,
    pub(super) clv: f64,
    pub(super) margin: f64,
    pub(super) tier: Tier,
    pub(super) tier_clv: f64,
    pub(super) segment: Option<Segment>,
}

/// What the models eat; an error where it is too little for them.
pub(super) fn input(ctx: &ToolContext<'_>) -> Result<ClvInput, ToolError> {
    let (today, _) = ctx.today()?;
    let input = ClvInput::from_warehouse(ctx.warehouse, today)
        .ok_or_else(|| ToolError::not_enough_data("clv_no_customers"))?;
    let repeat = input.repeat_customers();
    if repeat < REPEAT_MIN {
        let error = ToolError::not_enough_data("clv_few_repeat");
        return Err(error.with("n", repeat as u64).with("needed", REPEAT_MIN as u64));
    }
    Ok(input)
}

impl Valued {
    pub(super) fn of(ctx: &ToolContext<'_>, args: &Args) -> Result<Self, ToolError> {
        let input = input(ctx)?;
        let models = Fitted::of(ctx, &input, args)?;
        ctx.work.check()?;
        let mean_value = input.now.mean_value.iter().sum::<f64>() / input.now.mean_value.len() as f64;
        let Fitted { rolling, fit, once, money } = models;
        let (horizon, pace) = horizon(&input, &fit, args.horizon_months, args.discount_rate);
        let (tiers, _) = self::horizon(&input, &fit, TIER_MONTHS, TIER_DISCOUNT);
        ctx.work.check()?;
        let mut valued = Self { input, rolling, fit, money, horizon, pace, rows: Vec::new(), mean_value };
        valued.rows = valued.worth(&once, &tiers);
        valued.set_tiers();
        valued.set_segments(ctx);
        Ok(valued)
    }

    /// Expected value of one purchase of the i-th customer.
    pub(super) fn purchase_value(&self, i: usize) -> f64 {
        let value = self.money.expected(&self.input.now.spenders[i]);
        if value.is_finite() { value } else { self.mean_value }
    }

    fn worth(&self, once: &PurchaseFit, tiers: &Horizon) -> Vec<Worth> {
        (0..self.input.now.buyers.len())
            .into_par_iter()
            .map(|i| {
                let buyer = &self.input.now.buyers[i];
                let alive = self.fit.alive(buyer);
                let ahead = self.horizon.worth(&alive);
                let value = self.purchase_value(i);
                let margin = self.input.margin.as_ref().map_or(1.0, |margin| margin.customers[i]);
                // who bought once only: BG/NBD says 1 by construction, MBG/NBD estimates it
                let known = if buyer.frequency == 0 { once.alive(buyer).p_alive } else { alive.p_alive };
                Worth {
                    p_alive: (self.tells_alive() && !(buyer.frequency == 0 && known > CERTAIN))
                        .then_some(known),
                    orders: ahead.orders,
                    revenue: ahead.orders * value,
                    clv: ahead.discounted_orders * value * margin,
                    margin,
                    tier: Tier::Low,
                    tier_clv: tiers.worth(&alive).discounted_orders * value * margin,
                    segment: None,
                }
            })
            .collect()
    }

    /// Whether anybody seems to stop at all; in the limit without drop-out P(alive) says nothing.
    pub(super) fn tells_alive(&self) -> bool {
        self.fit.certificate.limit.as_deref() != Some("no_dropout")
    }

    fn set_tiers(&mut self) {
        let clv: Vec<f64> = self.rows.iter().map(|row| row.tier_clv).collect();
        let n = clv.len() as f64;
        let ends = TIER_ENDS.map(|share| (share * n).ceil() as usize);
        for (rank, i) in descending(&clv).into_iter().enumerate() {
            let place = ends.iter().filter(|end| rank >= **end).count();
            self.rows[i].tier = Tier::ALL[place];
        }
    }

    fn set_segments(&mut self, ctx: &ToolContext<'_>) {
        let rfm = Rfm::as_of(ctx.warehouse, self.input.today);
        let Some(segments) = rfm.segments(ctx.warehouse.customers.id.len()) else { return };
        for (row, customer) in self.rows.iter_mut().zip(&self.input.now.customer) {
            row.segment = segments.get(*customer as usize).copied().flatten();
        }
    }

    /// Random factors around the totals of some customers.
    pub(super) fn total(&self, who: &[usize]) -> TotalDraws {
        let buyers: Vec<_> = who.iter().map(|i| self.input.now.buyers[*i]).collect();
        let spenders: Vec<_> = who.iter().map(|i| self.input.now.spenders[*i]).collect();
        let weights = vec![1.0; who.len()];
        let group = Group { buyers: &buyers, spenders: &spenders, weights: &weights };
        let (orders, value) = self.rolling.miss[Rolling::place(self.fit.model)];
        let spread = |miss: f64| self.pace.map_or(miss, |pace| pace.spread(miss));
        let spread = (spread(orders), spread(value));
        interval::total(&self.fit, &self.money, group, self.horizon.weeks(), spread, SEED)
    }
}

/// The months ahead with their season, at the pace that the shop's last year speaks for.
fn horizon(input: &ClvInput, fit: &PurchaseFit, months: u32, discount: f64) -> (Horizon, Option<Pace>) {
    let plain = Horizon { season: input.season_ahead(months), discount };
    match input.pace(fit, months) {
        Some(pace) => (plain.at_pace(pace.factor), Some(pace)),
        None => (plain, None),
    }
}

pub(super) struct Fitted {
    pub(super) rolling: Arc<Rolling>,
    pub(super) fit: Arc<PurchaseFit>,
    /// MBG/NBD, for the P(alive) of who bought once.
    pub(super) once: Arc<PurchaseFit>,
    pub(super) money: Arc<GammaGammaFit>,
}

impl Fitted {
    /// Kept by model, settings and data version; fitted at first use.
    pub(super) fn of(ctx: &ToolContext<'_>, input: &ClvInput, args: &Args) -> Result<Self, ToolError> {
        let version = ctx.warehouse.data_version;
        let asked = (MONTH_DAYS * f64::from(args.horizon_months)).round() as i32;
        let days = backtest::horizon_days(input.span.days(), asked);
        let rolling = ctx.models.get_or_fit(
            &ctx.kept_as(&format!("clv_backtest/{days}"), input.today),
            version,
            || {
                let time = |from: i32, to: i32| input.purchase_days(from, to);
                backtest::rolling(&input.history, input.today.0, asked, &time, ctx.work)
            },
        );
        let rolling = rolling.map_err(cannot_fit)?;
        let model = match args.model {
            Model::Auto => rolling.chosen,
            Model::BgNbd => PurchaseModel::BgNbd,
            Model::MbgNbd => PurchaseModel::MbgNbd,
        };
        let purchases = |model: PurchaseModel| {
            ctx.models
                .get_or_fit(&ctx.kept_as(model.key(), input.today), version, || {
                    ctx.work.progress("fit", 0, 1);
                    model.fit(&input.now.buyers, None, ctx.work)
                })
                .map_err(cannot_fit)
        };
        let money = ctx.models.get_or_fit(&ctx.kept_as("gamma_gamma", input.today), version, || {
            GammaGamma.fit(&input.now.spenders, None, ctx.work)
        });
        Ok(Self {
            fit: purchases(model)?,
            once: purchases(PurchaseModel::MbgNbd)?,
            money: money.map_err(cannot_fit)?,
            rolling,
        })
    }
}

pub(super) fn cannot_fit(error: FitError) -> ToolError {
    match error {
        FitError::Cancelled => crate::domain::Cancelled.into(),
        error => {
            let mut refused = ToolError::not_enough_data("clv_cannot_fit");
            refused.log = error.to_string();
            refused
        }
    }
}
