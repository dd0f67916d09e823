//! Where does the table begin, what separates its cells, and what kind of table is it?
//!
//! Rules 3 to 6 of IMPORT_FORMATS: the header is the row among the first 50 with most known names, the delimiter the
//! one that finds it. A kind is found where all it requires is there; a kind whose columns all belong to a larger
//! one gives way to it; several or none are a question to the person.

use std::collections::BTreeSet;
use std::io::Read;

use super::format::{Format, Reads};
use super::lines::Newlines;
use super::reject::clip;
use super::source::Source;
use super::{FORMATS, ImportError, Options, cell};
use crate::domain::Currency;

const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];
/// Rows among which the header is looked for.
const PREAMBLE_ROWS: usize = 50;
/// Text looked at for it.
const PREAMBLE_BYTES: u64 = 1 << 18;
const COLUMNS_MAX: usize = 2_000;
/// Columns that a message names.
const COLUMNS_NAMED: usize = 90;

/// A table whose header and kind are known.
pub(super) struct Sheet {
    pub(super) format: &'static dyn Format,
    pub(super) delimiter: u8,
    /// Line of the header, 1-based.
    pub(super) header_line: u64,
    /// Cells of the header as the file has them.
    pub(super) header: Vec<String>,
    /// Column of each field of the format.
    pub(super) columns: Vec<Option<usize>>,
}

impl Sheet {
    /// Finds the header and the kind.
    pub(super) fn find(source: &Source, options: &Options) -> Result<Self, ImportError> {
        let mut head = Vec::new();
        source.text()?.take(PREAMBLE_BYTES).read_to_end(&mut head).map_err(|error| source.io(error))?;
        let maps = options.maps()?;
        let known: BTreeSet<String> = FORMATS
            .iter()
            .flat_map(|format| format.fields())
            .flat_map(|field| field.names.iter().map(|name| (*name).to_owned()))
            .chain(maps.iter().map(|(column, _)| cell::header(column)))
            .collect();
        let best = DELIMITERS
            .iter()
            .filter_map(|delimiter| header_row(&head, *delimiter, &known))
            .max_by_key(|found| found.names)
            .ok_or_else(|| ImportError::Empty { file: source.name.clone() })?;
        if best.header.len() > COLUMNS_MAX {
            return Err(ImportError::TooLarge { file: source.name.clone(), limit: "2,000 columns" });
        }
        let (format, columns) = choose(source, options, &best.header)?;
        Ok(Self { format, delimiter: best.delimiter, header_line: best.line, header: best.header, columns })
    }

    /// The rows under the header.
    pub(super) fn rows(&self, source: &Source) -> Result<csv::Reader<Newlines<Box<dyn Read>>>, ImportError> {
        Ok(reader(source.text()?, self.delimiter))
    }

    /// The one currency that headers of amounts name.
    pub(super) fn currency(&self) -> Option<Currency> {
        let fields = self.columns.iter().zip(self.format.fields());
        let amounts = fields.filter(|(_, field)| field.reads == Reads::Number);
        let named: BTreeSet<Currency> =
            amounts.filter_map(|(column, _)| cell::currency(self.header.get((*column)?)?)).collect();
        named.first().copied().filter(|_| named.len() == 1)
    }

    /// A column's name as the file has it.
    pub(super) fn column_name(&self, column: usize) -> String {
        self.header.get(column).map(|name| clip(name.trim())).unwrap_or_default()
    }
}

pub(super) fn reader<R: Read>(from: R, delimiter: u8) -> csv::Reader<Newlines<R>> {
    let from = Newlines::new(from);
    csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(from)
}

struct Candidate {
    delimiter: u8,
    line: u64,
    header: Vec<String>,
    /// Known names, then columns (for a header of which no name is known).
    names: (usize, usize),
}

/// The best header row under a delimiter: most known names, the earliest of equals.
fn header_row(head: &[u8], delimiter: u8, known: &BTreeSet<String>) -> Option<Candidate> {
    let mut best: Option<Candidate> = None;
    for record in reader(head, delimiter).into_byte_records().take(PREAMBLE_ROWS) {
        let record = record.ok()?;
        let line = record.position().map_or(1, csv::Position::line);
        let header: Vec<String> =
            record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
        let matched = header.iter().filter(|name| known.contains(&cell::header(name))).count();
        // One known word in a preamble or in a value is chance; without two known names the first row stays.
        let matched = if matched < 2 && best.is_some() { 0 } else { matched };
        if best.as_ref().is_none_or(|best| matched > best.names.0) {
            let names = (matched, header.len());
            best = Some(Candidate { delimiter, line, header, names });
        }
    }
    best
}

/// The header for a message.
fn shown(header: &[String]) -> String {
    let named: Vec<String> = header.iter().take(COLUMNS_NAMED).map(|name| clip(name.trim())).collect();
    let more = if header.len() > COLUMNS_NAMED { " …" } else { "" };
    named.join(", ") + more
}

type Columns = Vec<Option<usize>>;

