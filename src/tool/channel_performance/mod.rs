//! What does each advertising channel bring, what would a little more bring, and how full is it?
//!
//! DEFINITIONS §8 and §10: contribution, ROI, marginal ROI, saturation and half-life over the complete weeks of a
//! period, each with its interval, graded channel by channel; response curves as pictures.

mod chart;
mod figures;

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::media::Media;
use super::{Next, Note, Outcome, Tool, ToolContext, ToolError};
use crate::domain::{Currency, Day, Entities, Evidence, Grade, Lookup, NamedPeriod, Period, Role, Span};
use crate::model::mix::measure::Estimate;
use crate::model::mix::trust::Trust;
use crate::model::mix::{CONTRADICTS, Kind, today};

/// The tool.
pub struct ChannelPerformance;

/// Which weeks, which channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The days; the complete weeks in them count.
    #[serde(default = "last_quarter")]
    pub period: Period,
    /// Only this advertising channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

fn last_quarter() -> Period {
    Period::Named(NamedPeriod::LastQuarter)
}

/// Channels over some weeks.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Output {
    pub currency: Currency,
    /// The complete weeks counted.
    pub period: Span,
    pub weeks: usize,
    /// The one asked for.
    pub channel: Option<String>,
    /// Sales of the weeks.
    pub revenue: f64,
    /// m̄, where known.
    pub margin: Option<f64>,
    /// 1/m̄: the mROI from which the next unit pays.
    pub break_even: Option<f64>,
    /// All judged channels together.
    pub contribution: Estimate,
    /// Most contribution first.
    pub channels: Vec<ChannelRow>,
    pub left_out: Vec<LeftOutRow>,
}

/// One channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct ChannelRow {
    /// Of its facts: `n1`, `n2` …
    pub key: String,
    pub name: String,
    pub spend: f64,
    pub contribution: Estimate,
    pub roi: Option<Estimate>,
    /// (m̄·contribution − spend)/spend; nothing where the margin is unknown.
    pub profit_roi: Option<Estimate>,
    pub mroi: Option<Estimate>,
    pub saturation: Estimate,
    /// Weeks.
    pub half_life: Estimate,
    /// Money a week.
    pub half_saturation: Estimate,
    /// Mean week of the last thirteen.
    pub today: f64,
    pub grade: Grade,
    /// What limits the grade, and the cheapest step that lifts it.
    pub limited_by: Option<&'static str>,
    pub mend: Option<&'static str>,
    /// Last day of its last lift test.
    pub tested: Option<Day>,
    /// A test that contradicts the weeks: what it measured, and what they expect.
    pub contradiction: Option<(f64, f64)>,
    /// Above break-even for sure, below for sure, or neither.
    pub next_unit: Option<&'static str>,
}

/// A channel without a judgement.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct LeftOutRow {
    pub name: String,
    pub why: String,
    pub spend: f64,
}

const WEEK: i32 = 7;

impl Tool for ChannelPerformance {
    const NAME: &'static str = "channel_performance";
    const ROLES: &'static [Role] = &[Role::Manager, Role::Analyst];
    type Args = Args;
    type Output = Output;

    fn call(ctx: &ToolContext<'_>, args: Args) -> Result<Outcome<Output>, ToolError> {
        let (today, _) = ctx.today()?;
        let wanted = args.channel.as_deref().map(|text| named(ctx, text)).transpose()?;
        let media = Media::of(ctx, Kind::Revenue)?;
        ctx.work.check()?;
        let span = args.period.resolve(today, media.input.span)?;
        let weeks = weeks_in(&media, span)?;
        let output = output(ctx, &media, weeks, wanted)?;
        let mut outcome = Outcome::new(output, evidence(ctx, &media));
        let trust = match outcome.output.channels.as_slice() {
            [one] if outcome.output.channel.is_some() => {
                Trust { grade: one.grade, component: one.limited_by, mend: one.mend }
            }
            rows => {
                let of = |name: &str| rows.iter().find(|row| row.name == name).map(|r| r.contribution.value);
                let parts: Vec<f64> =
                    media.mix.channels.iter().map(|c| of(&c.name).unwrap_or_default()).collect();
                media.mix.trust_of_all(outcome.output.contribution, &parts)
            }
        };
        if let (Some(component), Some(mend)) = (trust.component, trust.mend) {
            outcome.evidence.limit(trust.grade, component, mend);
        }
        outcome.period = Some(outcome.output.period);
        outcome.facts = figures::facts(&outcome.output);
        outcome.table = Some(figures::table(&outcome.output));
        outcome.charts = chart::charts(&outcome.output, &media.mix);
        outcome.notes = notes(&media, &outcome.output, span);
        outcome.next = next(&outcome.output);
        Ok(outcome)
    }
}

/// The shop's name of a channel.
fn named(ctx: &ToolContext<'_>, text: &str) -> Result<String, ToolError> {
    let known = &ctx.warehouse.channels;
    let say =
        |error: ToolError| error.with("kind", "channel").with("text", text).with("known", known.clone());
    match Entities::plain(known, text) {
        Lookup::One(name) => Ok(name),
        Lookup::Many(names) => {
            Err(say(ToolError::ambiguous("several_of_that_name", names.clone()).with("candidates", names)))
        }
        Lookup::None(near) => {
            Err(say(ToolError::not_found("unknown_name").with("candidates", near.clone()).among(near)))
        }
    }
}

