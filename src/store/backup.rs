//! How does a shop come back after the disk has failed?
//!
//! A backup is one packed file: every record as it is, and who was forgotten. It is written beside its name and renamed
//! when it is whole, ends with its own SHA-256, and is read through once before a folder is made of it.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::catalogue::Table;
use super::copy::{build, everything, is_content};
use super::erase::{ErasedList, Erasure};
use super::folder::Folder;
use super::kv::Pair;
use super::{Store, StoreError};
use crate::domain::{NoWork, Work};

const MAGIC: &[u8; 17] = b"mercato backup 1\n";
/// In place of a length: the end.
const END: u32 = u32::MAX;
/// No key or value is longer; a length above it means that the file is damaged.
const BYTES_MAX: u32 = 256 * 1024 * 1024;

impl Store {
    /// Writes everything into one file; gives the number of records. A damaged store is never written over a good
    /// backup.
    pub fn backup(&self, path: &Path, tables: &[Table], work: &dyn Work) -> Result<u64, StoreError> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let done = self.write_backup(&part, tables, work);
        if done.is_err() {
            // It may not be there yet.
            let _ = fs::remove_file(&part);
        }
        let count = done?;
        fs::rename(&part, path).map_err(|source| StoreError::Io { path: path.to_owned(), source })?;
        Ok(count)
    }

    fn write_backup(&self, part: &Path, tables: &[Table], work: &dyn Work) -> Result<u64, StoreError> {
        let io = |source| StoreError::Io { path: part.to_owned(), source };
        let erased = self.dir().map(|dir| ErasedList::load(&ErasedList::path(dir))).transpose()?;
        let file = BufWriter::new(File::create(part).map_err(io)?);
        let mut out = Hashed { to: GzEncoder::new(file, Compression::fast()), hash: Sha256::new() };
        out.write_all(MAGIC).map_err(io)?;
        out.frame(erased.unwrap_or_default().text().as_bytes()).map_err(io)?;
        let mut count = 0;
        for pair in everything(self.kv.as_ref(), tables)? {
            let (key, value) = pair?;
            if !is_content(tables, &key) {
                continue;
            }
            out.frame(&key).and_then(|()| out.frame(&value)).map_err(io)?;
            count += 1;
            if count % 1024 == 0 {
                work.progress("store", count, 0);
                work.check().map_err(|_| StoreError::Cancelled)?;
            }
        }
        out.write_all(&END.to_le_bytes()).map_err(io)?;
        let Hashed { mut to, hash } = out;
        to.write_all(&hash.finalize()).map_err(io)?;
        let file = to.finish().map_err(io)?.into_inner().map_err(|error| io(error.into_error()))?;
        file.sync_all().map_err(io)?;
        Ok(count)
    }

    /// Makes a folder of a backup; it must be new or empty. People on the backup's list of forgotten ones, on the list
    /// beside it and on `lists` are left out. Gives the number of records.
    pub fn restore(
        dir: &Path,
        backup: &Path,
        lists: &[PathBuf],
        tables: &[Table],
        work: &dyn Work,
    ) -> Result<u64, StoreError> {
        if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(StoreError::NotEmpty(dir.to_owned()));
        }
        let mut list = check(backup, work)?;
        list.merge(ErasedList::load(&ErasedList::beside(backup))?);
        for other in lists {
            list.merge(ErasedList::load(other)?);
        }
        let erasure = Erasure::find(&list, tables, || pairs_of(backup))?;
        let is_new = !dir.exists();
        let done = fill(dir, backup, &list, &erasure, tables, work);
        if done.is_err() {
            // A half of a shop is worse than none.
            let cleared = if is_new { fs::remove_dir_all(dir) } else { empty(dir) };
            cleared.map_err(|source| StoreError::Io { path: dir.to_owned(), source })?;
        }
        done
    }
}

fn fill(
    dir: &Path,
    backup: &Path,
    list: &ErasedList,
    erasure: &Erasure,
    tables: &[Table],
    work: &dyn Work,
) -> Result<u64, StoreError> {
    let folder = Folder::take(dir)?;
    folder.unseal()?;
    if !list.is_empty() {
        list.save(&ErasedList::path(dir))?;
    }
    let (count, version) = build(&folder, pairs_of(backup)?, tables, erasure, None, work)?;
    folder.swap()?;
    folder.seal(version)?;
    Ok(count)
}

