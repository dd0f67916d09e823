//! How does the demo shop get into a data folder?
//!
//! Through the import's own path, whole or not at all. The truth is written beside the store as `demo-truth.json`,
//! which no import takes and no tool reads.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{DemoShop, Truth, catalogue, generate};
use crate::domain::{Product, Work};
use crate::store::{AnyRecord, Store, StoreError};

/// The truth file's name in the data folder.
pub const TRUTH_FILE: &str = "demo-truth.json";
/// The setting that says that a folder holds a demo shop.
const MARK: &str = "demo";

/// Why there is no demo shop.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The folder is somebody's own.
    #[error(
        "{} holds a shop of your own, and the demo would mix with it; choose another folder with --data DIR",
        .0.display()
    )]
    OtherShop(PathBuf),
    /// The folder has another demo.
    #[error(
        "{} holds the demo shop of seed {found}, not of seed {wanted}; ask for --seed {found}, or choose another \
         folder with --data DIR",
        .dir.display()
    )]
    OtherSeed {
        /// Which folder.
        dir: PathBuf,
        /// The seed it has.
        found: u64,
        /// The seed asked for.
        wanted: u64,
    },
    /// The truth file could not be written.
    #[error("{}: {source}", .path.display())]
    Truth {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The store said no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Serialize, Deserialize)]
struct Mark {
    seed: u64,
}

/// Opens the demo shop of a seed in a folder, making it where it is not there yet.
pub fn open(dir: &Path, seed: u64, work: &dyn Work) -> Result<Store, DemoError> {
    let store = Store::create(dir)?;
    let truth = dir.join(TRUTH_FILE);
    if is_made(&store, dir, seed)? {
        if !truth.exists() {
            write_truth(&truth, &generate(seed).truth)?;
        }
        return Ok(store);
    }
    let made = generate(seed);
    write_truth(&truth, &made.truth)?;
    store.set_setting(MARK, &Mark { seed })?;
    let shop = made.shop.clone();
    store.import_records(records(made), &shop, work)?;
    Ok(store)
}

/// All records of the shop, products and customers first.
pub fn records(made: DemoShop) -> impl Iterator<Item = AnyRecord> {
    let records = made.products.into_iter().map(AnyRecord::from);
    let records = records.chain(made.customers.into_iter().map(AnyRecord::from));
    let records = records.chain(made.orders.into_iter().map(AnyRecord::from));
    let records = records.chain(made.spend.into_iter().map(AnyRecord::from));
    let records = records.chain(made.feedback.into_iter().map(AnyRecord::from));
    let records = records.chain(made.interactions.into_iter().map(AnyRecord::from));
    let records = records.chain(made.experiments.into_iter().map(AnyRecord::from));
    records.chain(made.lift_tests.into_iter().map(AnyRecord::from))
}

/// Whether the folder already holds this very shop; an error where it holds another. The mark is set before the
/// import and may be all that an interrupted demo left, so the first product decides.
fn is_made(store: &Store, dir: &Path, wanted: u64) -> Result<bool, DemoError> {
    if store.data_version()? == 0 {
        return Ok(false);
    }
    let known = store.get::<Product>(catalogue::id(0).0.as_bytes())?;
    let first_is_ours = known.is_some_and(|product| product.name == catalogue::ITEMS[0].name());
    match store.setting::<Mark>(MARK)? {
        Some(Mark { seed }) if first_is_ours => {
            if seed == wanted {
                Ok(true)
            } else {
                Err(DemoError::OtherSeed { dir: dir.to_owned(), found: seed, wanted })
            }
        }
        _ => Err(DemoError::OtherShop(dir.to_owned())),
    }
}

/// Written beside and renamed, so that a half-written file is never taken for the truth.
fn write_truth(path: &Path, truth: &Truth) -> Result<(), DemoError> {
    let fail = |source| DemoError::Truth { path: path.to_owned(), source };
    let draft = path.with_extension("json.part");
    let mut writer = BufWriter::new(File::create(&draft).map_err(fail)?);
    serde_json::to_writer(&mut writer, truth).map_err(|error| fail(error.into()))?;
    writer.flush().map_err(fail)?;
    fs::rename(&draft, path).map_err(fail)
}
