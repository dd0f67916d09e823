//! How good are the fitted models, what were they fitted on, and how old are they?
//!
//! Hold-out errors beside naive rows, tenths and calibration, parameters with their standard errors and the proof of
//! their optimum. A model that is not fitted on the present data is fitted now, and the answer says so. RFM is a rule
//! and has no parameters; what it foretold is shown in its place.

mod charts;
mod figures;
mod media;
mod recommender;
mod rfm;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::predict_clv::{Examined, Fit};
use super::{ErrorKind, Next, Note, Outcome, Tool, ToolContext, ToolError, freshness};
use crate::domain::{Currency, Day, Evidence, Role, Span};
use crate::model::clv::calibration::{Tenth, ValueErrors};
use crate::model::clv::{PurchaseModel, Status};
use crate::model::recommend;
pub use media::MixReport;
pub use recommender::RecommenderReport;
pub use rfm::RfmReport;

/// The tool.
pub struct ModelReport;

/// Which model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// Only this one; all without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Model>,
}

/// The models there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// How often customers buy, and when they stop.
    BgNbd,
    /// The same, who may stop after the first purchase too.
    MbgNbd,
    /// How much they spend at a time.
    GammaGamma,
    /// Recency, frequency and monetary scores.
    Rfm,
    /// What advertising channels bring.
    Mix,
    /// What similar customers care for.
    UserCf,
    /// What is similar to what customers have.
    ItemCf,
    /// What most customers bought.
    Popular,
}

impl Model {
    /// As a way to recommend.
    fn recommends(self) -> Option<recommend::Method> {
        match self {
            Self::UserCf => Some(recommend::Method::UserCf),
            Self::ItemCf => Some(recommend::Method::ItemCf),
            Self::Popular => Some(recommend::Method::Popular),
            Self::BgNbd | Self::MbgNbd | Self::GammaGamma | Self::Rfm | Self::Mix => None,
        }
    }
}

/// What is known of the models.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Output {
    pub model: Option<Model>,
    pub currency: Currency,
    pub today: Day,
    pub data_version: u64,
    /// Days of the orders used.
    pub period: Span,
    pub n_customers: usize,
    pub n_repeat: usize,
    /// The model of purchases that is used unless another is asked for; nothing in a report on RFM alone.
    pub chosen: Option<PurchaseModel>,
    /// Those asked for.
    pub fitted: Vec<Fitted>,
    /// The hold-out of purchases tenth by tenth, of the model asked for or chosen; best first.
    pub tenths: Vec<Tenth>,
    /// The same for the probability of any order.
    pub calibration: Vec<Tenth>,
    /// Errors of a purchase's value, naive rows first.
    pub values: Vec<ValueErrors>,
    pub rfm: Option<RfmReport>,
    pub recommender: Option<RecommenderReport>,
    /// Of the media model, where it is asked for or fitted already.
    pub mix: Option<MixReport>,
}

/// One fitted model.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Fitted {
    pub model: &'static str,
    /// `kept`, `first` or `again`.
    pub fit: &'static str,
    /// Data version of the fit before, where this one replaces it.
    pub before: Option<u64>,
    pub customers: f64,
    pub params: Vec<Param>,
    pub status: Status,
    pub gradient_norm: f64,
    pub log_likelihood: f64,
    /// 1 − squared error of value / that of the naive row; of models of purchases.
    pub skill: Option<f64>,
}

/// A parameter by the paper's letter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Param {
    pub name: &'static str,
    pub value: f64,
    pub se: Option<f64>,
}

impl Tool for ModelReport {
    const NAME: &'static str = "model_report";
    const ROLES: &'static [Role] = &[Role::Manager, Role::Analyst];
    type Args = Args;
    type Output = Output;

    fn call(ctx: &ToolContext<'_>, args: Args) -> Result<Outcome<Output>, ToolError> {
        let rfm_too = matches!(args.model, None | Some(Model::Rfm));
        let recommends = args.model.and_then(Model::recommends);
        let examined = match args.model {
            Some(Model::Rfm | Model::Mix) => None,
            _ if recommends.is_some() => None,
            _ => Some(Examined::of(ctx)?),
        };
        let days = examined.as_ref().map(|examined| examined.rolling.horizon_days);
        let rfm = if rfm_too { rfm::report(ctx, days)? } else { None };
        let recommender = match args.model {
            Some(_) if recommends.is_none() => None,
            _ => recommender::report(ctx, recommends)?,
        };
        let mix = match args.model {
            Some(Model::Mix) => Some(media::report(ctx)?),
            // one that cannot be had any more is no reason to say nothing of the others
            None if media::is_kept(ctx) => match media::report(ctx) {
                Err(error) if error.kind != ErrorKind::NotEnoughData => return Err(error),
                report => report.ok(),
            },
            _ => None,
        };
        let mut output = output(ctx, args, examined.as_ref(), rfm)?;
        if let Some(report) = recommender.as_ref().filter(|_| recommends.is_some()) {
            output.n_customers = report.customers;
        }
        output.recommender = recommender;
        output.mix = mix;
        let evidence = match &output.mix {
            Some(mix) if args.model == Some(Model::Mix) => media::evidence(mix, output.today, ctx),
            _ => evidence(ctx, &output, examined.as_ref()),
        };
        let mut outcome = Outcome::new(output, evidence);
        outcome.facts = figures::facts(&outcome.output, examined.as_ref());
        outcome.table = Some(figures::table(&outcome.output, &outcome.evidence));
        outcome.charts = charts::of(&outcome.output);
        outcome.notes = notes(&outcome.output);
        outcome.next = next(&outcome.output);
        Ok(outcome)
    }
}

