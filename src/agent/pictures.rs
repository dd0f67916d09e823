//! What does a picture say to who cannot see it?
//!
//! Title and text alternative of each chart, filled from its own figures and checked by the ledger as every sentence
//! is. A chart without any value is no picture.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ledger::Ledger;
use crate::domain::{Axis, Chart, ChartKind, Label, Lang, SeriesRole, Spot, Unit};
use crate::render::numbers::{Style, figure};
use crate::render::{Scope, TemplateError, Templates, chart, label};

/// A chart with its words; a channel draws it with `render::chart`, or shows the file.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Picture {
    /// What is drawn.
    pub chart: Chart,
    /// In the asker's language.
    pub title: String,
    /// What it shows, in sentences.
    pub alt: String,
    /// The PNG file, where one was written.
    pub path: Option<String>,
}

impl Picture {
    /// As it looks in this language, which is the answer's.
    pub fn draw(&self, templates: &Templates, lang: Lang) -> chart::Drawing {
        chart::draw(&self.chart, chart::Words { templates, lang, title: &self.title, alt: &self.alt })
    }
}

/// A picture's words as their templates give them, and what licenses their figures.
pub(super) struct Words {
    pub(super) title: Result<String, TemplateError>,
    pub(super) alt: Result<String, TemplateError>,
    pub(super) ledger: Ledger,
}

/// The words of a chart of this outcome; `None` where it has no value to draw.
pub(super) fn words(
    chart: &Chart,
    templates: &Templates,
    outcome: &Scope,
    lang: Lang,
    mut ledger: Ledger,
) -> Option<Words> {
    chart.first()?;
    ledger.chart(chart);
    ledger.params(&chart.title.params);
    let title =
        templates.message(&format!("chart.{}", chart.title.key), &outcome.clone().with(&chart.title.params));
    let mut params = Map::new();
    let prompts = templates.prompts();
    let say = |text: &Label| label(prompts, text, lang);
    params.insert("title".into(), title.clone().unwrap_or_default().into());
    params.insert("x".into(), say(&chart.x.label).into());
    params.insert("y".into(), say(&chart.y.label).into());
    let of_role = |role: SeriesRole| {
        chart.series.iter().filter(move |series| series.role == role).map(|series| say(&series.name))
    };
    params.insert("series".into(), of_role(SeriesRole::Main).collect());
    params.insert("before".into(), of_role(SeriesRole::Before).collect());
    params.insert("reference".into(), of_role(SeriesRole::Reference).collect());
    let points = || chart.series.iter().flat_map(|series| &series.points);
    params.insert("partial".into(), points().any(|point| point.partial).into());
    params.insert("intervals".into(), points().any(|point| point.interval.is_some()).into());
    let place = |spot: Option<Spot>| spot.map(|spot| place(chart, templates, spot, lang));
    let places: BTreeMap<&str, Option<String>> = BTreeMap::from([
        ("first", place(chart.first())),
        ("last", place(chart.last())),
        ("highest", place(chart.highest())),
        ("lowest", place(chart.lowest())),
    ]);
    params.insert("at".into(), serde_json::to_value(places).unwrap_or(Value::Null));
    let scope = Scope::words(lang, &params).with_facts(chart.facts());
    let alt = templates.message(&format!("alt.{}", chart.kind.key()), &scope);
    Some(Words { title, alt, ledger })
}

