//! Which of the model's channels does a name mean, and what do plans have in common?

pub(super) mod figures;

use super::media::{Media, no_channel};
use super::{ToolContext, ToolError};
use crate::domain::{Cancelled, Currency, Entities, Evidence, Lookup, Unit};
use crate::model::mix::trust::Limit;
use crate::model::mix::{Kind, Mix};
use crate::model::plan::{Plan, PlanError};

/// Where a named channel stands among the judged ones; one that was left out of the judgement is told apart.
pub(super) enum Place {
    /// With the channel's own name, which may be a part of one that moves as one.
    Judged(usize, String),
    LeftOut(String),
}

/// The channel of this name, or the candidates.
pub(super) fn place(mix: &Mix, text: &str) -> Result<Place, ToolError> {
    let mut names: Vec<String> = mix.channels.iter().flat_map(|channel| channel.parts.clone()).collect();
    names.extend(mix.left_out.iter().map(|left| left.name.clone()));
    names.sort();
    names.dedup();
    let name = match Entities::plain(&names, text) {
        Lookup::One(name) => name,
        Lookup::Many(found) => {
            return Err(ToolError::ambiguous("budget_several_channels", found.clone())
                .with("text", text)
                .with("candidates", found));
        }
        Lookup::None(_) => {
            return Err(ToolError::not_found("budget_unknown_channel")
                .with("text", text)
                .with("candidates", names.clone())
                .among(names));
        }
    };
    let judged = mix.channels.iter().position(|channel| channel.parts.contains(&name));
    Ok(match judged {
        Some(c) => Place::Judged(c, name),
        None => Place::LeftOut(name),
    })
}

/// What the plan's weeks count.
pub(super) fn unit(kind: Kind, currency: Currency) -> Unit {
    if kind == Kind::Orders { Unit::Count } else { Unit::Money(currency) }
}

/// The evidence of a media model, with the limits of what was made of it.
pub(super) fn evidence(ctx: &ToolContext<'_>, media: &Media, limits: &[Limit]) -> Evidence {
    let mut evidence = media.evidence(ctx);
    for (grade, component, mend) in limits {
        evidence.limit(*grade, component, mend);
    }
    evidence
}

/// Channels that get more in a week than was ever spent on them.
pub(super) fn beyond(plan: &Plan) -> Vec<String> {
    plan.beyond().into_iter().map(|channel| channel.name.clone()).collect()
}

/// Why there is no plan, in words for people.
pub(super) fn no_plan(error: PlanError, mix: &Mix, currency: Currency) -> ToolError {
    use crate::model::plan::BoundsError as B;
    let invalid = |code: &str, figures: &[(&str, f64)]| {
        let mut error = ToolError::invalid(code);
        for (name, value) in figures {
            error = error.with(name, money(*value, currency));
        }
        error
    };
    match error {
        PlanError::NothingJudged => no_channel(&mix.left_out),
        PlanError::Cancelled => Cancelled.into(),
        PlanError::MarginUnknown => ToolError::not_enough_data("budget_margin_unknown"),
        PlanError::NothingToday => ToolError::invalid("budget_nothing_today"),
        PlanError::BelowKept { kept } => {
            let names: Vec<String> = mix.left_out.iter().map(|left| left.name.clone()).collect();
            invalid("budget_below_kept", &[("kept", kept)]).with("channels", names)
        }
        PlanError::Bounds(B::Crossed { channel, min, max }) => {
            let name = mix.channels.get(channel).map(|channel| channel.name.clone()).unwrap_or_default();
            invalid("budget_bounds_cross", &[("min", min), ("max", max)]).with("channel", name)
        }
        PlanError::Bounds(B::Below { least }) => invalid("budget_below_bounds", &[("least", least)]),
        PlanError::Bounds(B::Above { most }) => invalid("budget_above_bounds", &[("most", most)]),
        PlanError::Bounds(B::NeverUsed) => ToolError::not_enough_data("budget_never_used"),
    }
}

/// An amount in an error or a question: whole units of the shop's currency, the same in every language.
pub(super) fn money(value: f64, currency: Currency) -> String {
    let digits = (value.abs().round() as u64).to_string();
    let mut text = currency.symbol();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_carry_the_currency() {
        for (value, wanted) in [(0.4, "€0"), (999.0, "€999"), (37_000.4, "€37,000"), (1e6, "€1,000,000")]
        {
            assert_eq!(money(value, Currency::EUR), wanted);
        }
    }
}
