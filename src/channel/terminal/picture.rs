//! Can this terminal show a picture, and how is it told to?
//!
//! By escape sequences: kitty's graphics protocol (kitty, Ghostty, Konsole) and iTerm2's inline images (iTerm2,
//! WezTerm, mintty). Inside tmux or screen neither gets through, so there only the path is shown.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The widest a picture is shown, in columns: as wide as text is pleasant to read.
const WIDEST: u16 = 90;
/// Base64 characters a kitty sequence may carry.
const CHUNK: usize = 4096;

/// How a terminal takes pictures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Protocol {
    Kitty,
    Iterm,
}

/// What the terminal behind standard output understands, by what it says of itself.
pub(super) fn protocol(env: impl Fn(&str) -> Option<String>) -> Option<Protocol> {
    let is = |name: &str, values: &[&str]| env(name).is_some_and(|value| values.contains(&value.as_str()));
    if env("TMUX").is_some() || env("STY").is_some() {
        return None;
    }
    if env("KITTY_WINDOW_ID").is_some()
        || env("KONSOLE_VERSION").is_some()
        || is("TERM", &["xterm-kitty", "xterm-ghostty"])
    {
        return Some(Protocol::Kitty);
    }
    is("TERM_PROGRAM", &["iTerm.app", "WezTerm", "mintty"]).then_some(Protocol::Iterm)
}

/// The sequence that shows a PNG in a terminal of so many columns; it keeps its shape.
pub(super) fn inline(png: &[u8], protocol: Protocol, columns: u16) -> String {
    let (text, width) = (STANDARD.encode(png), columns.clamp(1, WIDEST));
    match protocol {
        Protocol::Iterm => format!("\x1b]1337;File=inline=1;size={};width={width}:{text}\x07", png.len()),
        Protocol::Kitty => {
            let chunks: Vec<&[u8]> = text.as_bytes().chunks(CHUNK).collect();
            // Kitty up to 0.26 stretches a picture that has only its columns given.
            let mut head = format!("a=T,f=100,c={width},r={},", rows(png, width));
            let mut sequence = String::with_capacity(text.len() + chunks.len() * 16);
            for (index, chunk) in chunks.iter().enumerate() {
                let more = u8::from(index + 1 < chunks.len());
                let chunk = String::from_utf8_lossy(chunk);
                // Writing to a string does not fail.
                let _ = write!(sequence, "\x1b_G{head}m={more};{chunk}\x1b\\");
                head.clear();
            }
            sequence
        }
    }
}

/// Rows of a PNG of so many columns; a cell of a terminal is about twice as high as it is wide.
fn rows(png: &[u8], columns: u16) -> u32 {
    // The header's width and height, big-endian.
    let side = |at: usize| {
        let bytes = png.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        u64::from(bytes.map_or(1, u32::from_be_bytes).max(1))
    };
    let rows = (u64::from(columns) * side(20)).div_ceil(2 * side(16));
    u32::try_from(rows).unwrap_or(1).clamp(1, u32::from(WIDEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_told_apart() {
        let of = |vars: &[(&str, &str)]| {
            protocol(|name| {
                vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of(&[("TERM", "xterm-kitty")]), Some(Protocol::Kitty));
        assert_eq!(of(&[("TERM", "xterm-kitty"), ("TMUX", "/tmp/x")]), None);
        assert_eq!(of(&[("TERM_PROGRAM", "iTerm.app")]), Some(Protocol::Iterm));
        assert_eq!(of(&[("TERM", "xterm-256color")]), None);
    }

    #[test]
    fn a_long_picture_comes_in_chunks() {
        let mut png = [7; 4000];
        png[16..24].copy_from_slice(&[0, 0, 4, 0, 0, 0, 2, 0]);
        let sequence = inline(&png, Protocol::Kitty, 200);
        let parts: Vec<&str> = sequence.split_terminator("\x1b\\").collect();
        assert_eq!(parts.len(), 2);
        assert!(parts[0].starts_with("\x1b_Ga=T,f=100,c=90,r=23,m=1;") && parts[1].starts_with("\x1b_Gm=0;"));
        assert!(
            inline(&[7], Protocol::Iterm, 60).starts_with("\x1b]1337;File=inline=1;size=1;width=60:Bw==")
        );
    }
}
