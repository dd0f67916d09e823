//! What do two or more figures of this conversation make: a difference, a ratio, a share, a sum?
//!
//! Planners and language models do no arithmetic; they name facts by id and get a new fact, in its proper unit. Ids are
//! `c<call>.<name>` (a call of this turn, else of the newest turn that has it) or `t<turn>.c<call>.<name>`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Next, Note, Outcome, Said, Tool, ToolContext, ToolError};
use crate::domain::{Currency, Evidence, Fact, Grade, Role, Span, Unit};

/// The tool.
pub struct Derive;

/// What to make of which facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// diff: first less second; ratio: first over second; share: first as part of second; sum: all together.
    pub op: Op,
    /// Ids of facts of this conversation, such as "c1.revenue" or "t2.c1.revenue"; two, or more for a sum.
    #[schemars(length(min = 2, max = 20))]
    pub facts: Vec<String>,
}

/// Ways to make a figure of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// First less second.
    Diff,
    /// First over second.
    Ratio,
    /// First as a part of second.
    Share,
    /// All together.
    Sum,
}

/// The derived figure and what it is made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Output {
    pub op: Op,
    pub value: f64,
    pub unit: Unit,
    /// The days of all parts, where they are the same or follow each other without a gap (a sum).
    pub period: Option<Span>,
    pub parts: Vec<Part>,
}

/// One fact used.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Part {
    /// With its turn: `t2.c1.revenue`.
    pub id: String,
    /// The last part of the id.
    pub name: String,
    pub tool: String,
    /// The row of a table it stood in, the names its question was narrowed to.
    pub about: Vec<String>,
    pub value: f64,
    pub unit: Unit,
    pub period: Option<Span>,
}

/// So many facts at most; more is a question for query_metrics.
const MOST: usize = 20;

impl Tool for Derive {
    const NAME: &'static str = "derive";
    const ROLES: &'static [Role] = &[Role::Manager, Role::Analyst];
    type Args = Args;
    type Output = Output;

    fn call(ctx: &ToolContext<'_>, args: Args) -> Result<Outcome<Output>, ToolError> {
        let n = args.facts.len();
        if !(2..=MOST).contains(&n) || (args.op != Op::Sum && n != 2) {
            return Err(ToolError::invalid("derive_how_many").with("op", args.op.key()).with("n", n as u64));
        }
        let said = args.facts.iter().map(|id| known(ctx, id)).collect::<Result<Vec<Said>, ToolError>>()?;
        let facts: Vec<&Fact> = said.iter().map(|said| &said.fact).collect();
        let (value, unit) = args.op.of(&facts)?;
        let period = period(args.op, &facts);
        let parts = said.iter().map(part).collect();
        let output = Output { op: args.op, value, unit, period, parts };
        let mut outcome = Outcome::new(output, evidence(ctx, &said, period));
        outcome.facts = made(&outcome.output, &facts);
        outcome.notes = notes(&said);
        outcome.next = next(&outcome.output);
        Ok(outcome)
    }
}

fn known(ctx: &ToolContext<'_>, id: &str) -> Result<Said, ToolError> {
    ctx.said.fact(id)?.ok_or_else(|| ToolError::not_found("derive_unknown_fact").with("text", id))
}

impl Op {
    /// The name in arguments.
    pub fn key(self) -> &'static str {
        match self {
            Self::Diff => "diff",
            Self::Ratio => "ratio",
            Self::Share => "share",
            Self::Sum => "sum",
        }
    }

    /// The value and what it is, or why there is none.
    fn of(self, facts: &[&Fact]) -> Result<(f64, Unit), ToolError> {
        let [first, second, ..] = facts else { return Err(ToolError::invalid("derive_how_many")) };
        one_currency(facts)?;
        let (a, b) = (first.unit, second.unit);
        let no = || ToolError::invalid("derive_units").with("op", self.key());
        let over = |unit: Unit| match second.value {
            0.0 => Err(ToolError::invalid("derive_division_by_zero")),
            whole => Ok((first.value / whole, unit)),
        };
        match self {
            Self::Diff if a == b => Ok((first.value - second.value, difference(a).ok_or_else(no)?)),
            Self::Ratio if a == b && !is_place(a) => over(Unit::Ratio),
            Self::Ratio if matches!(a, Unit::Money(_) | Unit::Count) && counts(b) => over(a),
            Self::Share if a == b && adds_up(a) => {
                let (share, unit) = over(Unit::Share)?;
                if (0.0..=1.0).contains(&share) {
                    Ok((share, unit))
                } else {
                    Err(ToolError::invalid("derive_part_larger"))
                }
            }
            Self::Sum if adds_up(a) && facts.iter().all(|fact| fact.unit == a) => {
                Ok((facts.iter().map(|fact| fact.value).sum(), a))
            }
            _ => Err(no()),
        }
    }
}

