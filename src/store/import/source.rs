//! Which bytes are these: packed how, and in which encoding?
//!
//! Rules 1 and 2 of IMPORT_FORMATS: the content decides, never the file's name. BOM, else strict UTF-8 over the
//! whole file, else GB18030 over the whole file, else the person is asked. Archives and workbooks are opened in
//! [`super::workbook`], Parquet in [`super::columnar`].

use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use encoding_rs::{Decoder, DecoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use flate2::read::MultiGzDecoder;

use super::{ImportError, columnar, workbook};
use crate::domain::Work;

/// What a packed file may unpack to.
pub(super) const UNPACKED_BYTES_MAX: u64 = 200 * 1024 * 1024;
/// What one row may hold.
const ROW_BYTES_MAX: u64 = 4 * 1024 * 1024;
const CHUNK: usize = 1 << 16;
/// The names in an old container stand within its first or last sectors; a workbook that is larger is old anyway.
const CONTAINER_BYTES_LOOKED_AT: u64 = 64 * 1024 * 1024;
const AS_CSV: &str = "open it in a spreadsheet, save it as XLSX or as CSV (UTF-8), and import that";

/// A file whose encoding is known; it can be read as often as needed.
pub(super) struct Source {
    pub(super) name: String,
    path: PathBuf,
    packed: bool,
    /// What came out of an archive or a workbook, in place of the file.
    content: Option<Arc<[u8]>>,
    /// XLSX or Parquet, where the text (UTF-8 then) was made of one.
    pub(super) container: Option<&'static str>,
    /// The workbook's other sheets with something in them.
    pub(super) other_sheets: Vec<String>,
    pub(super) encoding: &'static Encoding,
    bom_bytes: usize,
    /// Unpacked size.
    pub(super) bytes: u64,
}

impl Source {
    /// Reads the whole file once to decide.
    pub(super) fn open(path: &Path, encoding: Option<&str>, work: &dyn Work) -> Result<Self, ImportError> {
        let name = path.display().to_string();
        let asked = match encoding {
            Some(label) => Some(
                Encoding::for_label(label.trim().as_bytes())
                    .ok_or_else(|| ImportError::UnknownEncoding(label.to_owned()))?,
            ),
            None => None,
        };
        let mut source = Self {
            name,
            path: path.to_owned(),
            packed: false,
            content: None,
            container: None,
            other_sheets: Vec::new(),
            encoding: UTF_8,
            bom_bytes: 0,
            bytes: 0,
        };
        let mut head = source.head()?;
        source.packed = head.starts_with(&[0x1F, 0x8B]);
        if source.packed {
            head = source.head()?;
        } else if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            source.unpack(work)?;
            head = source.head()?;
        } else if head.starts_with(columnar::MAGIC) {
            let file = File::open(path).map_err(|error| source.io(error))?;
            source.content = Some(columnar::text(&source.name, file, work)?.into());
            source.container = Some("Parquet");
            head = source.head()?;
        }
        source.refuse_containers(&head)?;
        let bom = Encoding::for_bom(&head);
        source.bom_bytes = bom.map_or(0, |(_, length)| length);
        let candidates = match (asked, bom) {
            _ if source.container.is_some() => vec![UTF_8],
            (Some(asked), _) => vec![asked],
            (None, Some((found, _))) => vec![found],
            (None, None) => without_bom(&head).map_or_else(|| vec![UTF_8, GB18030], |found| vec![found]),
        };
        let mut first_bad = None;
        for encoding in candidates {
            source.encoding = encoding;
            match source.verify(work)? {
                None => return Ok(source),
                Some(bad) => first_bad = first_bad.or(Some(bad)),
            }
        }
        let (line, byte) = first_bad.unwrap_or((1, 0));
        let file = source.name;
        Err(match asked {
            Some(asked) => ImportError::OtherEncoding { file, line, encoding: asked.name() },
            None => ImportError::Encoding { file, line, byte },
        })
    }

    /// The text from its first character, as UTF-8.
    pub(super) fn text(&self) -> Result<Box<dyn Read>, ImportError> {
        let mut bytes = self.unpacked()?;
        let mut bom = vec![0; self.bom_bytes];
        bytes.read_exact(&mut bom).map_err(|source| self.io(source))?;
        if self.encoding == UTF_8 {
            return Ok(bytes);
        }
        let decoder = self.encoding.new_decoder_without_bom_handling();
        Ok(Box::new(Decoding {
            from: bytes,
            decoder,
            input: Vec::new(),
            ended: false,
            text: Vec::new(),
            at: 0,
        }))
    }

    pub(super) fn io(&self, source: io::Error) -> ImportError {
        let source = if self.packed && source.kind() == ErrorKind::UnexpectedEof {
            io::Error::new(source.kind(), "the packed file ends too early; copy or export it again")
        } else {
            source
        };
        ImportError::Io { file: self.name.clone(), source }
    }

    fn unpack(&mut self, work: &dyn Work) -> Result<(), ImportError> {
        let file = File::open(&self.path).map_err(|source| self.io(source))?;
        let unpacked = workbook::unpack(&self.name, file, work)?;
        self.content = Some(unpacked.bytes.into());
        self.container = unpacked.is_workbook.then_some("XLSX");
        self.other_sheets = unpacked.other_sheets;
        Ok(())
    }

    fn unpacked(&self) -> Result<Box<dyn Read>, ImportError> {
        if let Some(content) = &self.content {
            return Ok(Box::new(Cursor::new(content.clone())));
        }
        let file = File::open(&self.path).map_err(|source| self.io(source))?;
        let file = BufReader::with_capacity(CHUNK, file);
        Ok(if self.packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
    }

    fn head(&self) -> Result<Vec<u8>, ImportError> {
        let mut head = Vec::new();
        self.unpacked()?.take(512).read_to_end(&mut head).map_err(|source| self.io(source))?;
        Ok(head)
    }

    fn refuse_containers(&self, head: &[u8]) -> Result<(), ImportError> {
        let file = self.name.clone();
        if head.is_empty() {
            return Err(ImportError::Empty { file });
        }
        let start = String::from_utf8_lossy(head).trim_start_matches('\u{FEFF}').trim_start().to_lowercase();
        let (what, mend) = if head.starts_with(b"PK\x03\x04") {
            ("an archive within an archive", "unpack it, and import what is inside")
        } else if head.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
            match self.is_encrypted_workbook()? {
                true => (
                    "a workbook with a password",
                    "open it in a spreadsheet and save it without the password",
                ),
                false => ("an old Excel workbook (.xls)", AS_CSV),
            }
        } else if ["<html", "<table", "<?xml", "<!doctype"].iter().any(|tag| start.starts_with(tag)) {
            ("a web page with an Excel name", AS_CSV)
        } else {
            return Ok(());
        };
        Err(ImportError::Container { file, what, mend })
    }

    /// A locked workbook is an old container around an encrypted package of this name.
    fn is_encrypted_workbook(&self) -> Result<bool, ImportError> {
        let wanted: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut bytes = Vec::new();
        self.unpacked()?
            .take(CONTAINER_BYTES_LOOKED_AT)
            .read_to_end(&mut bytes)
            .map_err(|source| self.io(source))?;
        Ok(bytes.windows(wanted.len()).any(|window| window == wanted))
    }

    /// `None` where every byte fits the encoding, else line and byte of the first that does not.
    fn verify(&mut self, work: &dyn Work) -> Result<Option<(u64, u8)>, ImportError> {
        let mut from = self.unpacked()?;
        let mut decoder = self.encoding.new_decoder_with_bom_removal();
        let mut input = vec![0; CHUNK];
        let mut text = vec![0; CHUNK * 4];
        let (mut line, mut total, mut only_blank) = (1, 0, true);
        let (mut rows, mut is_own) = (RowLength::default(), false);
        loop {
            work.check()?;
            let read = from.read(&mut input).map_err(|source| self.io(source))?;
            total += read as u64;
            if (self.packed || self.content.is_some()) && total > UNPACKED_BYTES_MAX {
                return Err(ImportError::TooLarge { file: self.name.clone(), limit: "200 MB unpacked" });
            }
            let bytes = input.get(..read).unwrap_or_default();
            let (result, used, written) =
                decoder.decode_to_utf8_without_replacement(bytes, &mut text, read == 0);
            let decoded = text.get(..written).unwrap_or_default();
            line += decoded.iter().filter(|byte| **byte == b'\n').count() as u64;
            // A record of our own export is one line, however long.
            is_own |= total == read as u64 && decoded.trim_ascii_start().starts_with(b"{");
            if let Some(line) = rows.read(decoded).filter(|_| !is_own) {
                return Err(ImportError::EndlessRow { file: self.name.clone(), line });
            }
            only_blank &= decoded.iter().all(u8::is_ascii_whitespace);
            if let DecoderResult::Malformed(length, after) = result {
                let at = used.saturating_sub(usize::from(length) + usize::from(after));
                return Ok(Some((line, bytes.get(at).copied().unwrap_or_default())));
            }
            if read == 0 {
                break;
            }
        }
        self.bytes = total;
        if only_blank {
            return Err(ImportError::Empty { file: self.name.clone() });
        }
        Ok(None)
    }
}

