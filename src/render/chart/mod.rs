//! How does a chart look?
//!
//! One look for all kinds: plotters' SVG backend draws the marks (`canvas`), resvg makes the PNG (`png`) with the two
//! fonts that are built in (`text`). A kind is one file; all share the page (`sheet`), the colours (`look`) and the
//! axes (`scale`). Values are written beside their marks where there is room, so that few need an axis or a legend.
//! Nothing here computes a figure; nothing reads a file.

mod bar;
mod canvas;
mod curve;
mod heat;
mod interval;
mod line;
mod look;
mod png;
mod scale;
mod sheet;
mod text;

pub use png::{PngError, png};
pub use text::has_glyph;

use crate::domain::{Chart, ChartKind, Lang};
use crate::render::Templates;
use canvas::TextBox;
use sheet::Sheet;

/// What is written on and about a picture.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// All words.
    pub templates: &'a Templates,
    /// Of the picture.
    pub lang: Lang,
    /// Stands above it.
    pub title: &'a str,
    /// For who cannot see it.
    pub alt: &'a str,
}

/// A drawn picture.
#[derive(Clone, PartialEq, Debug)]
pub struct Drawing {
    /// Stands alone; carries title and text alternative.
    pub svg: String,
    /// Width and height in pixels.
    pub size: (f64, f64),
    texts: Vec<TextBox>,
}

/// Draws a chart.
pub fn draw(chart: &Chart, words: Words<'_>) -> Drawing {
    let chart = drawable(chart);
    let mut sheet = Sheet::new(&chart, words);
    let height = match chart.kind {
        ChartKind::Line => line::draw(&chart, &mut sheet),
        ChartKind::Bar | ChartKind::GroupedBar => bar::draw(&chart, &mut sheet),
        ChartKind::HeatMap => heat::draw(&chart, &mut sheet),
        ChartKind::Interval => interval::draw(&chart, &mut sheet),
        ChartKind::Curve => curve::draw(&chart, &mut sheet),
    };
    sheet.finish(height)
}

/// Values that are no numbers are gaps; ends of an interval stand in their order.
fn drawable(chart: &Chart) -> Chart {
    let mut chart = chart.clone();
    for point in chart.series.iter_mut().flat_map(|series| &mut series.points) {
        point.y = point.y.filter(|y| y.is_finite());
        point.x = point.x.filter(|x| x.is_finite());
        let known = |(lo, hi): &(f64, f64)| lo.is_finite() && hi.is_finite();
        point.interval = point.interval.filter(known).map(|(lo, hi)| (lo.min(hi), lo.max(hi)));
    }
    chart
}

impl Drawing {
    /// The first two texts that touch, or the first that reaches over the edge: what a test asks.
    pub fn fault(&self) -> Option<String> {
        let (width, height) = self.size;
        let outside = self.texts.iter().find(|text| !text.inside(0.0, 0.0, width, height));
        if let Some(text) = outside {
            return Some(format!("{:?} reaches over the edge", text.text));
        }
        self.texts.iter().enumerate().find_map(|(at, text)| {
            let other = self.texts.iter().skip(at + 1).find(|other| text.meets(other))?;
            Some(format!("{:?} touches {:?}", text.text, other.text))
        })
    }

    /// Every text on the picture.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|text| text.text.as_str())
    }
}
