//! What are the pieces of a sentence, Chinese and English mixed as people type them?
//!
//! Full-width letters and digits become plain ones, case is folded; a Han character is a token, a run of letters is a
//! token, a number is a token even where letters follow at once ("60k", "250g"). Hyphens and slashes between letters
//! and apostrophes are dropped, so that "first-time", "bg/nbd" and "who's" meet the vocabulary.

use unicode_normalization::UnicodeNormalization;

/// What a token is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Kind {
    /// Letters (digits may follow: "q1", "c00042").
    Word,
    /// One Han character.
    Han,
    /// Digits, with their value.
    Number(f64),
    /// An e-mail address.
    Email,
    /// Anything else that is not a space.
    Mark,
}

/// One piece of a sentence.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Token {
    /// Folded.
    pub text: String,
    /// As typed.
    pub raw: String,
    /// What it is.
    pub kind: Kind,
    /// Whether a space stands before it.
    pub spaced: bool,
}

impl Token {
    pub(super) fn is(&self, text: &str) -> bool {
        self.text == text
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self.kind {
            Kind::Number(value) => Some(value),
            _ => None,
        }
    }

    /// A number written without point or comma.
    pub(super) fn whole(&self) -> Option<i32> {
        matches!(self.kind, Kind::Number(_)).then(|| self.text.parse().ok()).flatten()
    }
}

/// The tokens as they were typed, joined again.
pub(super) fn as_typed(tokens: &[Token]) -> String {
    let mut text = String::new();
    for (i, token) in tokens.iter().enumerate() {
        if i > 0 && token.spaced {
            text.push(' ');
        }
        text.push_str(&token.raw);
    }
    text
}

pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// Cuts a sentence.
pub(super) fn tokens(sentence: &str) -> Vec<Token> {
    let chars: Vec<char> = sentence.nfkc().collect();
    let at = |i: usize| chars.get(i).copied();
    let mut tokens = Vec::new();
    let mut spaced = false;
    let mut i = 0;
    while let Some(c) = at(i) {
        let (end, kind) = if c.is_whitespace() {
            spaced = true;
            i += 1;
            continue;
        } else if let Some(end) = email(&chars, i) {
            (end, Kind::Email)
        } else if is_han(c) {
            (i + 1, Kind::Han)
        } else if c.is_ascii_digit() {
            let (end, value) = number(&chars, i);
            (end, Kind::Number(value))
        } else if c.is_alphabetic() || c == '{' {
            (word(&chars, i), Kind::Word)
        } else if matches!(c, '\'' | '’' | '‘' | '`' | '"' | '“' | '”') {
            i += 1;
            continue;
        } else if matches!(c, '-' | '/')
            && i.checked_sub(1).and_then(at).is_some_and(char::is_alphabetic)
            && at(i + 1).is_some_and(|next| next.is_alphabetic() && !is_han(next))
        {
            spaced = true;
            i += 1;
            continue;
        } else {
            (i + 1, Kind::Mark)
        };
        let raw: String = chars.iter().take(end).skip(i).collect();
        let text = match kind {
            Kind::Word => fold_word(&raw),
            Kind::Mark if matches!(c, '–' | '—' | '−' | '~' | '〜') => "-".to_owned(),
            _ => raw.to_lowercase(),
        };
        // "top3" is two words
        if let Some((word, digits)) = led_number(&text) {
            tokens.push(Token { text: word.to_owned(), raw: word.to_owned(), kind, spaced });
            let kind = Kind::Number(digits.parse().unwrap_or(f64::NAN));
            tokens.push(Token { text: digits.to_owned(), raw: digits.to_owned(), kind, spaced: false });
        } else {
            tokens.push(Token { text, raw, kind, spaced });
        }
        spaced = false;
        i = end;
    }
    tokens
}

/// Letters, then also digits, `_` and apostrophes; a placeholder `{city}` of a phrase is one word.
fn word(chars: &[char], start: usize) -> usize {
    let inside = |c: char| (c.is_alphanumeric() && !is_han(c)) || matches!(c, '_' | '\'' | '’');
    if chars.get(start) == Some(&'{') {
        let length = chars.iter().skip(start).take_while(|c| **c != '}').count();
        return (start + length + 1).min(chars.len());
    }
    start + chars.iter().skip(start).take_while(|c| inside(**c)).count()
}

fn led_number(text: &str) -> Option<(&str, &str)> {
    let digits = text.strip_prefix("top")?;
    let number = !digits.is_empty() && digits.len() < 6 && digits.chars().all(|c| c.is_ascii_digit());
    number.then_some(("top", digits))
}

/// "who's" → who, "can't" → cant.
fn fold_word(raw: &str) -> String {
    let text = raw.to_lowercase().replace('’', "'");
    let text = text.strip_suffix("'s").unwrap_or(&text);
    text.replace('\'', "")
}

/// Digits with thousands commas and a decimal point; a second point ends it ("2026.5.1" is 2026 . 5 . 1).
fn number(chars: &[char], start: usize) -> (usize, f64) {
    let digits = |from: usize| chars.iter().skip(from).take_while(|c| c.is_ascii_digit()).count();
    let mut end = start + digits(start);
    while chars.get(end) == Some(&',') && digits(end + 1) == 3 {
        end += 4;
    }
    if chars.get(end) == Some(&'.') && digits(end + 1) > 0 {
        let after = end + 1 + digits(end + 1);
        if !(chars.get(after) == Some(&'.') && digits(after + 1) > 0)
            && chars.get(start.wrapping_sub(1)) != Some(&'.')
        {
            end = after;
        }
    }
    let text: String = chars.iter().take(end).skip(start).filter(|c| **c != ',').collect();
    (end, text.parse().unwrap_or(f64::NAN))
}

fn email(chars: &[char], start: usize) -> Option<usize> {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-' | '@');
    let length = chars.iter().skip(start).take_while(|c| inside(**c)).count();
    let run: String = chars.iter().skip(start).take(length).collect();
    let run = run.trim_end_matches(['.', '-']);
    let (user, host) = run.split_once('@')?;
    (!user.is_empty() && host.contains('.')).then(|| start + run.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sentence: &str, expected: &str) {
        let texts: Vec<String> = tokens(sentence).into_iter().map(|token| token.text).collect();
        assert_eq!(texts.join("|"), expected);
    }

    #[test]
    fn sentences_are_cut() {
        check("Berlin那边3月客单价", "berlin|那|边|3|月|客|单|价");
        check("who's emma.clark@example.com?", "who|emma.clark@example.com|?");
        check("first-time buyers, BG/NBD 1,000.5 60k", "first|time|buyers|,|bg|nbd|1,000.5|60|k");
        check("Ｑ1 2026.5.1 5.1", "q1|2026|.|5|.|1|5.1");
        check("{city} 8%", "{city}|8|%");
    }

    #[test]
    fn what_was_typed_comes_back() {
        assert_eq!(as_typed(&tokens("Oolong Tea 250g 伦敦")), "Oolong Tea 250g 伦敦");
    }
}
