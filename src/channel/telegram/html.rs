//! How does a text become messages that Telegram takes?
//!
//! A message holds 4096 UTF-16 units. Telegram counts them after reading the tags; we count before, so that a message
//! is never too long by either count. Text is kept as runs of one style, so a cut closes the tag and the next part opens
//! it again: no part ends inside a tag or an entity. Source: <https://core.telegram.org/bots/api#html-style>.

use unicode_width::UnicodeWidthChar as _;

/// UTF-16 units of a message.
pub const LONGEST: usize = 4_096;

/// How a run of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As it is.
    Plain,
    /// `<b>`.
    Bold,
    /// `<pre>`: every character as wide as the next.
    Fixed,
}

impl Style {
    fn tags(self) -> (&'static str, &'static str) {
        match self {
            Self::Plain => ("", ""),
            Self::Bold => ("<b>", "</b>"),
            Self::Fixed => ("<pre>", "</pre>"),
        }
    }
}

/// Text with its styles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rich(Vec<(Style, String)>);

/// One message's text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// With tags, escaped.
    pub html: String,
    /// Without.
    pub plain: String,
}

impl Part {
    /// Whether nothing can be seen of it; Telegram refuses such a message.
    pub fn is_blank(&self) -> bool {
        self.plain.trim().is_empty()
    }
}

impl Rich {
    /// Adds a run.
    pub fn push(&mut self, style: Style, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.0.push((style, text));
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Cut into messages; one after the other they are the whole text. A longer text has the same first parts, so what
    /// was shown of an answer stays where it is when more comes.
    pub fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut part = Part::default();
        let mut room = LONGEST;
        for (style, text) in &self.0 {
            let (open, close) = style.tags();
            let mut rest = text.as_str();
            while !rest.is_empty() {
                let inside = room.saturating_sub(open.len() + close.len());
                let (mut here, mut later) = cut(rest, inside);
                if here.is_empty() && part.plain.is_empty() {
                    // Cannot be while a message holds more than one character; without this it would never end.
                    (here, later) = (rest, "");
                }
                if !here.is_empty() {
                    part.html.push_str(open);
                    escape(here, &mut part.html);
                    part.html.push_str(close);
                    part.plain.push_str(here);
                    room = room.saturating_sub(open.len() + close.len() + units(here));
                }
                rest = later;
                if !rest.is_empty() {
                    parts.push(std::mem::take(&mut part));
                    room = LONGEST;
                }
            }
        }
        if !part.plain.is_empty() {
            parts.push(part);
        }
        parts
    }
}

impl From<&str> for Rich {
    fn from(text: &str) -> Self {
        let mut rich = Self::default();
        rich.push(Style::Plain, text);
        rich
    }
}

/// As Telegram's HTML writes a character that means something in it.
fn entity(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    }
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match entity(c) {
            Some(entity) => html.push_str(entity),
            None => html.push(c),
        }
    }
}

/// UTF-16 units of a text once it is escaped.
fn units(text: &str) -> usize {
    text.chars().map(width).sum()
}

fn width(c: char) -> usize {
    entity(c).map_or(c.len_utf16(), str::len)
}

/// As much as fits, and the rest. Cut behind a line, else behind a sentence, else behind a blank, where one of these
/// stands in the second half; else anywhere.
fn cut(text: &str, room: usize) -> (&str, &str) {
    let mut used = 0;
    let (mut line, mut sentence, mut blank, mut anywhere) = (0, 0, 0, 0);
    for (at, c) in text.char_indices() {
        used += width(c);
        if used > room {
            let good = |at: usize| at > anywhere / 2;
            // More marks on one character than a message holds are cut too.
            let anywhere = if anywhere == 0 { at } else { anywhere };
            return text
                .split_at([line, sentence, blank].into_iter().find(|at| good(*at)).unwrap_or(anywhere));
        }
        let end = at + c.len_utf8();
        if !joined(text, end) {
            anywhere = end;
        }
        match c {
            '\n' => line = end,
            '。' | '！' | '？' | '；' => sentence = end,
            ' ' if text.get(..at).is_some_and(|before| before.ends_with(['.', '!', '?'])) => sentence = end,
            ' ' | '，' | '、' => blank = end,
            _ => {}
        }
    }
    (text, "")
}