/// Where a value stands: its category; of a heat map row and column; of a curve its x.
fn place(chart: &Chart, templates: &Templates, spot: Spot, lang: Lang) -> String {
    let prompts = templates.prompts();
    let category = chart.categories.get(spot.at).map(|text| label(prompts, text, lang));
    let row = chart.series.get(spot.row).map(|series| label(prompts, &series.name, lang));
    match (chart.kind, category, row) {
        (ChartKind::HeatMap, Some(column), Some(row)) => {
            let axis = |axis: &Axis| label(prompts, &axis.label, lang);
            format!("{} {row}, {} {column}", axis(&chart.y), axis(&chart.x))
        }
        (_, Some(category), _) => category,
        (_, None, _) => {
            let figure = |x| {
                let unit = chart.x.unit.unwrap_or(Unit::Ratio);
                figure(x, unit, lang, Style::Sentence)
            };
            spot.x.map(figure).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::{Caption, Currency, Day, Evidence, Point, Series, Span};
    use crate::prompts::Prompts;
    use crate::tool::Outcome;

    fn months(kind: ChartKind) -> Chart {
        let title = Caption::new("metric_over_time")
            .with("metric", "revenue")
            .with("group", "month")
            .with("names", vec!["Paris"])
            .with("segment", Value::Null);
        let y = Axis::of(Label::word("metric", "revenue"), Unit::Money(Currency::EUR));
        let x = match kind {
            ChartKind::Curve => Axis::of(Label::word("column", "day"), Unit::Days),
            _ => Axis::of_names(Label::word("column", "month")),
        };
        let mut chart = Chart::new(kind, title, x, y);
        let starts = (0..4).map(|i| Day::parse("2026-03-15").unwrap().month_start(i));
        let point = |(i, y): (usize, f64)| {
            let point = if kind == ChartKind::Curve { Point::at(i as f64, y) } else { Point::of(Some(y)) };
            let point = if kind == ChartKind::Interval { point.within(y * 0.5, y * 2.0) } else { point };
            point.partial(kind == ChartKind::Line && i == 0)
        };
        if kind != ChartKind::Curve {
            chart.categories = starts.map(|start| Label::time("month", start)).collect();
        }
        let points = [4_000.0, 84_000.0, 61_234.5, 70_000.0].into_iter().enumerate().map(point).collect();
        chart.series.push(Series::main(Label::word("metric", "revenue"), points));
        if matches!(kind, ChartKind::Line | ChartKind::GroupedBar) {
            let before = vec![Point::of(Some(1.0)); 4];
            chart.series.push(Series::before(Label::word("compare", "previous_year"), before));
        }
        chart
    }

    #[test]
    fn each_kind_is_told_in_both_languages_and_passes_the_ledger() {
        let templates = Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap();
        let day = |text: &str| Day::parse(text).unwrap();
        let mut outcome = Outcome::new(Value::Null, Evidence::descriptive(1, None, 1));
        outcome.period = Some(Span { from: day("2026-03-15"), to: day("2026-06-30") });
        for kind in ChartKind::ALL {
            for (lang, parts) in [(Lang::En, ["€84k", "Paris"]), (Lang::Zh, ["€8.4万", "Paris"])] {
                let scope = Scope::outcome(lang, &outcome, &Value::Null);
                let mut ledger = Ledger::default();
                ledger.outcome(&outcome, templates.prompts());
                let words = words(&months(kind), &templates, &scope, lang, ledger).unwrap();
                let alt = words.alt.unwrap();
                for part in parts {
                    assert!(alt.contains(part), "{part} in {alt}");
                }
                for text in [words.title.unwrap(), alt] {
                    words.ledger.check(&text).unwrap_or_else(|why| panic!("{kind:?} {lang:?}: {why}"));
                }
            }
        }
    }

    #[test]
    fn what_a_chart_is_set_against_lends_it_no_figure_and_several_lines_are_named() {
        let templates = Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap();
        let alt = |chart: &Chart, lang| {
            let scope = Scope::words(lang, &Map::new()).with(&Map::from_iter([("period".into(), "".into())]));
            words(chart, &templates, &scope, lang, Ledger::default()).unwrap().alt.unwrap()
        };
        // the split of today stands first, the plan second
        let mut bars = months(ChartKind::GroupedBar);
        bars.series.reverse();
        assert!(alt(&bars, Lang::En).contains("€84k"), "{}", alt(&bars, Lang::En));
        for kind in [ChartKind::Line, ChartKind::Curve] {
            let mut lines = months(kind);
            let other = lines.series[0].points.clone();
            lines.series.push(Series::main(Label::Name("Rome".into()), other));
            for lang in Lang::ALL {
                let alt = alt(&lines, lang);
                assert!(alt.contains("Rome") && !alt.contains('€'), "{alt}");
            }
        }
    }

    #[test]
    fn a_chart_without_values_is_no_picture_and_a_wrong_figure_is_caught() {
        let templates = Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap();
        let scope = Scope::words(Lang::En, &Map::new());
        let mut chart = months(ChartKind::Bar);
        let ledger = words(&chart, &templates, &scope, Lang::En, Ledger::default()).unwrap().ledger;
        assert!(ledger.check("The highest is €85k.").is_err());
        chart.series[0].points.iter_mut().for_each(|point| point.y = None);
        assert!(words(&chart, &templates, &scope, Lang::En, Ledger::default()).is_none());
    }
}