/// Amounts in several currencies make no figure.
fn one_currency(facts: &[&Fact]) -> Result<(), ToolError> {
    let currency = |fact: &&Fact| match fact.unit {
        Unit::Money(currency) => Some(currency),
        _ => None,
    };
    let currencies: Vec<Currency> = facts.iter().filter_map(currency).collect();
    match currencies.iter().find(|currency| Some(*currency) != currencies.first()) {
        None => Ok(()),
        Some(other) => {
            let first = currencies.first().map(Currency::to_string).unwrap_or_default();
            let error = ToolError::invalid("derive_currencies");
            Err(error.with("first", first).with("second", other.to_string()))
        }
    }
}

/// What a difference of two of these is.
fn difference(unit: Unit) -> Option<Unit> {
    match unit {
        Unit::Share | Unit::Change | Unit::Points => Some(Unit::Points),
        Unit::Date => Some(Unit::Days),
        Unit::Year => None,
        other => Some(other),
    }
}

/// A place on a scale, of which there are no multiples.
fn is_place(unit: Unit) -> bool {
    matches!(unit, Unit::Date | Unit::Year)
}

/// Something an amount can be divided among.
fn counts(unit: Unit) -> bool {
    matches!(unit, Unit::Count | Unit::Days | Unit::Weeks | Unit::Months)
}

fn adds_up(unit: Unit) -> bool {
    matches!(unit, Unit::Money(_)) || counts(unit)
}

/// The days that the result speaks of.
fn period(op: Op, facts: &[&Fact]) -> Option<Span> {
    let mut spans = facts.iter().map(|fact| fact.period).collect::<Option<Vec<Span>>>()?;
    let first = *spans.first()?;
    if spans.iter().all(|span| *span == first) {
        return Some(first);
    }
    if op != Op::Sum {
        return None;
    }
    spans.sort_by_key(|span| span.from);
    let joined = spans.windows(2).all(|pair| matches!(pair, [a, b] if a.to.plus(1) == b.from));
    joined.then_some(Span { from: spans.first()?.from, to: spans.last()?.to })
}

fn part(said: &Said) -> Part {
    Part {
        id: said.id.clone(),
        name: said.fact.id.rsplit('.').next().unwrap_or(&said.fact.id).to_owned(),
        tool: said.tool.clone(),
        about: said.about.clone(),
        value: said.fact.value,
        unit: said.fact.unit,
        period: said.fact.period,
    }
}

/// The part that is least sure decides.
fn evidence(ctx: &ToolContext<'_>, said: &[Said], period: Option<Span>) -> Evidence {
    let n = said.iter().map(|said| said.evidence.n).min().unwrap_or(0);
    let mut evidence = Evidence::descriptive(n, period, ctx.warehouse.data_version);
    for part in said {
        if part.evidence.grade < evidence.grade {
            evidence.grade = part.evidence.grade;
            evidence.reason.clone_from(&part.evidence.reason);
        }
    }
    if said.iter().any(|part| part.evidence.data_version != ctx.warehouse.data_version) {
        evidence.limit(Grade::ReviewFirst, "older_figures", "ask_them_again");
    }
    evidence
}

fn made(output: &Output, facts: &[&Fact]) -> Vec<Fact> {
    let result = Fact { period: output.period, ..Fact::new("result", output.value, output.unit) };
    let mut made = vec![result];
    for (n, fact) in (1..).zip(facts) {
        made.push(Fact { id: format!("part{n}"), ..(*fact).clone() });
    }
    if let (Op::Diff, [first, second]) = (output.op, facts)
        && second.value > 0.0
        && adds_up(second.unit)
    {
        made.push(Fact::new("change", first.value / second.value - 1.0, Unit::Change));
    }
    made
}

fn notes(said: &[Said]) -> Vec<Note> {
    let mut notes = Vec::new();
    if said.iter().any(|said| said.fact.interval.is_some()) {
        notes.push(Note::new("derive_no_interval"));
    }
    notes
}