fn choose(
    source: &Source,
    options: &Options,
    header: &[String],
) -> Result<(&'static dyn Format, Columns), ImportError> {
    let file = || source.name.clone();
    let found = || shown(header);
    if let Some(kind) = &options.kind {
        let format = *FORMATS.iter().find(|format| format.kind() == kind).ok_or_else(|| {
            let kinds = FORMATS.iter().map(|format| format.kind()).collect::<Vec<_>>().join(", ");
            ImportError::UnknownKind { kind: kind.clone(), kinds }
        })?;
        let columns = match_columns(source, options, format, header)?;
        if !format.complete(&columns, true) {
            return Err(ImportError::MissingFields {
                file: file(),
                kind: format.kind(),
                needs: format.needs(),
                found: found(),
                fields: format.field_names(),
            });
        }
        return Ok((format, columns));
    }
    let mut complete = Vec::new();
    for format in FORMATS {
        // A field this kind does not have may be meant for another kind; --kind would say so.
        let Ok(columns) = match_columns(source, options, *format, header) else { continue };
        if format.complete(&columns, false) {
            complete.push((*format, columns));
        }
    }
    if complete.iter().any(|(format, _)| format.is_platform()) {
        complete.retain(|(format, _)| format.is_platform());
    }
    let used = |columns: &Columns| columns.iter().flatten().copied().collect::<BTreeSet<usize>>();
    let sets: Vec<_> = complete.iter().map(|(_, columns)| used(columns)).collect();
    let largest: Vec<usize> = (0..sets.len())
        .filter(|&a| {
            !sets.iter().any(|b| sets.get(a).is_some_and(|set| set.is_subset(b) && set.len() < b.len()))
        })
        .collect();
    match largest.as_slice() {
        [only] => Ok(complete.swap_remove(*only)),
        [] => match_columns_error(source, options, header).map_or_else(
            || {
                let looked_for = nearest(header);
                Err(ImportError::UnknownFormat { file: file(), looked_for, found: found() })
            },
            Err,
        ),
        [first, ..] => {
            let kinds: Vec<&str> =
                largest.iter().filter_map(|&at| complete.get(at)).map(|(format, _)| format.kind()).collect();
            let first = complete.get(*first).map_or("orders", |(format, _)| format.kind());
            Err(ImportError::SeveralFormats {
                file: file(),
                kinds: kinds.join(" and as "),
                first,
                found: found(),
            })
        }
    }
}

/// The kinds that know most of the columns, with what they need; all kinds by name where none knows any.
fn nearest(header: &[String]) -> String {
    let names: BTreeSet<String> = header.iter().map(|name| cell::header(name)).collect();
    let matched = |format: &dyn Format| {
        format.fields().iter().filter(|field| field.names.iter().any(|name| names.contains(*name))).count()
    };
    let most = FORMATS.iter().map(|format| matched(*format)).max().unwrap_or_default();
    let described = |format: &&dyn Format| match most {
        0 => format.kind().to_owned(),
        _ => format!("{} ({})", format.kind(), format.needs()),
    };
    let near = FORMATS.iter().filter(|format| matched(**format) == most);
    near.map(described).collect::<Vec<_>>().join(", ")
}

/// Why the one kind that could have been meant does not fit, where that is clear.
fn match_columns_error(source: &Source, options: &Options, header: &[String]) -> Option<ImportError> {
    FORMATS
        .iter()
        .filter_map(|format| match_columns(source, options, *format, header).err())
        .find(|error| matches!(error, ImportError::TwoColumns { .. } | ImportError::UnknownColumn { .. }))
}

/// The column of each field: what `--map` says, else an exact name.
fn match_columns(
    source: &Source,
    options: &Options,
    format: &'static dyn Format,
    header: &[String],
) -> Result<Columns, ImportError> {
    let names: Vec<String> = header.iter().map(|name| cell::header(name)).collect();
    let fields = format.fields();
    let mut columns: Columns = vec![None; fields.len()];
    let mut taken = BTreeSet::new();
    for (column, field) in options.maps()? {
        let map = format!("{column}={field}");
        let at = fields.iter().position(|known| known.name == field).ok_or_else(|| {
            let fields = format.field_names();
            ImportError::UnknownField { map: map.clone(), kind: format.kind(), field: field.clone(), fields }
        })?;
        let place = names.iter().position(|name| *name == cell::header(&column)).ok_or_else(|| {
            let found = shown(header);
            ImportError::UnknownColumn { map: map.clone(), column: column.clone(), found }
        })?;
        if let Some(slot) = columns.get_mut(at) {
            *slot = Some(place);
        }
        taken.insert(place);
    }
    for (slot, field) in columns.iter_mut().zip(fields) {
        if slot.is_some() {
            continue;
        }
        let mut fitting = names
            .iter()
            .enumerate()
            .filter(|(column, name)| !taken.contains(column) && field.names.contains(&name.as_str()))
            .map(|(column, _)| column);
        *slot = fitting.next();
        if let (Some(first), Some(second)) = (*slot, fitting.next()) {
            let name = |column: usize| header.get(column).map(|name| clip(name.trim()));
            return Err(ImportError::TwoColumns {
                file: source.name.clone(),
                field: field.name,
                first: name(first).unwrap_or_default(),
                second: name(second).unwrap_or_default(),
            });
        }
    }
    Ok(columns)
}
