//! Where does a line break that is wider than the terminal?
//!
//! English between words, Chinese between any two characters, but no line begins with closing punctuation or ends with
//! opening one. Widths are columns: a Chinese character takes two. Lines of a list go on under their text.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Text that is read comfortably; wider terminals are not filled.
const WIDEST: u16 = 110;

/// The text with lines no wider than `width` columns; as it is where that is not known.
pub(super) fn wrapped(text: &str, width: Option<u16>) -> String {
    let Some(width) = width else { return text.to_owned() };
    let width = usize::from(width.clamp(20, WIDEST));
    let lines: Vec<String> = text.split('\n').map(|line| one(line, width)).collect();
    lines.join("\n")
}

fn one(line: &str, width: usize) -> String {
    let indent = " ".repeat(hanging(line).min(width / 2));
    let mut done = String::new();
    let mut row = String::new();
    for piece in pieces(line) {
        let fits = row.width() + piece.trim_end().width() <= width;
        if !fits && !row.trim().is_empty() {
            done.push_str(row.trim_end());
            done.push('\n');
            row = indent.clone();
        }
        row.push_str(piece);
    }
    done + row.trim_end()
}

/// Columns before the text of a list's line: "1. ", "- ", "  · ", "  /why    ".
fn hanging(line: &str) -> usize {
    let bare = line.trim_start_matches(' ');
    let lead = line.len() - bare.len();
    let (mark, rest) = bare.split_once(' ').unwrap_or_default();
    let gap = rest.len() - rest.trim_start_matches(' ').len();
    if lead > 0 && gap > 0 {
        return lead + mark.width() + 1 + gap;
    }
    let ordinal =
        mark.strip_suffix('.').is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()));
    if ordinal || matches!(mark, "-" | "·") { lead + mark.width() + 1 } else { lead }
}

/// What stays together: a word with the blanks behind it, one wide character with the punctuation that clings to it.
fn pieces(line: &str) -> Vec<&str> {
    let chars: Vec<(usize, char)> = line.char_indices().collect();
    let mut found = Vec::new();
    let mut start = 0;
    for pair in chars.windows(2) {
        let [(_, before), (at, after)] = [pair[0], pair[1]];
        if breaks(before, after) {
            found.extend(line.get(start..at));
            start = at;
        }
    }
    found.extend(line.get(start..));
    found
}

fn breaks(before: char, after: char) -> bool {
    let wide = |c: char| c.width() == Some(2);
    let closes = |c: char| "，。；：！？、）」』》”’%‰,.;:!?)]}".contains(c);
    let opens = |c: char| "（「『《“‘([{€¥$£".contains(c);
    if after == ' ' || closes(after) || opens(before) {
        return false;
    }
    before == ' ' || wide(before) || wide(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, width: u16, expected: &[&str]) {
        let text = wrapped(text, Some(width));
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
        assert!(text.lines().all(|line| line.width() <= usize::from(width)), "{text}");
    }

    #[test]
    fn lines_break_where_a_reader_would() {
        check("revenue in May was a lot more", 20, &["revenue in May was a", "lot more"]);
        check(
            "上个月的销售额为€19万，比去年同期下降4.0%。",
            24,
            &["上个月的销售额为€19万，", "比去年同期下降4.0%。"],
        );
        check("本月净额为八万四千元整。好", 24, &["本月净额为八万四千元整。", "好"]);
        check("1. look after them in person", 20, &["1. look after them", "   in person"]);
        check("  · And over the next year?", 20, &["  · And over the", "    next year?"]);
        check("  /new    a new conversation", 24, &["  /new    a new", "          conversation"]);
        check("a\n\nb", 20, &["a", "", "b"]);
        assert_eq!(wrapped("a paragraph\n", Some(20)), "a paragraph\n", "the blank line behind it stays");
        assert_eq!(wrapped("as it is", None), "as it is");
    }

    #[test]
    fn a_word_longer_than_the_line_stays_whole() {
        let long = "x".repeat(30);
        assert_eq!(wrapped(&format!("see {long} there"), Some(20)), format!("see\n{long}\nthere"));
    }
}
