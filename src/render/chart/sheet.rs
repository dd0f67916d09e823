//! What stands on every picture beside its marks?
//!
//! From the top: the title, a line that names what is shown and tells series apart, the plot, notes.

use super::canvas::{Anchor, Canvas, Colour, TextBox};
use super::look::{BEFORE, GAP, INK, LABEL, MARGIN, MUTED, SERIES, SMALL, TITLE, WIDTH};
use super::text::{clean, fitted, width, wrapped};
use super::{Drawing, Words};
use crate::domain::{Chart, Fact, Label, Lang, Series, SeriesRole, Unit};
use crate::render::numbers::{Style, figure, month_name};
use crate::render::{Scope, label};

/// A page being drawn.
pub(super) struct Sheet<'a> {
    pub(super) canvas: Canvas,
    pub(super) lang: Lang,
    words: Words<'a>,
    /// Everything above is taken.
    pub(super) top: f64,
    notes: Vec<String>,
}

impl<'a> Sheet<'a> {
    /// The page with its title.
    pub(super) fn new(chart: &Chart, words: Words<'a>) -> Self {
        let mut sheet =
            Self { canvas: Canvas::new(), lang: words.lang, words, top: MARGIN, notes: Vec::new() };
        for line in wrapped(&clean(words.title), TITLE, WIDTH - 2.0 * MARGIN, 3) {
            sheet.canvas.text(&line, (MARGIN, sheet.top + TITLE / 2.0), TITLE, INK, Anchor::Start);
            sheet.top += TITLE * 1.32;
        }
        sheet.notes_of(chart);
        sheet.top += 4.0;
        sheet
    }

    fn notes_of(&mut self, chart: &Chart) {
        let points = || chart.series.iter().flat_map(|series| &series.points);
        if points().any(|point| point.partial && point.y.is_some()) {
            self.note("hollow", Vec::new());
        }
        if points().any(|point| point.interval.is_some()) {
            let band = chart.categories.is_empty();
            self.note(if band { "band" } else { "whiskers" }, Vec::new());
        }
        if let Some(all) = chart.of.filter(|all| *all > chart.categories.len()) {
            let fact = |name: &str, n: usize| Fact::new(name, n as f64, Unit::Count);
            self.note("more", vec![fact("shown", chart.categories.len()), fact("all", all)]);
        }
    }

    /// Adds a message of section `drawn` below the plot.
    pub(super) fn note(&mut self, key: &str, facts: Vec<Fact>) {
        let scope = Scope::words(self.lang, &serde_json::Map::new()).with_facts(facts);
        // Without its words a note is left out; that each has them is tested.
        self.notes.extend(self.words.templates.message(&format!("drawn.{key}"), &scope));
    }

    /// One line below the title: what is shown, or which colour is what.
    pub(super) fn subtitle(&mut self, chart: &Chart, legend: bool) {
        let y = self.top + LABEL / 2.0;
        if legend {
            self.legend(chart, y);
        } else {
            let name = fitted(&self.axis(&chart.y.label), LABEL, WIDTH - 2.0 * MARGIN);
            self.canvas.text(&name, (MARGIN, y), LABEL, MUTED, Anchor::Start);
        }
        self.top += LABEL * 1.3 + GAP;
    }

    fn legend(&mut self, chart: &Chart, y: f64) {
        const SWATCH: f64 = 12.0;
        let room = (WIDTH - 2.0 * MARGIN) / chart.series.len().max(1) as f64 - SWATCH - 26.0;
        let mut x = MARGIN;
        for (index, series) in chart.series.iter().enumerate() {
            let name = fitted(&self.axis(&series.name), LABEL, room);
            self.canvas.rect(x, y - SWATCH / 2.0, SWATCH, SWATCH, colour(chart, index));
            self.canvas.text(&name, (x + SWATCH + 6.0, y), LABEL, INK, Anchor::Start);
            x += SWATCH + 6.0 + width(&name, LABEL) + 20.0;
        }
    }

