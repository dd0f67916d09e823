//! Where do lines, areas and texts go?
//!
//! plotters' SVG backend writes the marks. It knows whole pixels only, so a picture is drawn ten times as large and
//! shown in a `viewBox`. Every text's box is remembered, so that labels can keep clear of each other.

use std::convert::Infallible;

use plotters_backend::text_anchor::{HPos, Pos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend as _, FontFamily,
};
use plotters_svg::SVGBackend;

use super::text::{self, FAMILY, LINE};

/// Backend units a pixel.
const FINE: f64 = 10.0;
/// The backend divides text sizes by this (it takes them for heights of lines).
const SIZE_OF_BACKEND: f64 = 1.24;

/// A colour.
pub(super) type Colour = (u8, u8, u8);

/// Where a text stands relative to its point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// The place that a text takes.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct TextBox {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
    pub(super) text: String,
}

impl TextBox {
    /// The box of a text whose middle line is at `y`.
    pub(super) fn of(text: &str, (x, y): (f64, f64), size: f64, anchor: Anchor) -> Self {
        let width = text::width(text, size);
        let left = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width,
        };
        let half = size * LINE / 2.0;
        Self { left, top: y - half, right: left + width, bottom: y + half, text: text.to_owned() }
    }

    /// Whether two texts would touch.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    /// Whether it stands wholly inside.
    pub(super) fn inside(&self, left: f64, top: f64, right: f64, bottom: f64) -> bool {
        self.left >= left && self.top >= top && self.right <= right && self.bottom <= bottom
    }
}

/// What is drawn so far.
pub(super) struct Canvas {
    body: String,
    pub(super) texts: Vec<TextBox>,
}

struct Stroke(BackendColor, u32);

impl BackendStyle for Stroke {
    fn color(&self) -> BackendColor {
        self.0
    }
    fn stroke_width(&self) -> u32 {
        self.1
    }
}

struct Letters {
    size: f64,
    colour: Colour,
    anchor: Anchor,
}

impl BackendTextStyle for Letters {
    type FontError = Infallible;

    fn color(&self) -> BackendColor {
        BackendColor { alpha: 1.0, rgb: self.colour }
    }
    fn size(&self) -> f64 {
        self.size * FINE * SIZE_OF_BACKEND
    }
    fn anchor(&self) -> Pos {
        let across = match self.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        Pos::new(across, VPos::Center)
    }
    fn family(&self) -> FontFamily<'_> {
        FontFamily::Name(FAMILY)
    }
    // The SVG backend leaves layout to whoever shows the picture; widths are ours (`text`).
    fn layout_box(&self, _: &str) -> Result<((i32, i32), (i32, i32)), Infallible> {
        Ok(((0, 0), (0, 0)))
    }
    fn draw<E, F: FnMut(i32, i32, BackendColor) -> Result<(), E>>(
        &self,
        _: &str,
        _: BackendCoord,
        _: F,
    ) -> Result<Result<(), E>, Infallible> {
        Ok(Ok(()))
    }
}

fn fine(value: f64) -> i32 {
    (value * FINE).round() as i32
}

fn at((x, y): (f64, f64)) -> BackendCoord {
    (fine(x), fine(y))
}

fn stroke(colour: Colour, width: f64) -> Stroke {
    Stroke(BackendColor { alpha: 1.0, rgb: colour }, fine(width).unsigned_abs())
}

impl Canvas {
    pub(super) fn new() -> Self {
        Self { body: String::new(), texts: Vec::new() }
    }

