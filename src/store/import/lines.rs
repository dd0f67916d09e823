//! Where does a line end, in files of Windows, Unix and old Macs alike?
//!
//! `\r\n` and a lone `\r` become `\n` before cells are parsed. The csv reader takes all three for ends, but counts
//! only `\n`, and under `\r\n` a line late: the first row then has the header's number and messages name the line before.

use std::io::{self, Read};

/// Text with `\n` alone.
pub(super) struct Newlines<R> {
    from: R,
    /// The text before ended with `\r`; a `\n` now belongs to it.
    after_return: bool,
}

impl<R: Read> Newlines<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, after_return: false }
    }
}

impl<R: Read> Read for Newlines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.from.read(out)?;
            let Some(text) = out.get_mut(..read).filter(|text| !text.is_empty()) else { return Ok(read) };
            if !self.after_return && !text.contains(&b'\r') {
                return Ok(read);
            }
            let mut kept = 0;
            for at in 0..text.len() {
                let byte = text.get(at).copied().unwrap_or_default();
                let belongs_to_return = byte == b'\n' && self.after_return;
                self.after_return = byte == b'\r';
                if !belongs_to_return {
                    if let Some(place) = text.get_mut(kept) {
                        *place = if byte == b'\r' { b'\n' } else { byte };
                    }
                    kept += 1;
                }
            }
            // Nothing left of a piece that was only the second half of an end: that is not the end of the file.
            if kept > 0 {
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let length = out.len().min(1);
            self.0.read(&mut out[..length])
        }
    }

    #[test]
    fn every_end_of_a_line_becomes_the_same() {
        for (text, expected) in [
            ("a\r\nb\rc\nd", "a\nb\nc\nd"),
            ("\r\n\r\n", "\n\n"),
            ("a\n\r\n", "a\n\n"),
            ("a\r", "a\n"),
            ("", ""),
            ("无\r\n", "无\n"),
        ] {
            let (mut fast, mut slow) = (String::new(), String::new());
            Newlines::new(text.as_bytes()).read_to_string(&mut fast).unwrap();
            Newlines::new(Slow(text.as_bytes())).read_to_string(&mut slow).unwrap();
            assert_eq!((fast.as_str(), slow.as_str()), (expected, expected), "{text:?}");
        }
    }
}
