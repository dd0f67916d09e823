//! Where do the public data sets lie?

use std::path::PathBuf;

/// A file of the public data sets (`MERCATO_TEST_DATA`, default `../shared/data`). Where it is missing the test that
/// asked says so loudly and checks nothing.
pub(crate) fn data(file: &str) -> Option<PathBuf> {
    let root = std::env::var_os("MERCATO_TEST_DATA").map_or_else(|| "../shared/data".into(), PathBuf::from);
    let path = root.join(file);
    if path.exists() {
        return Some(path);
    }
    println!(
        "SKIPPED: {} is missing; set MERCATO_TEST_DATA to the folder of the public data sets",
        path.display()
    );
    None
}
