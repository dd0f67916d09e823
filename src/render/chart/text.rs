//! How wide is this text, and does it fit?
//!
//! The two fonts are built in (`font/`), have no kerning and no substitutions, and the PNG is drawn with the same
//! ones: a text's width is the sum of its advances, exactly. A browser that draws the SVG with a font of its own may
//! differ by a few pixels; the gaps between labels allow for that.

use std::sync::LazyLock;

use ttf_parser::Face;
use unicode_normalization::UnicodeNormalization as _;

/// Chinese and most of Latin.
pub(super) static CHINESE: &[u8] = include_bytes!("font/NotoSansSC-subset.otf");
/// European letters and currency signs that the first font lacks.
pub(super) static EUROPEAN: &[u8] = include_bytes!("font/NotoSans-subset.ttf");
/// The first is built in; the others are what browsers and phones have.
pub(super) const FAMILY: &str =
    "'Noto Sans SC','Noto Sans','Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif";
/// Height of a line of text over its size.
pub(super) const LINE: f64 = 1.3;

/// In Chinese text the marks stand at middle height, so Latin text takes three full stops.
const ELLIPSES: [&str; 2] = ["…", "..."];

static FACES: LazyLock<Vec<Face<'static>>> =
    LazyLock::new(|| [CHINESE, EUROPEAN].into_iter().filter_map(|data| Face::parse(data, 0).ok()).collect());

/// Whether the built-in fonts have this character.
pub fn has_glyph(c: char) -> bool {
    FACES.iter().any(|face| face.glyph_index(c).is_some())
}

/// Width in pixels at this size.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|c| advance(c) * size).sum()
}

/// Of one character, in ems. What no font has is drawn as a box one em wide.
fn advance(c: char) -> f64 {
    let known = FACES.iter().find_map(|face| {
        let glyph = face.glyph_index(c)?;
        Some(f64::from(face.glyph_hor_advance(glyph)?) / f64::from(face.units_per_em()))
    });
    known.unwrap_or(1.0)
}

/// The text as it can be drawn: composed letters, no control or direction characters (names come from outside, and
/// XML forbids some of these).
pub(super) fn clean(text: &str) -> String {
    let unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
            || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    text.nfc().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).filter(|c| !unseen(*c)).collect()
}

/// The text, shortened with an ellipsis where it is wider than `most` pixels.
pub(super) fn fitted(text: &str, size: f64, most: f64) -> String {
    if width(text, size) <= most {
        return text.to_owned();
    }
    let [wide_mark, latin_mark] = ELLIPSES;
    let room = most - width(wide_mark, size).max(width(latin_mark, size));
    let mut kept = String::new();
    let mut used = 0.0;
    for c in text.chars() {
        used += advance(c) * size;
        if used > room {
            break;
        }
        kept.push(c);
    }
    kept.truncate(kept.trim_end().len());
    kept.push_str(if kept.chars().next_back().is_some_and(is_wide) { wide_mark } else { latin_mark });
    kept
}

/// The text in at most `lines` lines; the last one is shortened where it must be. Breaks at blanks, and between any
/// two Chinese characters, but never before a closing mark.
pub(super) fn wrapped(text: &str, size: f64, most: f64, lines: usize) -> Vec<String> {
    let mut done: Vec<String> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if done.len() + 1 == lines || width(rest, size) <= most {
            done.push(fitted(rest, size, most));
            break;
        }
        let at = break_before(rest, size, most);
        let (line, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        done.push(line.trim_end().to_owned());
        rest = after.trim_start();
    }
    done
}

/// The byte at which the first line ends.
fn break_before(text: &str, size: f64, most: f64) -> usize {
    let mut used = 0.0;
    let mut best = None;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let closes = matches!(c, '，' | '。' | '、' | '；' | '：' | '）' | '》' | '”' | '！' | '？');
        if at > 0 && !closes && (before == ' ' || is_wide(c) || is_wide(before) || closes_line(before)) {
            best = Some(at);
        }
        used += advance(c) * size;
        if used > most {
            return best.unwrap_or(at.max(c.len_utf8()));
        }
        before = c;
    }
    text.len()
}

/// Chinese characters and their full-width marks.
fn is_wide(c: char) -> bool {
    ('\u{2e80}'..'\u{ffef}').contains(&c)
}

fn closes_line(c: char) -> bool {
    matches!(c, '，' | '。' | '、' | '；' | '：')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::Prompts;

    #[test]
    fn every_word_of_ours_has_its_glyphs() {
        let prompts = Prompts::load().unwrap();
        let words = prompts.vocabularies().flat_map(|(_, words)| words.values());
        let words = words.flat_map(|word| [word.en.clone(), word.zh.clone()]);
        let messages = prompts.messages().flat_map(|(_, en, zh)| [en.to_owned(), zh.to_owned()]);
        for text in words.chain(messages) {
            for c in text.chars().filter(|c| !c.is_control()) {
                assert!(has_glyph(c), "{c:?} of {text:?}: run src/render/chart/font/make.py again");
            }
        }
    }

    #[test]
    fn a_sample_of_chinese_and_european_names_has_its_glyphs() {
        // First and last of each of GB2312's two levels, punctuation, given names outside it, currencies, letters.
        for c in "啊座丂亍齄，。《》￥喆玥堃祎€£¥₹₽₺ÅÉñŁşžőƠộ−–…○".chars()
        {
            assert!(has_glyph(c) || c == '丂', "{c}");
        }
    }

    #[test]
    fn widths_are_those_of_the_font() {
        assert!((width("销售额", 10.0) - 30.0).abs() < 1e-9, "a Chinese character is one em wide");
        assert!(width("iii", 10.0) < width("WWW", 10.0));
    }

    #[test]
    fn long_names_end_in_an_ellipsis_and_fit() {
        for (text, most) in
            [("超长的中文商品名称套装礼盒精选版", 80.0), ("A very long product name indeed", 100.0)]
        {
            let short = fitted(text, 14.0, most);
            let mark = if short.is_ascii() { "..." } else { "…" };
            assert!(short.ends_with(mark) && width(&short, 14.0) <= most, "{short}");
            assert_eq!(fitted(text, 14.0, 1e4), text);
        }
    }

    #[test]
    fn titles_break_at_blanks_or_between_characters_and_never_before_a_comma() {
        let lines = wrapped("Weekly revenue of Coffee in Paris, 1 July 2025 to 30 June 2026", 20.0, 300.0, 3);
        assert!(lines.len() >= 2 && lines.iter().all(|line| width(line, 20.0) <= 300.0), "{lines:?}");
        assert_eq!(lines.join(" "), "Weekly revenue of Coffee in Paris, 1 July 2025 to 30 June 2026");
        let lines = wrapped("各城市的销售额，与去年同期比较，二零二五年", 20.0, 140.0, 9);
        assert!(lines.iter().all(|line| !line.starts_with('，') && width(line, 20.0) <= 140.0), "{lines:?}");
        assert_eq!(wrapped("one two three four five six", 20.0, 80.0, 2).len(), 2);
    }

    #[test]
    fn what_xml_forbids_or_turns_the_text_round_is_left_out() {
        assert_eq!(clean("a\u{0}b\u{202e}c\u{7}\nd\u{feff}"), "abc d");
        assert_eq!(clean("e\u{301}"), "é");
    }
}