/// Whether what stands before this place and what stands behind it are one character to a reader: a letter and its
/// marks, a family of emoji, the two halves of a flag.
fn joined(text: &str, at: usize) -> bool {
    let (Some(before), Some(after)) = (text.get(..at), text.get(at..)) else { return true };
    let (Some(last), Some(next)) = (before.chars().next_back(), after.chars().next()) else { return false };
    let flag = |c: &char| matches!(*c, '\u{1f1e6}'..='\u{1f1ff}');
    let mark = next.width() == Some(0) && !next.is_control() || matches!(next, '\u{1f3fb}'..='\u{1f3ff}');
    // Marks at the beginning of a line or behind a blank belong to nothing.
    let half = flag(&next) && before.chars().rev().take_while(flag).count() % 2 == 1;
    mark && !last.is_whitespace() || last == '\u{200d}' || half || (last, next) == ('\r', '\n')
}

/// The beginning of a text, in at most so many UTF-16 units, with an ellipsis where it is cut.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.encode_utf16().count() <= most {
        return text.to_owned();
    }
    let (mut used, mut end) = (1, 0);
    for (at, c) in text.char_indices() {
        if !joined(text, at) {
            end = at;
        }
        used += c.len_utf16();
        if used > most {
            break;
        }
    }
    format!("{}…", text.get(..end).unwrap_or_default().trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rich(text: &str) -> Rich {
        Rich::from(text)
    }

    #[test]
    fn marks_are_escaped_and_tags_closed() {
        let mut text = rich("a < b & c\n");
        text.push(Style::Fixed, "x > y");
        let parts = text.parts();
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].html, "a &lt; b &amp; c\n<pre>x &gt; y</pre>");
        assert_eq!(parts[0].plain, "a < b & c\nx > y");
    }

    #[test]
    fn a_long_text_is_cut_behind_a_line_a_sentence_or_a_blank() {
        let line = "销售额上升。".repeat(400);
        let parts = rich(&format!("{line}\n{line}")).parts();
        assert_eq!(parts.len(), 2);
        assert!(parts[0].plain.ends_with('\n') && parts[1].plain == line);
        let parts = rich(&"one two three. ".repeat(600)).parts();
        assert!(parts[0].plain.ends_with("three. "), "{}", parts[0].plain);
        let parts = rich(&"x".repeat(LONGEST + 1)).parts();
        assert_eq!((parts[0].plain.len(), parts[1].plain.len()), (LONGEST, 1));
    }

    #[test]
    fn a_table_over_two_messages_is_fixed_in_both() {
        let mut text = Rich::default();
        text.push(Style::Fixed, "name   1,000 <3\n".repeat(600));
        for part in text.parts() {
            assert!(part.html.starts_with("<pre>") && part.html.ends_with("</pre>"));
            assert!(part.html.encode_utf16().count() <= LONGEST);
        }
    }

    #[test]
    fn entities_and_pairs_are_whole() {
        for (text, unit) in [("&", 5), ("😀", 2)] {
            for part in rich(&text.repeat(2_500)).parts() {
                assert_eq!(part.html.encode_utf16().count() % unit, 0);
            }
        }
    }

    #[test]
    fn what_a_reader_takes_for_one_character_is_not_cut() {
        // A flag, a family, a hand with its colour, a letter with a mark, a Thai one with its vowel.
        for one in ["🇨🇳", "👨‍👩‍👧", "👍🏽", "e\u{301}", "กิ", "1\u{fe0f}\u{20e3}"] {
            for room in [LONGEST - 1, LONGEST, LONGEST + 1] {
                let text = format!("{}{}", "x".repeat(room % 7), one.repeat(3_000));
                for part in rich(&text).parts() {
                    let rest = part.plain.trim_start_matches('x').replace(one, "");
                    assert_eq!(rest, "", "{one}");
                }
            }
            let most = one.encode_utf16().count() * 3;
            assert_eq!(shortened(&one.repeat(9), most), format!("{}…", one.repeat(2)));
        }
    }

    #[test]
    fn more_text_leaves_the_first_parts_as_they_are() {
        let short = "Revenue rose in May. ".repeat(300);
        let long = short.repeat(3);
        let (short, long) = (rich(&short).parts(), rich(&long).parts());
        assert_eq!(short[0], long[0]);
    }

    #[test]
    fn what_is_shortened_says_so() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("abcd", 3), "ab…");
        assert_eq!(shortened("😀😀😀", 4), "😀…");
    }
}
