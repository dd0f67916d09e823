//! Which event is this, when the same file comes again?
//!
//! An event has the file's own number, or one made of its content and of how often that content came before: two
//! equal reviews of one file are two, and the file once more brings no third.

use std::collections::HashMap;

use super::format::Sink;
use super::row::Row;
use super::{FileReport, ImportError};
use crate::store::kv::hash;
use crate::store::redo::AnyRecord;
use crate::store::{Record, StoreError};

/// Events of a file, packed: five million of them must fit into memory beside the rest.
#[derive(Default)]
pub(super) struct Events {
    packed: Vec<u8>,
    /// By the hash of the file's own number: the hash of the content, and the line.
    numbered: HashMap<u64, (u64, u64)>,
    /// By the hash of the content: how many had it.
    seen: HashMap<u64, u32>,
    repeats: u64,
}

impl Events {
    /// The id of an event: its own number, else one of its content.
    pub(super) fn id(&mut self, own: Option<&str>, content: &[&str]) -> String {
        if let Some(own) = own {
            return own.to_owned();
        }
        let digest = hash(content.join("\u{1F}").as_bytes());
        let count = self.seen.entry(short(&digest)).or_default();
        *count += 1;
        let mut id: String = digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect();
        if *count > 1 {
            id += &format!("-{count}");
        }
        id
    }

    /// Keeps an event; the same number with other content stops the import, since the two would take turns.
    pub(super) fn add<R>(&mut self, row: &Row<'_>, own: Option<&str>, record: R) -> Result<(), ImportError>
    where
        R: Record + Into<AnyRecord>,
    {
        let packed = postcard::to_stdvec(&record.into()).map_err(failed)?;
        if let Some(own) = own {
            let content = short(&hash(&packed));
            match self.numbered.insert(short(&hash(own.as_bytes())), (content, row.line)) {
                Some((known, _)) if known == content => {
                    self.repeats += 1;
                    return Ok(());
                }
                Some((_, first)) => {
                    return Err(ImportError::Duplicate {
                        file: row.file.to_owned(),
                        kind: R::TABLE,
                        id: own.to_owned(),
                        first,
                        second: row.line,
                    });
                }
                None => {}
            }
        }
        self.packed.extend_from_slice(&packed);
        Ok(())
    }

    pub(super) fn finish(self, sink: &mut Sink<'_>, report: &mut FileReport) -> Result<(), ImportError> {
        report.repeats += self.repeats;
        let mut rest = self.packed.as_slice();
        while !rest.is_empty() {
            let (record, after) = postcard::take_from_bytes::<AnyRecord>(rest).map_err(failed)?;
            match &record {
                AnyRecord::Feedback(feedback) => report.day(feedback.on),
                AnyRecord::Interaction(event) => report.day(event.on),
                AnyRecord::LiftTest(test) => {
                    report.day(test.from);
                    report.day(test.measured_until);
                }
                _ => {}
            }
            sink(record)?;
            rest = after;
        }
        Ok(())
    }
}

/// The first eight bytes: enough to tell five million apart.
fn short(digest: &[u8; 32]) -> u64 {
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(bytes)
}

fn failed(error: postcard::Error) -> ImportError {
    StoreError::Backend(error.to_string()).into()
}
