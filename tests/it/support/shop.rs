//! The program, and a sample shop to run it on.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use mercato::demo;
use mercato::domain::NoWork;
use tempfile::TempDir;

/// The seed of the shared sample shop.
const SEED: u64 = 1;

/// The program as built for this test, with no settings from outside.
pub(crate) fn mercato() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mercato"));
    for name in [
        "MERCATO_DATA",
        "MERCATO_TODAY",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "MERCATO_MODEL",
        "MERCATO_TELEGRAM_TOKEN",
        "MERCATO_TELEGRAM_ALLOW",
        "MERCATO_TELEGRAM_API_URL",
    ] {
        command.env_remove(name);
    }
    command
}

/// A sample shop of one's own: made once, copied for each caller, since one process has a folder.
pub(crate) fn sample_shop() -> TempDir {
    static MADE: OnceLock<TempDir> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        drop(demo::open(dir.path(), SEED, &NoWork).unwrap());
        dir
    });
    let copy = tempfile::tempdir().unwrap();
    copy_folder(made.path(), copy.path());
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&place).unwrap();
            copy_folder(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}
