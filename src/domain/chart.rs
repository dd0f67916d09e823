//! Which picture goes with an answer, before any language, size or colour is chosen?
//!
//! A tool says what is drawn; `render::chart` draws it. Nothing here is text for people: names come from the shop's
//! data, everything else is a key into `prompts/`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Cell, Column, Day, Fact, Span, Table, Unit};

/// A picture's content.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Chart {
    /// How it is drawn.
    pub kind: ChartKind,
    /// The title.
    pub title: Caption,
    /// Along the categories (time, names, the columns of a heat map), or the abscissa of a curve.
    pub x: Axis,
    /// What the values are. A heat map: what its rows are; its cells take the unit, and `x` names the columns.
    pub y: Axis,
    /// What the points stand for, in order; empty for a curve. The columns of a heat map.
    pub categories: Vec<Label>,
    /// Each has a point a category. The rows of a heat map, from the top.
    pub series: Vec<Series>,
    /// How many categories there are in all, where the picture shows only the first.
    #[serde(default)]
    pub of: Option<usize>,
}

/// How a chart is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChartKind {
    /// Values over time; partial periods hollow; a `Before` series dashed.
    Line,
    /// One value a category, lying bars, whiskers where a point has an interval.
    Bar,
    /// Two to four values a category.
    GroupedBar,
    /// Cells coloured by value.
    HeatMap,
    /// A point and its interval a category.
    Interval,
    /// y against a numeric x; a band where points have intervals.
    Curve,
}

impl ChartKind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Line, Self::Bar, Self::GroupedBar, Self::HeatMap, Self::Interval, Self::Curve];

    /// The name in JSON and the words.
    pub fn key(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Bar => "bar",
            Self::GroupedBar => "grouped_bar",
            Self::HeatMap => "heat_map",
            Self::Interval => "interval",
            Self::Curve => "curve",
        }
    }
}

/// A title: a message of section `chart` in `prompts/messages/`, filled from the outcome's figures as an answer is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Caption {
    /// Key in section `chart`.
    pub key: String,
    /// Words (not numbers) it names.
    pub params: Map<String, Value>,
}

/// An axis.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Axis {
    /// What it shows.
    pub label: Label,
    /// What its numbers are; `None` where categories stand along it.
    pub unit: Option<Unit>,
}

/// What stands beside a point, a series or an axis.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// As the shop's data has it.
    Name(String),
    /// A word of `prompts/words/KIND.toml`.
    Word {
        /// The vocabulary.
        kind: String,
        /// The key.
        key: String,
    },
    /// The day, week, month or quarter that starts on this day.
    Time {
        /// `day`, `week`, `month` or `quarter`, as a table's column is called.
        bucket: String,
        /// Its first day.
        start: Day,
    },
    /// A figure (a decile, a score).
    Figure {
        /// In the unit.
        value: f64,
        /// What it is.
        unit: Unit,
    },
}

/// One line, one colour of bars, one row of a heat map.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Series {
    /// What it is called.
    pub name: Label,
    /// What it is for.
    pub role: SeriesRole,
    /// One a category; of a curve, by rising x.
    pub points: Vec<Point>,
}

/// What a series is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeriesRole {
    /// What was asked for.
    #[default]
    Main,
    /// The same in an earlier period, drawn behind.
    Before,
    /// A line to judge by (the diagonal of a calibration curve, a mean), thin and dashed.
    Reference,
}

/// One value.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Point {
    /// Only of a curve; else the point belongs to the category at its place.
    pub x: Option<f64>,
    /// In the unit of y; nothing where there is none (a gap).
    pub y: Option<f64>,
    /// 90 % interval, lower and upper end.
    pub interval: Option<(f64, f64)>,
    /// The period is not over, or cut: drawn hollow, never the best or the worst.
    pub partial: bool,
    /// A name inside a cell of a heat map, above its value.
    pub note: Option<Label>,
}

impl Chart {
    /// An empty chart: `series` and, but for a curve, `categories` are added by assignment.
    pub fn new(kind: ChartKind, title: Caption, x: Axis, y: Axis) -> Self {
        Self { kind, title, x, y, categories: Vec::new(), series: Vec::new(), of: None }
    }

    /// What its values are.
    pub fn unit(&self) -> Unit {
        self.y.unit.unwrap_or(Unit::Count)
    }

