//! Where do the pictures of an answer lie?
//!
//! PNG files in `DIR/charts/`, named after conversation and turn; only the newest are kept, since a picture can be
//! drawn again from its answer. They carry customers' names, so `forget` deletes every picture of the data folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

/// Files that are kept.
const KEPT: usize = 200;
/// Of a conversation's id, in a file's name.
const ID_LENGTH: usize = 40;

/// A folder of pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Album {
    folder: PathBuf,
    kept: usize,
}

impl Album {
    /// In a data folder; it is made with the first picture.
    pub fn in_data(data: &Path) -> Self {
        Self { folder: data.join("charts"), kept: KEPT }
    }

    /// Writes a picture and gives back its path; the oldest beyond the number kept are deleted.
    pub fn keep(&self, conversation: &str, turn: u32, number: usize, png: &[u8]) -> io::Result<PathBuf> {
        fs::create_dir_all(&self.folder)?;
        // The hash keeps apart two people's conversations of the same name.
        let hash: String = Sha256::digest(png).iter().take(3).map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{}-{turn}-{number}-{hash}.png", plain(conversation));
        let path = self.folder.join(&name);
        // Whoever looks never sees half a picture.
        let unfinished = self.folder.join(format!(".{name}"));
        fs::write(&unfinished, png)?;
        fs::rename(&unfinished, &path)?;
        self.prune()?;
        Ok(path)
    }

    fn prune(&self) -> io::Result<()> {
        let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            // One that another process has just deleted is gone already.
            let Ok(modified) = entry.metadata().and_then(|data| data.modified()) else { continue };
            if entry.path().extension().is_some_and(|extension| extension == "png") {
                files.push((modified, entry.path()));
            }
        }
        files.sort();
        let surplus = files.len().saturating_sub(self.kept);
        for (_, path) in files.into_iter().take(surplus) {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// A conversation's id as a part of a file's name: whoever chose it cannot leave the folder by it.
fn plain(id: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    id.chars().take(ID_LENGTH).map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(album: &Album) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&album.folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn only_the_newest_are_kept() {
        let data = tempfile::tempdir().unwrap();
        let album = Album { kept: 3, ..Album::in_data(data.path()) };
        for turn in 1..=5 {
            let path = album.keep("c", turn, 1, &[1, 2, 3]).unwrap();
            // Times of files are coarse on some systems; a test must not depend on that.
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(u64::from(turn));
            fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        }
        album.prune().unwrap();
        let names = files(&album);
        assert_eq!(names.len(), 3, "{names:?}");
        assert!(names[0].starts_with("c-3-1-") && names[2].starts_with("c-5-1-"), "{names:?}");
    }

    #[test]
    fn no_conversation_leads_out_of_the_folder() {
        let data = tempfile::tempdir().unwrap();
        let album = Album::in_data(data.path());
        for id in ["../../etc/passwd", "/tmp/x", "..", "", "会话", &"x".repeat(500)] {
            let path = album.keep(id, 1, 1, b"png").unwrap();
            assert_eq!(path.parent(), Some(album.folder.as_path()), "{id}");
        }
    }
}
