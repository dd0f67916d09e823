//! A picture can be shown to a customer: every kind in both languages, and nothing cut or on top of another.
//!
//! The SVG of each kind is golden. Each, and each hard case, is drawn as PNG with the built-in fonts alone.
//! `MERCATO_PICTURES=DIR` keeps the PNG files to look at.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use mercato::domain::Lang;
use mercato::prompts::Prompts;
use mercato::render::Templates;
use mercato::render::chart::{Drawing, Words, draw, has_glyph, png};

use crate::support::charts::{Sample, each_kind, hard_cases};

static TEMPLATES: LazyLock<Templates> =
    LazyLock::new(|| Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap());

fn drawn(sample: &Sample, lang: Lang) -> Drawing {
    let title = sample.title(lang);
    draw(&sample.chart, Words { templates: &TEMPLATES, lang, title, alt: "<alt> & more" })
}

fn keep(sample: &Sample, lang: Lang, bytes: &[u8]) {
    if let Some(dir) = std::env::var_os("MERCATO_PICTURES").map(PathBuf::from) {
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join(format!("{}-{}.png", sample.name, lang.code())), bytes).unwrap();
    }
}

#[test]
fn each_kind_looks_as_approved() {
    for sample in each_kind() {
        for lang in Lang::ALL {
            let drawing = drawn(&sample, lang);
            insta::assert_snapshot!(format!("{}-{}", sample.name, lang.code()), drawing.svg);
        }
    }
}

#[test]
fn no_text_reaches_over_the_edge_or_touches_another() {
    for sample in each_kind().into_iter().chain(hard_cases()) {
        for lang in Lang::ALL {
            let fault = drawn(&sample, lang).fault();
            assert_eq!(fault, None, "{} {}", sample.name, lang.code());
        }
    }
}

#[test]
fn each_is_a_png_without_any_font_of_the_system() {
    for sample in each_kind().into_iter().chain(hard_cases()) {
        for lang in Lang::ALL {
            let drawing = drawn(&sample, lang);
            let bytes = png(&drawing.svg).unwrap();
            assert!(bytes.starts_with(b"\x89PNG"), "{}", sample.name);
            let of = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
            let (width, height) = drawing.size;
            assert_eq!((of(16), of(20)), (width as u32 * 2, height as u32 * 2), "{}", sample.name);
            keep(&sample, lang, &bytes);
        }
    }
}

#[test]
fn text_on_a_png_is_drawn_with_the_built_in_font() {
    // The same picture without its words has far fewer edges: a font that is missing would draw nothing.
    let samples = each_kind();
    for lang in Lang::ALL {
        let drawing = drawn(&samples[1], lang);
        let with = png(&drawing.svg).unwrap().len();
        let mut bare = String::new();
        let mut inside = false;
        for line in drawing.svg.split_inclusive('\n') {
            inside |= line.starts_with("<text");
            if !inside {
                bare.push_str(line);
            }
            inside &= !line.starts_with("</text>");
        }
        let without = png(&bare).unwrap().len();
        assert!(with > 2 * without, "{with} against {without} bytes");
    }
}

#[test]
fn every_character_on_the_samples_has_a_glyph() {
    for sample in each_kind().into_iter().chain(hard_cases()) {
        for lang in Lang::ALL {
            for text in drawn(&sample, lang).texts() {
                assert!(text.chars().all(has_glyph), "{text:?} of {}", sample.name);
            }
        }
    }
}

#[test]
fn the_svg_stands_alone_and_tells_what_it_shows() {
    for sample in each_kind().into_iter().chain(hard_cases()) {
        let svg = drawn(&sample, Lang::En).svg;
        assert!(svg.starts_with("<svg xmlns="), "{}", sample.name);
        assert!(svg.contains("<title>A title") || svg.contains(&format!("<title>{}", sample.title(Lang::En))));
        assert!(svg.contains("<desc>&lt;alt&gt; &amp; more</desc>"), "{}", sample.name);
        assert!(!svg.contains("<b>") && !svg.contains('\u{202e}'), "{}: names are text, never marks", sample.name);
    }
}