    /// The picture's rows as a table: one a category (of a curve, one an x; of a heat map, one a row).
    pub fn table(&self) -> Table {
        let column = |key: String, unit| Column { key, unit };
        let unit = Some(self.unit());
        let across: &[Label] = if self.kind == ChartKind::HeatMap { &self.categories } else { &[] };
        let mut columns = vec![column(key_of(&self.x.label), self.x.unit)];
        if self.kind == ChartKind::HeatMap {
            columns = vec![column(key_of(&self.y.label), None)];
            columns.extend(across.iter().map(|label| column(key_of(label), unit)));
            let rows = self.series.iter().map(|series| {
                std::iter::once(series.name.cell()).chain(series.points.iter().map(Point::cell)).collect()
            });
            return Table { rows: rows.collect(), columns };
        }
        let intervals = |series: &Series| series.points.iter().any(|point| point.interval.is_some());
        for series in &self.series {
            columns.push(column(key_of(&series.name), unit));
            if intervals(series) {
                columns.extend([column("lo".into(), unit), column("hi".into(), unit)]);
            }
        }
        let n = self.series.iter().map(|series| series.points.len()).max().unwrap_or(0);
        let rows = (0..n).map(|at| {
            let x = || self.series.iter().find_map(|series| series.points.get(at)?.x);
            let head = self.categories.get(at).map(Label::cell);
            let mut cells = vec![head.unwrap_or_else(|| x().map_or(Cell::Empty, Cell::Number))];
            for series in &self.series {
                let point = series.points.get(at).cloned().unwrap_or_default();
                cells.push(point.cell());
                if intervals(series) {
                    let (lo, hi) = point.interval.unzip();
                    cells.extend([lo, hi].map(|end| end.map_or(Cell::Empty, Cell::Number)));
                }
            }
            cells
        });
        Table { rows: rows.collect(), columns }
    }

    /// What its text alternative may say of the first main series: `first`, `last`, `highest`, `lowest` with their places,
    /// and `count`. Partial periods are neither the highest nor the lowest.
    pub fn facts(&self) -> Vec<Fact> {
        let mut facts = vec![Fact::new("count", self.places() as f64, Unit::Count)];
        let of = |name: &str, at: Option<Spot>| {
            let spot = at?;
            let fact = Fact::new(name, spot.y, self.unit());
            Some(match spot.interval {
                Some((lo, hi)) => fact.within(lo, hi),
                None => fact,
            })
        };
        facts.extend(of("first", self.first()));
        facts.extend(of("last", self.last()));
        facts.extend(of("highest", self.highest()));
        facts.extend(of("lowest", self.lowest()));
        facts
    }

    /// How many categories, or points of a curve, or cells of a heat map.
    pub fn places(&self) -> usize {
        match self.kind {
            ChartKind::HeatMap => self.series.iter().map(|series| series.points.len()).sum(),
            ChartKind::Curve => self.series.first().map_or(0, |series| series.points.len()),
            _ => self.categories.len(),
        }
    }

    /// The first value.
    pub fn first(&self) -> Option<Spot> {
        self.spots().next()
    }

    /// The last value of a period that is over, else the last.
    pub fn last(&self) -> Option<Spot> {
        self.spots().filter(|spot| !spot.partial).last().or_else(|| self.spots().last())
    }

    /// The highest value; of equal ones the first.
    pub fn highest(&self) -> Option<Spot> {
        self.whole().reduce(|best, spot| if spot.y > best.y { spot } else { best })
    }

    /// The lowest value; of equal ones the first.
    pub fn lowest(&self) -> Option<Spot> {
        self.whole().reduce(|best, spot| if spot.y < best.y { spot } else { best })
    }

    fn whole(&self) -> impl Iterator<Item = Spot> + '_ {
        let any = self.spots().any(|spot| !spot.partial);
        self.spots().filter(move |spot| !(any && spot.partial))
    }

    /// Values of the first main series, not of what it is set against; of a heat map, of all cells.
    fn spots(&self) -> impl Iterator<Item = Spot> + '_ {
        let (from, rows) = match self.kind {
            ChartKind::HeatMap => (0, self.series.len()),
            _ => (self.series.iter().position(|series| series.role == SeriesRole::Main).unwrap_or(0), 1),
        };
        self.series.iter().enumerate().skip(from).take(rows).flat_map(|(row, series)| {
            series.points.iter().enumerate().filter_map(move |(at, point)| {
                Some(Spot {
                    row,
                    at,
                    x: point.x,
                    y: point.y?,
                    interval: point.interval,
                    partial: point.partial,
                })
            })
        })
    }
}

/// A value and where it stands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spot {
    /// Index of its series.
    pub row: usize,
    /// Index of its category.
    pub at: usize,
    /// Of a curve.
    pub x: Option<f64>,
    /// The value.
    pub y: f64,
    /// Its interval.
    pub interval: Option<(f64, f64)>,
    /// Its period is not over.
    pub partial: bool,
}

impl Caption {
    /// Without parameters.
    pub fn new(key: &str) -> Self {
        Self { key: key.into(), params: Map::new() }
    }

    /// The same, naming one more thing.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }
}

impl Axis {
    /// Categories stand along it.
    pub fn of_names(label: Label) -> Self {
        Self { label, unit: None }
    }

    /// Numbers stand along it.
    pub fn of(label: Label, unit: Unit) -> Self {
        Self { label, unit: Some(unit) }
    }
}

