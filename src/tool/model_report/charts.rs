//! Which pictures show whether a model means what it says?

use super::{Output, PurchaseModel};
use crate::domain::{Axis, Caption, Chart, ChartKind, Label, Point, Series, Unit};
use crate::model::clv::calibration::Tenth;

/// Tenths and calibration of the model of purchases; who ordered by R score where only RFM is asked for.
pub(super) fn of(output: &Output) -> Vec<Chart> {
    let mut charts = Vec::new();
    let model = match output.model {
        Some(super::Model::BgNbd) => Some("bg_nbd"),
        Some(super::Model::MbgNbd) => Some("mbg_nbd"),
        _ => output.chosen.map(PurchaseModel::key),
    };
    if let Some(model) = model.filter(|_| !output.tenths.is_empty()) {
        charts.push(tenths(&output.tenths, model));
        charts.push(calibration(&output.calibration, model));
    }
    if output.model == Some(super::Model::Rfm) {
        charts.extend(by_recency(output));
    }
    charts
}

fn tenths(tenths: &[Tenth], model: &str) -> Chart {
    let column = |key: &str| Label::word("column", key);
    let x = Axis::of_names(column("tenth"));
    let y = Axis::of(column("orders_each"), Unit::Count);
    let mut chart = Chart::new(ChartKind::GroupedBar, Caption::new("tenths").with("model", model), x, y);
    let place = |n: usize| Label::Figure { value: n as f64, unit: Unit::Count };
    chart.categories = (1..=tenths.len()).map(place).collect();
    let series = |key: &str, of: &dyn Fn(&Tenth) -> f64| {
        Series::main(column(key), tenths.iter().map(|tenth| Point::of(Some(of(tenth)))).collect())
    };
    chart.series =
        vec![series("predicted", &|tenth| tenth.predicted), series("actual", &|tenth| tenth.actual)];
    chart
}

/// Points on the diagonal are right.
fn calibration(tenths: &[Tenth], model: &str) -> Chart {
    let column = |key: &str| Label::word("column", key);
    let x = Axis::of(column("p_predicted"), Unit::Share);
    let y = Axis::of(column("share_ordered"), Unit::Share);
    let mut chart = Chart::new(ChartKind::Curve, Caption::new("calibration").with("model", model), x, y);
    let mut points: Vec<Point> =
        tenths.iter().map(|tenth| Point::at(tenth.predicted, tenth.actual)).collect();
    points.reverse();
    chart.series = vec![
        Series::main(column("share_ordered"), points),
        Series::reference(column("as_predicted"), vec![Point::at(0.0, 0.0), Point::at(1.0, 1.0)]),
    ];
    chart
}

fn by_recency(output: &Output) -> Option<Chart> {
    let rfm = output.rfm.as_ref()?;
    let x = Axis::of_names(Label::word("column", "score_r"));
    let y = Axis::of(Label::word("column", "share_ordered"), Unit::Share);
    let mut chart = Chart::new(ChartKind::Bar, Caption::new("ordered_by_recency"), x, y);
    let score = |r: usize| Label::Figure { value: r as f64, unit: Unit::Score };
    chart.categories = (1..=rfm.ordered.len()).rev().map(score).collect();
    let points = rfm.ordered.iter().rev().map(|share| Point::of(*share)).collect();
    chart.series = vec![Series::main(Label::word("column", "share_ordered"), points)];
    Some(chart)
}