/// The weeks whose Thursday lies in the days (the ISO rule for which month or year a week belongs to).
fn weeks_in(media: &Media, span: Span) -> Result<Range<usize>, ToolError> {
    let first = media.input.span.from;
    let thursday = |week: usize| first.plus(WEEK * week as i32 + 3);
    let n = media.mix.target.len();
    let from = (0..n).find(|week| thursday(*week) >= span.from).unwrap_or(n);
    let to = (0..n).rposition(|week| thursday(week) <= span.to).map_or(0, |week| week + 1);
    if from >= to {
        return Err(ToolError::not_enough_data("media_no_week_in_period")
            .with("from", span.from.to_string())
            .with("to", span.to.to_string())
            .with("first", media.input.span.from.to_string())
            .with("last", media.input.span.to.to_string()));
    }
    Ok(from..to)
}

fn output(
    ctx: &ToolContext<'_>,
    media: &Media,
    weeks: Range<usize>,
    wanted: Option<String>,
) -> Result<Output, ToolError> {
    let (mix, margin) = (&media.mix, media.input.margin.filter(|margin| *margin > 0.0));
    let break_even = margin.map(|margin| 1.0 / margin);
    let first = media.input.span.from.plus(WEEK * weeks.start as i32);
    let mut channels: Vec<ChannelRow> = mix
        .channels
        .iter()
        .zip(mix.performance(weeks.clone()))
        .enumerate()
        .filter(|(_, (channel, _))| wanted.as_ref().is_none_or(|wanted| channel.parts.contains(wanted)))
        .map(|(c, (channel, own))| {
            let trust = mix.trust(channel, own.contribution);
            let profit = |roi: Estimate, margin: f64| {
                let of = |value: f64| margin * value - 1.0;
                Estimate { value: of(roi.value), lo: of(roi.lo), hi: of(roi.hi) }
            };
            ChannelRow {
                key: String::new(),
                name: channel.name.clone(),
                spend: own.spend,
                contribution: own.contribution,
                roi: own.roi,
                profit_roi: own.roi.zip(margin).map(|(roi, margin)| profit(roi, margin)),
                mroi: own.mroi,
                saturation: own.saturation,
                half_life: own.half_life,
                half_saturation: own.half_saturation,
                today: today(&channel.spend),
                grade: trust.grade,
                limited_by: trust.component,
                mend: trust.mend,
                contradiction: mix
                    .tests
                    .iter()
                    .filter(|test| test.channel == c && test.z.abs() > CONTRADICTS)
                    .max_by(|a, b| a.z.abs().total_cmp(&b.z.abs()))
                    .map(|test| (test.effect, test.expected)),
                tested: mix.tests.iter().filter(|test| test.channel == c).map(|test| test.until).max(),
                next_unit: own.mroi.zip(break_even).map(|(mroi, even)| match () {
                    () if mroi.lo > even => "pays",
                    () if mroi.hi < even => "loses",
                    () => "unsure",
                }),
            }
        })
        .collect();
    let left_out: Vec<LeftOutRow> = mix
        .left_out
        .iter()
        .filter(|out| wanted.as_ref().is_none_or(|wanted| *wanted == out.name))
        .map(|out| LeftOutRow {
            name: out.name.clone(),
            why: out.why.clone(),
            spend: out.spend[weeks.clone()].iter().sum(),
        })
        .collect();
    if let (Some(name), true, Some(out)) = (&wanted, channels.is_empty(), left_out.first()) {
        let error = ToolError::not_enough_data("media_not_judged");
        return Err(error.with("channel", name.clone()).with("why", out.why.clone()));
    }
    channels.sort_by(|a, b| b.contribution.value.total_cmp(&a.contribution.value));
    channels.iter_mut().zip(1..).for_each(|(row, n)| row.key = format!("n{n}"));
    let contribution = match channels.as_slice() {
        [one] if wanted.is_some() => one.contribution,
        _ => mix.media(weeks.clone()),
    };
    Ok(Output {
        currency: ctx.warehouse.shop.currency,
        period: Span { from: first, to: first.plus(WEEK * weeks.len() as i32 - 1) },
        weeks: weeks.len(),
        channel: wanted,
        revenue: mix.target[weeks].iter().sum(),
        margin,
        break_even,
        contribution,
        channels,
        left_out,
    })
}

fn evidence(ctx: &ToolContext<'_>, media: &Media) -> Evidence {
    let mut evidence = media.evidence(ctx);
    evidence.warnings.clone_from(&media.mix.warnings);
    evidence
}

fn notes(media: &Media, output: &Output, asked: Span) -> Vec<Note> {
    let mut notes = vec![Note::new("media_how")];
    if output.period != asked {
        notes.push(Note::new("media_weeks"));
    }
    if output.margin.is_none() {
        notes.push(Note::new("media_margin_unknown"));
    }
    for out in &output.left_out {
        notes
            .push(Note::new("media_left_out").with("channel", out.name.clone()).with("why", out.why.clone()));
    }
    for row in output.channels.iter().filter(|row| row.contradiction.is_some()) {
        let note = Note::new("media_test_contradicts");
        notes.push(note.with("channel", row.name.clone()).with("key", row.key.clone()));
    }
    notes.extend(media.notes());
    notes
}

/// Questions that go on from here.
fn next(output: &Output) -> Vec<Next> {
    let mut next = Vec::new();
    match &output.channel {
        Some(_) => next.push(Next::new("all")),
        None => {
            let unsure = output.channels.iter().find(|row| row.next_unit == Some("loses"));
            if let Some(row) = unsure.or(output.channels.first()).filter(|row| !row.name.contains(" + ")) {
                next.push(Next::new("one").with("channel", row.name.clone()));
            }
        }
    }
    next.push(Next::new("spend"));
    next.push(Next::new("model"));
    next
}