/// UTF-16 whose mark was cut off: every other byte of its first letters is zero.
fn without_bom(head: &[u8]) -> Option<&'static Encoding> {
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let half = head.len() / 2;
    match (zeros(0), zeros(1)) {
        (0, odd) if odd > half / 4 => Some(UTF_16LE),
        (even, 0) if even > half / 4 => Some(UTF_16BE),
        _ => None,
    }
}

/// Watches over the length of rows: a quote that is never closed would make one row of the rest of the file.
#[derive(Default)]
struct RowLength {
    quoted: bool,
    /// The last byte was a quote within quotes: the end of them, or half of a written quote.
    at_quote: bool,
    /// The last byte separates cells, so that a quote would open one.
    cell_begins: bool,
    bytes: u64,
    line: u64,
    /// Line on which the row under way begins.
    begins: u64,
}

impl RowLength {
    /// The line of a row that is too long.
    fn read(&mut self, text: &[u8]) -> Option<u64> {
        for byte in text {
            self.bytes += 1;
            if self.quoted {
                match (*byte, self.at_quote) {
                    (b'"', at_quote) => self.at_quote = !at_quote,
                    (_, true) => (self.quoted, self.at_quote) = (false, false),
                    _ => {}
                }
            } else if *byte == b'"' && (self.cell_begins || self.bytes == 1) {
                self.quoted = true;
            }
            self.line += u64::from(*byte == b'\n');
            if *byte == b'\n' && !self.quoted {
                (self.bytes, self.begins) = (0, self.line);
            }
            self.cell_begins = !self.quoted && matches!(byte, b',' | b'\t' | b';' | b'|' | b'\n');
            if self.bytes > ROW_BYTES_MAX {
                return Some(self.begins + 1);
            }
        }
        None
    }
}

/// Decodes what it reads; the encoding was verified over the whole file before.
struct Decoding<R> {
    from: R,
    decoder: Decoder,
    input: Vec<u8>,
    ended: bool,
    text: Vec<u8>,
    at: usize,
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() && !self.ended {
            self.input.resize(CHUNK, 0);
            let read = self.from.read(&mut self.input)?;
            self.ended = read == 0;
            self.text.resize(CHUNK * 4, 0);
            let bytes = self.input.get(..read).unwrap_or_default();
            let (_, _, written, _) = self.decoder.decode_to_utf8(bytes, &mut self.text, self.ended);
            self.text.truncate(written);
            self.at = 0;
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..length), rest.get(..length)) {
            to.copy_from_slice(from);
        }
        self.at += length;
        Ok(length)
    }
}
