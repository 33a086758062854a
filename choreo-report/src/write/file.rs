//! Files that are complete or not there.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// How a temporary file ends, behind a dot and the name of the file that it becomes.
const SUFFIX: &str = ".tmp";

/// Names that are tried before giving up.
const ATTEMPTS: usize = 100;

/// A file that appears at its place, or replaces the one that is there, when it is complete and on disk.
/// Until then it is a temporary file in the same folder. Dropping it without [`commit`](Self::commit) leaves the
/// old file as it was; what a killed process left of its own is removed when the file is next written.
#[derive(Debug)]
pub struct AtomicFile {
    /// Locked while it is ours, which tells it from what a killed process left.
    file: BufWriter<File>,
    temporary: PathBuf,
    target: PathBuf,
    /// There is nothing to remove any more.
    done: bool,
}

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}", path.display())]
#[non_exhaustive]
pub struct WriteFileError {
    /// The file that was to be written.
    pub path: PathBuf,
    /// What the system says.
    pub source: io::Error,
}

impl AtomicFile {
    /// Begins a file that will be at `target`. The folder must be there.
    ///
    /// # Errors
    ///
    /// When no file can be created in the folder.
    pub fn create(target: &Path) -> Result<Self, WriteFileError> {
        let failed = |source| WriteFileError {
            path: target.to_owned(),
            source,
        };
        let Some(name) = target.file_name() else {
            return Err(failed(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the path names no file",
            )));
        };
        remove_leftovers(folder(target), name);
        let (file, temporary) = create_locked(folder(target), name).map_err(failed)?;
        Ok(Self {
            file: BufWriter::new(file),
            temporary,
            target: target.to_owned(),
            done: false,
        })
    }

    /// Puts the file at its place.
    ///
    /// # Errors
    ///
    /// When not all of it is on disk, or the old file cannot be replaced.
    pub fn commit(mut self) -> Result<(), WriteFileError> {
        self.replace().map_err(|error| self.failed(error))
    }

    /// Puts what was written so far on disk, so that [`commit`](Self::commit) has little left to fail at: for
    /// several files of which none is to appear without the others.
    ///
    /// # Errors
    ///
    /// When not all of it is on disk.
    pub fn sync(&mut self) -> Result<(), WriteFileError> {
        self.save().map_err(|error| self.failed(error))
    }

    fn save(&mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()
    }

    fn replace(&mut self) -> io::Result<()> {
        self.save()?;
        fs::rename(&self.temporary, &self.target)?;
        self.done = true;
        sync_folder(folder(&self.target));
        Ok(())
    }

    pub(super) fn failed(&self, source: io::Error) -> WriteFileError {
        WriteFileError {
            path: self.target.clone(),
            source,
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.done {
            // Otherwise the next writer does it.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn create_locked(folder: &Path, name: &OsStr) -> io::Result<(File, PathBuf)> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    for _ in 0..ATTEMPTS {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut temporary = prefix(name);
        temporary.push(format!("{}-{number}{SUFFIX}", std::process::id()));
        let path = folder.join(temporary);
        let file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            // Whoever removes leftovers may have been faster than the lock.
            Ok(()) if path.exists() => return Ok((file, path)),
            Ok(()) | Err(fs::TryLockError::WouldBlock) => {}
            // There are no locks here, and then nobody removes what is not locked.
            Err(fs::TryLockError::Error(_)) => return Ok((file, path)),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        format!(
            "{ATTEMPTS} names of temporary files are taken in {}",
            folder.display()
        ),
    ))
}

fn prefix(name: &OsStr) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    prefix
}

/// Removes what killed processes left of `name`. Trouble is no reason not to write.
fn remove_leftovers(folder: &Path, name: &OsStr) {
    let prefix = prefix(name);
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let file_name = entry.file_name();
        let bytes = file_name.as_encoded_bytes();
        if bytes.starts_with(prefix.as_encoded_bytes()) && bytes.ends_with(SUFFIX.as_bytes()) {
            remove_unless_locked(&entry.path());
        }
    }
}

fn remove_unless_locked(path: &Path) {
    // Locked exclusively, so it must be open for writing on some systems.
    let Ok(file) = OpenOptions::new().write(true).open(path) else {
        return;
    };
    if file.try_lock().is_ok() {
        let _ = fs::remove_file(path);
    }
}

/// Makes the new name last through a power cut, where folders can be synchronised.
fn sync_folder(folder: &Path) {
    if cfg!(unix)
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_old_file_stays_until_the_new_one_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("results.json");
        fs::write(&target, "old").unwrap();

        let mut file = AtomicFile::create(&target).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "old");
        file.commit().unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
        assert_eq!(names(folder.path()), ["results.json"]);
    }

    #[test]
    fn a_file_that_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("results.json");
        let mut file = AtomicFile::create(&target).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }

    #[test]
    fn leftovers_are_removed_and_files_of_living_writers_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("results.json");
        fs::write(folder.path().join(".results.json.1-0.tmp"), "killed").unwrap();
        fs::write(folder.path().join(".index.html.1-0.tmp"), "another file's").unwrap();

        let mut first = AtomicFile::create(&target).unwrap();
        let mut second = AtomicFile::create(&target).unwrap();
        first.write_all(b"first").unwrap();
        second.write_all(b"second").unwrap();
        first.commit().unwrap();
        second.commit().unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "second");
        assert_eq!(
            names(folder.path()),
            [".index.html.1-0.tmp", "results.json"]
        );
    }

    #[test]
    fn the_error_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("missing/results.json");
        let error = AtomicFile::create(&target).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("cannot write {}: ", target.display())),
            "{error}"
        );
    }
}
