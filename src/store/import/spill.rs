//! The rows of one order may stand anywhere in the file: how do they come together without the file in memory?
//!
//! Rows are dealt to 64 parts by a hash of their order; a part larger than its buffer goes to a file. One part at a
//! time is read back and sorted, so memory holds a 64th of the file.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ImportError;
use super::whole::Whole;
use crate::domain::{Currency, Day, LineKind, Micros, OrderStatus};
use crate::store::StoreError;

const PARTS: usize = 64;
const BUFFER_BYTES: usize = 1 << 16;

/// What one row says of its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OrderRow {
    pub(super) order: String,
    /// Line of the file.
    pub(super) line: u64,
    pub(super) at: Option<(i64, Day)>,
    pub(super) paid_at: Option<i64>,
    pub(super) customer: Option<String>,
    pub(super) kind: LineKind,
    pub(super) product: Option<String>,
    pub(super) title: String,
    /// Below 0 where it is a return without an order.
    pub(super) qty: Option<i64>,
    pub(super) unit_price: Option<Micros>,
    pub(super) amount: Option<Micros>,
    pub(super) order_amount: Option<Micros>,
    pub(super) discount: Micros,
    pub(super) refund: Micros,
    pub(super) shipping: Micros,
    pub(super) tax: Micros,
    pub(super) status: Option<OrderStatus>,
    pub(super) currency: Currency,
    pub(super) city: Option<String>,
    /// Name and value of what was chosen.
    pub(super) options: Vec<(String, String)>,
    /// What the row says of the order as a whole, in files that keep that apart.
    pub(super) whole: Option<Whole>,
}

impl OrderRow {
    /// A row that says nothing yet but whose it is.
    pub(super) fn new(order: &str, line: u64, currency: Currency) -> Self {
        Self {
            order: order.to_owned(),
            line,
            at: None,
            paid_at: None,
            customer: None,
            kind: LineKind::Product,
            product: None,
            title: String::new(),
            qty: None,
            unit_price: None,
            amount: None,
            order_amount: None,
            discount: Micros::ZERO,
            refund: Micros::ZERO,
            shipping: Micros::ZERO,
            tax: Micros::ZERO,
            status: None,
            currency,
            city: None,
            options: Vec::new(),
            whole: None,
        }
    }

    /// Says what was sold: by its number, its title, or either for both. False where the row has neither.
    pub(super) fn sells(&mut self, number: Option<&str>, title: Option<&str>) -> bool {
        self.product = number.or(title).map(str::to_owned);
        self.title = title.or(number).unwrap_or_default().to_owned();
        self.product.is_some()
    }
}

/// The parts.
pub(super) struct Spill {
    dir: Option<PathBuf>,
    parts: Vec<Part>,
}

#[derive(Default)]
struct Part {
    buffer: Vec<u8>,
    file: Option<File>,
}

impl Spill {
    /// `dir` is made where a part outgrows its buffer, and removed with the spill; without one all stays in memory.
    pub(super) fn new(dir: Option<&Path>) -> Self {
        let parts = (0..PARTS).map(|_| Part::default()).collect();
        Self { dir: dir.map(Path::to_owned), parts }
    }

    pub(super) fn push(&mut self, row: &OrderRow) -> Result<(), ImportError> {
        let at = (fnv(row.order.as_bytes()) % PARTS as u64) as usize;
        let Some(part) = self.parts.get_mut(at) else { return Ok(()) };
        let bytes = postcard::to_extend(row, std::mem::take(&mut part.buffer));
        part.buffer = bytes.map_err(|error| StoreError::Backend(error.to_string()))?;
        let Some(dir) = self.dir.as_deref().filter(|_| part.buffer.len() >= BUFFER_BYTES) else {
            return Ok(());
        };
        let path = dir.join(at.to_string());
        let io = |source| StoreError::Io { path: path.clone(), source };
        let file = match &mut part.file {
            Some(file) => file,
            none => {
                fs::create_dir_all(dir).map_err(io)?;
                none.insert(File::options().read(true).append(true).create_new(true).open(&path).map_err(io)?)
            }
        };
        file.write_all(&part.buffer).map_err(io)?;
        part.buffer.clear();
        Ok(())
    }

    /// The rows of one part, sorted by order and line.
    pub(super) fn read(&mut self, part: usize) -> Result<Vec<OrderRow>, ImportError> {
        let Some(part) = self.parts.get_mut(part) else { return Ok(Vec::new()) };
        let mut bytes = Vec::new();
        if let Some(file) = &mut part.file {
            let path = self.dir.clone().unwrap_or_default();
            let io = |source| StoreError::Io { path: path.clone(), source };
            file.seek(SeekFrom::Start(0)).map_err(io)?;
            file.read_to_end(&mut bytes).map_err(io)?;
        }
        bytes.extend_from_slice(&part.buffer);
        let mut rest = bytes.as_slice();
        let mut rows = Vec::new();
        while !rest.is_empty() {
            let (row, after) = postcard::take_from_bytes::<OrderRow>(rest)
                .map_err(|error| StoreError::Backend(error.to_string()))?;
            rows.push(row);
            rest = after;
        }
        rows.sort_by(|a, b| a.order.cmp(&b.order).then(a.line.cmp(&b.line)));
        Ok(rows)
    }

    pub(super) fn parts(&self) -> usize {
        self.parts.len()
    }
}

impl Drop for Spill {
    fn drop(&mut self) {
        if let Some(dir) = &self.dir {
            // What cannot be removed now is cleared when the store is opened next.
            let _ = fs::remove_dir_all(dir);
        }
    }
}

/// FNV-1a: the same part for an order on every machine.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