impl Label {
    /// A word by vocabulary and key.
    pub fn word(kind: &str, key: &str) -> Self {
        Self::Word { kind: kind.into(), key: key.into() }
    }

    /// The time bucket that starts on this day.
    pub fn time(bucket: &str, start: Day) -> Self {
        Self::Time { bucket: bucket.into(), start }
    }

    /// The days it stands for.
    pub fn span(&self) -> Option<Span> {
        let Self::Time { bucket, start } = self else { return None };
        Some(Span::of_bucket(bucket, *start).unwrap_or(Span { from: *start, to: *start }))
    }

    fn cell(&self) -> Cell {
        match self {
            Self::Name(name) => Cell::Text(name.clone()),
            Self::Word { key, .. } => Cell::Text(key.clone()),
            Self::Time { start, .. } => Cell::Day(*start),
            Self::Figure { value, .. } => Cell::Number(*value),
        }
    }
}

/// What a table's column of this label is called.
fn key_of(label: &Label) -> String {
    match label {
        Label::Name(name) => name.clone(),
        Label::Word { key, .. } => key.clone(),
        Label::Time { start, .. } => start.to_string(),
        Label::Figure { value, .. } => value.to_string(),
    }
}

impl Series {
    /// What was asked for.
    pub fn main(name: Label, points: Vec<Point>) -> Self {
        Self { name, role: SeriesRole::Main, points }
    }

    /// The same in an earlier period.
    pub fn before(name: Label, points: Vec<Point>) -> Self {
        Self { name, role: SeriesRole::Before, points }
    }

    /// A line to judge by.
    pub fn reference(name: Label, points: Vec<Point>) -> Self {
        Self { name, role: SeriesRole::Reference, points }
    }
}

impl Point {
    /// The value of the category at its place.
    pub fn of(y: Option<f64>) -> Self {
        Self { y, ..Self::default() }
    }

    /// A point of a curve.
    pub fn at(x: f64, y: f64) -> Self {
        Self { x: Some(x), y: Some(y), ..Self::default() }
    }

    /// The same with its 90 % interval.
    #[must_use]
    pub fn within(mut self, lo: f64, hi: f64) -> Self {
        self.interval = Some((lo, hi));
        self
    }

    /// The same, of a period that is not over where `partial`.
    #[must_use]
    pub fn partial(mut self, partial: bool) -> Self {
        self.partial = partial;
        self
    }

    /// The same with a name in its cell.
    #[must_use]
    pub fn called(mut self, note: Label) -> Self {
        self.note = Some(note);
        self
    }

    fn cell(&self) -> Cell {
        self.y.map_or(Cell::Empty, Cell::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Currency;

    fn chart(kind: ChartKind, points: Vec<Point>) -> Chart {
        let money = Unit::Money(Currency::EUR);
        let axis = |key: &str| Axis::of_names(Label::word("column", key));
        let y = Axis::of(Label::word("metric", "revenue"), money);
        let mut chart = Chart::new(kind, Caption::new("metric"), axis("city"), y);
        chart.categories = (0..points.len()).map(|i| Label::Name(format!("city {i}"))).collect();
        chart.series = vec![Series::main(Label::word("metric", "revenue"), points)];
        chart
    }

    #[test]
    fn partial_periods_are_neither_best_nor_worst() {
        let points = vec![
            Point::of(Some(9.0)).partial(true),
            Point::of(Some(3.0)),
            Point::of(None),
            Point::of(Some(5.0)),
            Point::of(Some(5.0)),
            Point::of(Some(1.0)).partial(true),
        ];
        let chart = chart(ChartKind::Line, points);
        let place = |spot: Option<Spot>| spot.map(|spot| (spot.at, spot.y));
        assert_eq!(place(chart.highest()), Some((3, 5.0)));
        assert_eq!(place(chart.lowest()), Some((1, 3.0)));
        assert_eq!((place(chart.first()), place(chart.last())), (Some((0, 9.0)), Some((4, 5.0))));
        assert_eq!(chart.facts().len(), 5);
    }

    #[test]
    fn every_value_stands_in_the_table() {
        let chart = chart(ChartKind::Interval, vec![Point::of(Some(2.0)).within(1.0, 3.0), Point::of(None)]);
        let table = chart.table();
        let keys: Vec<_> = table.columns.iter().map(|column| column.key.as_str()).collect();
        assert_eq!(keys, ["city", "revenue", "lo", "hi"]);
        assert_eq!(table.rows[0][1..], [Cell::Number(2.0), Cell::Number(1.0), Cell::Number(3.0)]);
        assert_eq!(table.rows[1][1..], [Cell::Empty, Cell::Empty, Cell::Empty]);
    }

    #[test]
    fn a_chart_survives_a_stored_turn() {
        let chart = chart(ChartKind::Bar, vec![Point::of(Some(1.0))]);
        let json = serde_json::to_string(&chart).unwrap();
        assert_eq!(serde_json::from_str::<Chart>(&json).unwrap(), chart);
    }
}