fn empty(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
    }
    Ok(())
}

/// Reads a backup through; gives its list of forgotten people.
fn check(path: &Path, work: &dyn Work) -> Result<ErasedList, StoreError> {
    let mut frames = Frames::open(path)?;
    let list = frames.erased()?;
    while frames.pair()?.is_some() {
        work.check().map_err(|_| StoreError::Cancelled)?;
    }
    Ok(list)
}

/// The pairs of a backup.
fn pairs_of<'a>(path: &Path) -> Result<Box<dyn Iterator<Item = Result<Pair, StoreError>> + 'a>, StoreError> {
    let mut frames = Frames::open(path)?;
    frames.erased()?;
    Ok(Box::new(std::iter::from_fn(move || frames.pair().transpose())))
}

struct Hashed<W> {
    to: W,
    hash: Sha256,
}

impl<W: Write> Hashed<W> {
    fn frame(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= BYTES_MAX);
        let length = length.ok_or_else(|| io::Error::other("a record is above 256 MiB"))?;
        self.write_all(&length.to_le_bytes())?;
        self.write_all(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.to.write_all(bytes)
    }
}

/// Reads what [`Hashed`] wrote.
struct Frames {
    path: PathBuf,
    from: GzDecoder<BufReader<File>>,
    hash: Sha256,
    ended: bool,
}

impl Frames {
    fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(|source| StoreError::Io { path: path.to_owned(), source })?;
        let from = GzDecoder::new(BufReader::with_capacity(1 << 16, file));
        let mut frames = Self { path: path.to_owned(), from, hash: Sha256::new(), ended: false };
        let mut magic = [0; MAGIC.len()];
        frames.read(&mut magic)?;
        if &magic == MAGIC { Ok(frames) } else { Err(frames.damaged("it does not begin as one")) }
    }

    fn erased(&mut self) -> Result<ErasedList, StoreError> {
        let bytes = self.frame()?.ok_or_else(|| self.damaged("it is empty"))?;
        ErasedList::parse(&String::from_utf8_lossy(&bytes), &self.path)
    }

    fn pair(&mut self) -> Result<Option<Pair>, StoreError> {
        if self.ended {
            return Ok(None);
        }
        match self.frame()? {
            Some(key) => {
                let value = self.frame()?.ok_or_else(|| self.damaged("it ends within a record"))?;
                Ok(Some((key, value)))
            }
            None => {
                self.ended = true;
                let expected = std::mem::take(&mut self.hash).finalize();
                let mut found = [0; 32];
                self.from.read_exact(&mut found).map_err(|error| self.damaged(&error.to_string()))?;
                if found != <[u8; 32]>::from(expected) {
                    return Err(self.damaged("its sum is another"));
                }
                // The packing has a sum of its own behind the data.
                match self.from.read(&mut [0]) {
                    Ok(0) => Ok(None),
                    Ok(_) => Err(self.damaged("it goes on after its end")),
                    Err(error) => Err(self.damaged(&error.to_string())),
                }
            }
        }
    }

    fn frame(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let mut length = [0; 4];
        self.read(&mut length)?;
        let length = u32::from_le_bytes(length);
        if length == END {
            return Ok(None);
        }
        if length > BYTES_MAX {
            return Err(self.damaged("a length is out of range"));
        }
        let mut bytes = Vec::new();
        let read = (&mut self.from).take(u64::from(length)).read_to_end(&mut bytes);
        let read = read.map_err(|error| self.damaged(&error.to_string()))?;
        if read < length as usize {
            return Err(self.damaged("it ends within a record"));
        }
        self.hash.update(&bytes);
        Ok(Some(bytes))
    }

    fn read(&mut self, bytes: &mut [u8]) -> Result<(), StoreError> {
        self.from.read_exact(bytes).map_err(|error| self.damaged(&error.to_string()))?;
        self.hash.update(&*bytes);
        Ok(())
    }

    fn damaged(&self, why: &str) -> StoreError {
        StoreError::BadBackup { path: self.path.clone(), why: why.to_owned() }
    }
}

/// Reads a backup through, for whoever wants to know that it is whole.
pub fn verify(path: &Path) -> Result<(), StoreError> {
    check(path, &NoWork).map(|_| ())
}