    /// Writes one mark. The backend writes into a string, which cannot fail.
    fn mark(&mut self, draw: impl FnOnce(&mut SVGBackend<'_>)) {
        let mut mark = String::new();
        draw(&mut SVGBackend::with_string(&mut mark, (0, 0)));
        // Each comes as a picture of its own, with head and end.
        if let Some((_, mark)) = mark.split_once('\n') {
            self.body.push_str(mark.strip_suffix("</svg>\n").unwrap_or(mark));
        }
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: Colour, width: f64) {
        self.mark(|svg| {
            let _ = svg.draw_line(at(from), at(to), &stroke(colour, width));
        });
    }

    pub(super) fn path(&mut self, points: &[(f64, f64)], colour: Colour, width: f64) {
        if points.len() > 1 {
            let points = points.iter().map(|point| at(*point)).collect::<Vec<_>>();
            self.mark(|svg| {
                let _ = svg.draw_path(points, &stroke(colour, width));
            });
        }
    }

    /// A line of dashes; the rhythm goes on round corners.
    pub(super) fn dashed(&mut self, points: &[(f64, f64)], colour: Colour, width: f64) {
        const ON: f64 = 5.0;
        const OFF: f64 = 4.0;
        let mut walked = 0.0;
        let mut dash: Vec<(f64, f64)> = Vec::new();
        for pair in points.windows(2) {
            let [from, to] = pair else { continue };
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            let mut done = 0.0;
            while done < length {
                let phase = walked % (ON + OFF);
                let on = phase < ON;
                let step = (if on { ON - phase } else { ON + OFF - phase }).min(length - done).max(1e-6);
                let point = |d: f64| {
                    let share = d / length;
                    (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
                };
                if on {
                    if dash.is_empty() {
                        dash.push(point(done));
                    }
                    dash.push(point(done + step));
                } else if !dash.is_empty() {
                    self.path(&std::mem::take(&mut dash), colour, width);
                }
                done += step;
                walked += step;
            }
        }
        self.path(&dash, colour, width);
    }

    pub(super) fn rect(&mut self, left: f64, top: f64, width: f64, height: f64, colour: Colour) {
        let (from, to) = (at((left, top)), at((left + width, top + height)));
        self.mark(|svg| {
            let _ = svg.draw_rect(from, to, &stroke(colour, 0.1), true);
        });
    }

    pub(super) fn area(&mut self, points: &[(f64, f64)], colour: Colour, alpha: f64) {
        let points = points.iter().map(|point| at(*point)).collect::<Vec<_>>();
        self.mark(|svg| {
            let _ = svg.fill_polygon(points, &BackendColor { alpha, rgb: colour });
        });
    }

    pub(super) fn dot(&mut self, centre: (f64, f64), radius: f64, colour: Colour) {
        self.mark(|svg| {
            let _ = svg.draw_circle(at(centre), fine(radius).unsigned_abs(), &stroke(colour, 1.0), true);
        });
    }

    /// A hollow dot: white inside.
    pub(super) fn ring(&mut self, centre: (f64, f64), radius: f64, colour: Colour, width: f64) {
        self.dot(centre, radius, super::look::PAPER);
        self.mark(|svg| {
            let _ = svg.draw_circle(at(centre), fine(radius).unsigned_abs(), &stroke(colour, width), false);
        });
    }

    /// A text whose middle line is at the point's y.
    pub(super) fn text(&mut self, words: &str, point: (f64, f64), size: f64, colour: Colour, anchor: Anchor) {
        if words.is_empty() {
            return;
        }
        self.texts.push(TextBox::of(words, point, size, anchor));
        self.mark(|svg| {
            let _ = svg.draw_text(words, &Letters { size, colour, anchor }, at(point));
        });
    }

    /// The whole picture on paper.
    pub(super) fn finish(self, width: f64, height: f64, title: &str, alt: &str, lang: &str) -> String {
        let (w, h) = (fine(width), fine(height));
        let (title, alt) = (escaped(title), escaped(alt));
        let paper = super::look::PAPER;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {w} {h}\" \
             role=\"img\" xml:lang=\"{lang}\" stroke-linejoin=\"round\" stroke-linecap=\"round\">\n\
             <title>{title}</title>\n<desc>{alt}</desc>\n\
             <rect width=\"{w}\" height=\"{h}\" fill=\"#{:02X}{:02X}{:02X}\"/>\n{}</svg>\n",
            paper.0, paper.1, paper.2, self.body
        )
    }
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
