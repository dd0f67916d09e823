//! A shop's files, written for one test and imported by the library.

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use mercato::domain::{Clock, Day, NoWork};
use mercato::store::Store;
use mercato::store::import::{FileReport, ImportError, Options, import_file};

/// A folder for one test's files, gone when the test ends.
pub(crate) struct Files {
    dir: tempfile::TempDir,
}

impl Files {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Imports `bytes` as `name` under a clock that stands on 2026-06-30.
    pub(crate) fn import(
        &self,
        store: &Store,
        name: &str,
        bytes: impl AsRef<[u8]>,
        options: &Options,
    ) -> Result<FileReport, ImportError> {
        let path = self.write(name, bytes);
        import_file(store, &path, options, &clock(), &NoWork)
    }

    /// The sentence that an import says, with the test's folder cut off.
    pub(crate) fn sentence(&self, name: &str, bytes: impl AsRef<[u8]>, options: &Options) -> String {
        let store = Store::memory();
        let error = self.import(&store, name, bytes, options).unwrap_err();
        assert_eq!(store.data_version().unwrap(), 0, "nothing is stored");
        error.to_string().replace(&format!("{}/", self.dir.path().display()), "")
    }
}

/// Noon of 2026-06-30.
pub(crate) fn clock() -> Clock {
    Clock::fixed("2026-06-30T12:00:00Z".parse().unwrap(), None)
}

/// What is mostly said: euros, Berlin.
pub(crate) fn euros() -> Options {
    Options { currency: Some("EUR".into()), timezone: Some("Europe/Berlin".into()), ..Options::default() }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// Every table as it would be exported, for comparing whole stores.
pub(crate) fn content(store: &Store) -> String {
    let mut text = Vec::new();
    for table in mercato::store::export::TABLES {
        mercato::store::export::table(store, table, &mut text).unwrap();
    }
    String::from_utf8(text).unwrap()
}

/// A file of UCI's kind: `lines` lines over a year of days, with the rows of an invoice scattered.
pub(crate) fn uci_file(lines: usize) -> String {
    let mut text =
        String::from("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n");
    let invoices = (lines / 25).max(1);
    let first = Day::from_ymd(2010, 12, 1).unwrap();
    for n in 0..lines {
        let invoice = (n * 7) % invoices;
        let (product, customer) = ((n * 31) % 3_000, invoice % 900);
        let day = first.plus((invoice * 365 / invoices) as i32);
        let (qty, price) = (1 + n % 12, 1 + (product * 37) % 1_500);
        text += &format!(
            "{},{},PRODUCT NUMBER {product},{qty},{day} {:02}:{:02},{}.{:02},{},United Kingdom\n",
            536_365 + invoice,
            20_000 + product,
            8 + invoice % 10,
            invoice % 60,
            price / 100,
            price % 100,
            12_000 + customer,
        );
    }
    text
}