/// The other ways to look at the same two.
fn next(output: &Output) -> Vec<Next> {
    let two = output.parts.len() == 2;
    let same = output.parts.windows(2).all(|pair| matches!(pair, [a, b] if a.unit == b.unit));
    let zero = output.parts.get(1).is_some_and(|part| part.value == 0.0);
    match output.op {
        Op::Diff if two && same && !zero && !is_place(output.unit) => vec![Next::new("ratio")],
        Op::Ratio | Op::Share if two && same => vec![Next::new("diff")],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EUR: Unit = Unit::Money(Currency::EUR);
    const GBP: Unit = Unit::Money(Currency::GBP);

    #[track_caller]
    fn check(op: Op, facts: &[(f64, Unit)], expected: Result<(f64, Unit), &str>) {
        let facts: Vec<Fact> = facts.iter().map(|(value, unit)| Fact::new("x", *value, *unit)).collect();
        let facts: Vec<&Fact> = facts.iter().collect();
        match (op.of(&facts), expected) {
            (Ok((value, unit)), Ok((wanted, wanted_unit))) => {
                assert!((value - wanted).abs() < 1e-12 && unit == wanted_unit, "{value} {unit:?}");
            }
            (Err(error), Err(code)) => assert_eq!(error.code, code),
            (found, expected) => panic!("{found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn each_operation_has_its_unit() {
        check(Op::Diff, &[(5.0, EUR), (3.0, EUR)], Ok((2.0, EUR)));
        check(Op::Diff, &[(0.5, Unit::Share), (0.4, Unit::Share)], Ok((0.1, Unit::Points)));
        check(Op::Diff, &[(20_634.0, Unit::Date), (20_600.0, Unit::Date)], Ok((34.0, Unit::Days)));
        check(Op::Ratio, &[(6.0, EUR), (3.0, EUR)], Ok((2.0, Unit::Ratio)));
        check(Op::Ratio, &[(6.0, EUR), (3.0, Unit::Count)], Ok((2.0, EUR)));
        check(Op::Ratio, &[(6.0, Unit::Count), (3.0, Unit::Days)], Ok((2.0, Unit::Count)));
        check(Op::Share, &[(1.0, EUR), (4.0, EUR)], Ok((0.25, Unit::Share)));
        check(Op::Sum, &[(1.0, EUR), (4.0, EUR), (2.0, EUR)], Ok((7.0, EUR)));
    }

    #[test]
    fn what_makes_no_figure_is_refused() {
        check(Op::Diff, &[(5.0, EUR), (3.0, GBP)], Err("derive_currencies"));
        check(Op::Sum, &[(5.0, EUR), (3.0, EUR), (1.0, GBP)], Err("derive_currencies"));
        check(Op::Diff, &[(5.0, EUR), (3.0, Unit::Count)], Err("derive_units"));
        check(Op::Ratio, &[(5.0, Unit::Count), (3.0, EUR)], Err("derive_units"));
        check(Op::Ratio, &[(5.0, EUR), (0.0, EUR)], Err("derive_division_by_zero"));
        check(Op::Share, &[(5.0, EUR), (4.0, EUR)], Err("derive_part_larger"));
        check(Op::Share, &[(-1.0, EUR), (4.0, EUR)], Err("derive_part_larger"));
        check(Op::Sum, &[(0.5, Unit::Share), (0.4, Unit::Share)], Err("derive_units"));
        check(Op::Ratio, &[(2026.0, Unit::Year), (2025.0, Unit::Year)], Err("derive_units"));
    }

    #[test]
    fn a_sum_of_days_that_follow_each_other_speaks_of_all_of_them() {
        let fact = |from: &str, to: &str| {
            let day = |text: &str| crate::domain::Day::parse(text).unwrap();
            Fact::new("x", 1.0, EUR).over(Span { from: day(from), to: day(to) })
        };
        let (may, june) = (fact("2026-05-01", "2026-05-31"), fact("2026-06-01", "2026-06-30"));
        let whole = period(Op::Sum, &[&june, &may]).unwrap();
        assert_eq!((whole.from, whole.to), (may.period.unwrap().from, june.period.unwrap().to));
        assert_eq!(period(Op::Diff, &[&june, &may]), None);
        assert_eq!(period(Op::Share, &[&june, &june]), june.period);
        assert_eq!(period(Op::Sum, &[&june, &fact("2026-01-01", "2026-01-31")]), None);
    }
}
