//! Which colours and sizes do all pictures share?
//!
//! Colours are those of Okabe & Ito (2008), "Color Universal Design", which people with any common colour blindness
//! tell apart; series differ by dash or place too, never by colour alone.

use super::canvas::Colour;

/// Behind everything.
pub(super) const PAPER: Colour = (255, 255, 255);
/// Titles and values.
pub(super) const INK: Colour = (31, 41, 51);
/// Names of axes, notes.
pub(super) const MUTED: Colour = (92, 104, 117);
/// Grid lines.
pub(super) const GRID: Colour = (228, 232, 237);
/// Axes, and cells without a value.
pub(super) const AXIS: Colour = (160, 170, 180);
/// An earlier period.
pub(super) const BEFORE: Colour = (146, 154, 165);
/// Blue, vermillion, bluish green, reddish purple, orange: in the order in which series take them. Wine, ink and brown
/// stand for the rest of Okabe & Ito's, which are too pale on white or too near the blue; any two of the eight are at
/// least 16 apart in CIELAB (ΔE 1976) for every common vision.
pub(super) const SERIES: [Colour; 8] = [
    (0, 114, 178),
    (213, 94, 0),
    (0, 158, 115),
    (204, 121, 167),
    (230, 159, 0),
    (136, 34, 85),
    (40, 40, 40),
    (110, 60, 20),
];
/// The light end of a heat map's colours.
pub(super) const FAINT: Colour = (236, 243, 249);

/// Width of every picture: on a telephone, half a pixel of it is a point, so that 15 can still be read.
pub(super) const WIDTH: f64 = 720.0;
/// Height of pictures of time and of curves.
pub(super) const HEIGHT: f64 = 430.0;
/// Outside of everything.
pub(super) const MARGIN: f64 = 24.0;
/// Sizes of letters.
pub(super) const TITLE: f64 = 21.0;
pub(super) const LABEL: f64 = 15.0;
pub(super) const SMALL: f64 = 13.0;
/// Least gap between labels.
pub(super) const GAP: f64 = 8.0;

/// A colour between two.
pub(super) fn between(from: Colour, to: Colour, share: f64) -> Colour {
    let mix =
        |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share.clamp(0.0, 1.0)).round() as u8;
    (mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

/// Whether white letters read better than dark ones on this colour (relative luminance of WCAG 2, which puts equal
/// contrast at 0.179).
pub(super) fn wants_white(colour: Colour) -> bool {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(colour.0) + 0.7152 * linear(colour.1) + 0.0722 * linear(colour.2) < 0.179
}