/// Place of the model of purchases that the report is about; that of the chosen one where several are.
fn place(model: Option<Model>, chosen: PurchaseModel) -> usize {
    match model {
        Some(Model::BgNbd) => 0,
        Some(Model::MbgNbd) => 1,
        _ => usize::from(chosen == PurchaseModel::MbgNbd),
    }
}

fn output(
    ctx: &ToolContext<'_>,
    args: Args,
    examined: Option<&Examined>,
    rfm: Option<RfmReport>,
) -> Result<Output, ToolError> {
    let (today, data) = ctx.today()?;
    let period = Span { from: data.from, to: data.to.min(today) };
    let mut output = Output {
        model: args.model,
        currency: ctx.warehouse.shop.currency,
        today,
        data_version: ctx.warehouse.data_version,
        period,
        n_customers: rfm.as_ref().map_or(0, |rfm| rfm.customers),
        n_repeat: 0,
        chosen: None,
        fitted: Vec::new(),
        tenths: Vec::new(),
        calibration: Vec::new(),
        values: Vec::new(),
        rfm,
        recommender: None,
        mix: None,
    };
    let Some(examined) = examined else { return Ok(output) };
    output.period = examined.input.span;
    output.n_customers = examined.input.now.buyers.len();
    output.n_repeat = examined.input.repeat_customers();
    output.chosen = Some(examined.rolling.chosen);
    output.fitted = fitted(examined, args.model);
    if args.model != Some(Model::GammaGamma) {
        let tenths = &examined.calibration.purchases[place(args.model, examined.rolling.chosen)];
        output.tenths.clone_from(&tenths.orders);
        output.calibration.clone_from(&tenths.any);
    }
    if matches!(args.model, None | Some(Model::GammaGamma)) {
        output.values.clone_from(&examined.calibration.values);
    }
    Ok(output)
}

fn fitted(examined: &Examined, asked: Option<Model>) -> Vec<Fitted> {
    let [bg, mbg] = &examined.purchases;
    let purchases = |fit: &crate::model::clv::PurchaseFit, place: usize| {
        let p = fit.params;
        let values = [("r", p.r), ("alpha", p.alpha), ("a", p.a), ("b", p.b)];
        Fitted {
            customers: fit.n,
            params: params(&values, &fit.se),
            status: fit.certificate.status,
            gradient_norm: fit.certificate.gradient_norm,
            log_likelihood: fit.log_likelihood,
            skill: Some(examined.rolling.skill[place]).filter(|skill| skill.is_finite()),
            ..origin(fit.model.key(), examined.fits[place])
        }
    };
    let money = &examined.money;
    let values = [("p", money.params.p), ("q", money.params.q), ("v", money.params.v)];
    let all = [
        (Model::BgNbd, purchases(bg, 0)),
        (Model::MbgNbd, purchases(mbg, 1)),
        (
            Model::GammaGamma,
            Fitted {
                customers: money.n,
                params: params(&values, &money.se),
                status: money.certificate.status,
                gradient_norm: money.certificate.gradient_norm,
                log_likelihood: money.log_likelihood,
                ..origin("gamma_gamma", examined.fits[2])
            },
        ),
    ];
    all.into_iter()
        .filter(|(model, _)| asked.is_none_or(|asked| asked == *model))
        .map(|(_, fit)| fit)
        .collect()
}

fn params(values: &[(&'static str, f64)], se: &[Option<f64>]) -> Vec<Param> {
    values.iter().zip(se).map(|((name, value), se)| Param { name, value: *value, se: *se }).collect()
}

fn origin(model: &'static str, fit: Fit) -> Fitted {
    let (fit, before) = match fit {
        Fit::Kept => ("kept", None),
        Fit::First => ("first", None),
        Fit::Again { before } => ("again", Some(before)),
    };
    Fitted {
        model,
        fit,
        before,
        customers: 0.0,
        params: Vec::new(),
        status: Status::Interior,
        gradient_norm: 0.0,
        log_likelihood: 0.0,
        skill: None,
    }
}

fn evidence(ctx: &ToolContext<'_>, output: &Output, examined: Option<&Examined>) -> Evidence {
    if let Some(examined) = examined {
        let models = [PurchaseModel::BgNbd, PurchaseModel::MbgNbd];
        return examined.evidence(ctx, models[place(output.model, examined.rolling.chosen)]);
    }
    if let Some(report) = output.recommender.as_ref() {
        return report.evidence.clone();
    }
    let n = output.n_customers as u64;
    let mut evidence = Evidence::descriptive(n, Some(output.period), output.data_version);
    freshness::limit(ctx, output.today, &mut evidence);
    evidence
}

fn notes(output: &Output) -> Vec<Note> {
    let mut notes = Vec::new();
    if output.fitted.iter().any(|fitted| fitted.status != Status::Interior) {
        notes.push(Note::new("report_not_interior"));
    }
    if output.model.is_none() {
        notes.push(Note::new("report_other_models"));
    }
    notes
}

fn next(output: &Output) -> Vec<Next> {
    let mut next = Vec::new();
    if output.model == Some(Model::Rfm) {
        return vec![Next::new("segments"), Next::new("all")];
    }
    if output.model.is_some_and(|model| model.recommends().is_some()) {
        return vec![Next::new("recommend"), Next::new("all")];
    }
    if output.model == Some(Model::Mix) {
        return vec![Next::new("channels"), Next::new("all")];
    }
    next.push(Next::new("value"));
    match output.model {
        None => next.push(Next::new("one").with("model", output.chosen.map_or("bg_nbd", PurchaseModel::key))),
        Some(_) => next.push(Next::new("all")),
    }
    next
}