    /// A label in full, as it can be drawn.
    pub(super) fn say(&self, text: &Label) -> String {
        clean(&label(self.words.templates.prompts(), text, self.lang))
    }

    /// A label at the head of something: with a capital where it is a word of ours.
    pub(super) fn axis(&self, text: &Label) -> String {
        let said = self.say(text);
        if matches!(text, Label::Word { .. }) { capital(&said) } else { said }
    }

    /// A value as it stands beside its mark.
    pub(super) fn value(&self, value: f64, unit: Unit) -> String {
        figure(value, unit, self.lang, Style::Sentence)
    }

    /// A category along a horizontal axis: short, and the year that it stands in where it is a time.
    pub(super) fn tick(&self, text: &Label) -> (String, Option<String>) {
        let Label::Time { bucket, start } = text else { return (self.axis(text), None) };
        let date = start.date();
        let zh = self.lang == Lang::Zh;
        let month: String = month_name(date.month()).chars().take(3).collect();
        let short = match bucket.as_str() {
            "month" if zh => format!("{}月", date.month()),
            "month" => month,
            "quarter" => format!("Q{}", (date.month() - 1) / 3 + 1),
            _ if zh => format!("{}月{}日", date.month(), date.day()),
            _ => format!("{} {month}", date.day()),
        };
        (short, Some(if zh { format!("{}年", date.year()) } else { date.year().to_string() }))
    }

    /// Writes a text where the first of these places keeps clear of all others; nothing where none does.
    pub(super) fn place(
        &mut self,
        words: &str,
        places: &[((f64, f64), Anchor)],
        bounds: Bounds,
        look: (f64, Colour),
    ) {
        let free = places.iter().find(|(point, anchor)| {
            let place = TextBox::of(words, *point, look.0, *anchor);
            place.inside(bounds.left, bounds.top, bounds.right, bounds.bottom)
                && !self.canvas.texts.iter().any(|text| text.meets(&place))
                && !bounds.avoid.iter().any(|mark| place.meets(mark))
        });
        if let Some((point, anchor)) = free {
            self.canvas.text(words, *point, look.0, look.1, *anchor);
        }
    }

    /// Notes below the plot that ends at `bottom`, and the finished picture.
    pub(super) fn finish(mut self, bottom: f64) -> Drawing {
        let mut y = bottom + GAP;
        let gap = width("　", SMALL);
        let mut x = MARGIN;
        for note in std::mem::take(&mut self.notes) {
            let note = fitted(&clean(&note), SMALL, WIDTH - 2.0 * MARGIN);
            if x > MARGIN && x + width(&note, SMALL) > WIDTH - MARGIN {
                (x, y) = (MARGIN, y + SMALL * 1.5);
            }
            self.canvas.text(&note, (x, y + SMALL / 2.0), SMALL, MUTED, Anchor::Start);
            x += width(&note, SMALL) + gap;
        }
        let height = if x > MARGIN { y + SMALL + MARGIN } else { bottom + MARGIN };
        let height = height.round();
        let texts = self.canvas.texts.clone();
        let (title, alt) = (clean(self.words.title), clean(self.words.alt));
        let svg = self.canvas.finish(WIDTH, height, &title, &alt, self.lang.code());
        Drawing { svg, size: (WIDTH, height), texts }
    }
}

/// Where a text may stand.
#[derive(Clone, Copy)]
pub(super) struct Bounds<'a> {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
    /// Marks that it must not cover.
    pub(super) avoid: &'a [TextBox],
}

/// The colour of a series: an earlier period and lines to judge by are grey.
pub(super) fn colour(chart: &Chart, index: usize) -> Colour {
    let main = |series: &&Series| series.role == SeriesRole::Main;
    match chart.series.get(index).map(|series| series.role) {
        Some(SeriesRole::Main) => {
            let place = chart.series.iter().take(index).filter(main).count();
            SERIES.get(place % SERIES.len()).copied().unwrap_or(INK)
        }
        _ => BEFORE,
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
