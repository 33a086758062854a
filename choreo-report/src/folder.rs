//! The folder that holds a report: what is in it, and which folders are refused.
//!
//! A folder is ours if it holds the sentinel [`SENTINEL`]; an empty or missing one becomes ours. Others are
//! refused, so that a mistyped path never costs a user a file. Nothing is ever deleted but files that a run
//! wrote, and files are replaced in one step, so that the last good report stays until the new one is whole.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The file that marks a report folder.
pub const SENTINEL: &str = ".choreo-report";

/// The report for programs.
pub const RESULTS: &str = "results.json";

/// The report for people.
pub const PAGE: &str = "index.html";

/// The report for CI servers, on request.
pub const JUNIT: &str = "junit.xml";

/// What the processes of runs write, and a merge reads.
const PARTIALS: &str = "partials";

/// Held while a report is written.
const LOCK: &str = ".lock";

/// Reports of ten thousand processes take seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Folders that hold one of these hold somebody's work.
const REPOSITORIES: [&str; 3] = [".git", ".hg", ".svn"];

const SENTINEL_TEXT: &str = "\
This folder holds a Choreo test report. Runs replace results.json, index.html, junit.xml and partials/.
";

/// A folder that reports may be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// It is not ours.
    #[error("{} is not used as a report folder: {reason}", path.display())]
    Refused {
        /// The folder.
        path: PathBuf,
        /// Why, and what to do.
        reason: &'static str,
    },
    /// The system refuses something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl FolderError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

impl Folder {
    /// Makes a folder ours, if it may be, and creates it where it is missing.
    ///
    /// # Errors
    ///
    /// [`FolderError::Refused`] for the root of a file system, a home folder, a folder with a repository, a
    /// file, and a folder that holds files but no [`SENTINEL`].
    pub fn create(path: &Path) -> Result<Self, FolderError> {
        let refuse = |reason| {
            Err(FolderError::Refused {
                path: path.to_owned(),
                reason,
            })
        };
        if path.as_os_str().is_empty() {
            return refuse("the path is empty; name a folder");
        }
        if path.components().next() == Some(Component::Normal(OsStr::new("~"))) {
            return refuse("only shells know what `~` is; write the whole path");
        }
        let path = std::path::absolute(path).map_err(FolderError::io("find", path))?;
        if fs::metadata(&path).is_ok_and(|there| !there.is_dir()) {
            return refuse("it is not a folder; name another one, or remove it");
        }
        fs::create_dir_all(&path).map_err(FolderError::io("create", &path))?;
        let real = fs::canonicalize(&path).map_err(FolderError::io("find", &path))?;
        if real.parent().is_none() {
            return refuse("it is the root of a file system; name a folder of its own");
        }
        if home().is_some_and(|home| home == real) {
            return refuse("it is your home folder; name a folder of its own");
        }
        if REPOSITORIES.iter().any(|name| real.join(name).exists()) {
            return refuse("it is the root of a repository; name a folder of its own");
        }
        let folder = Self { path };
        if !folder.is_marked() {
            let mut entries =
                fs::read_dir(&folder.path).map_err(FolderError::io("read", &folder.path))?;
            // Another process may have marked it in the meantime.
            if entries.next().is_some() && !folder.is_marked() {
                return refuse(
                    "it holds files and no `.choreo-report`, so they are not ours; name an empty folder",
                );
            }
            folder.mark()?;
        }
        Ok(folder)
    }

    /// A folder that is ours already.
    ///
    /// # Errors
    ///
    /// [`FolderError::Refused`] if it holds no [`SENTINEL`].
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let folder = Self {
            path: path.to_owned(),
        };
        if folder.is_marked() {
            Ok(folder)
        } else {
            Err(FolderError::Refused {
                path: folder.path,
                reason: "it holds no `.choreo-report`",
            })
        }
    }

    /// A folder to read from, whosever it is.
    pub(crate) fn unmarked(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where [`RESULTS`] is, or would be.
    #[must_use]
    pub fn results(&self) -> PathBuf {
        self.path.join(RESULTS)
    }

    /// Where [`PAGE`] is, or would be.
    #[must_use]
    pub fn page(&self) -> PathBuf {
        self.path.join(PAGE)
    }

    /// Where [`JUNIT`] is, or would be.
    #[must_use]
    pub fn junit(&self) -> PathBuf {
        self.path.join(JUNIT)
    }

    /// Where the partials of runs are, or would be: a folder of ours, never a link to another one.
    pub(crate) fn partials(&self) -> Result<PathBuf, FolderError> {
        let path = self.path.join(PARTIALS);
        match fs::symlink_metadata(&path) {
            Ok(there) if !there.is_dir() => Err(FolderError::Refused {
                path,
                reason: "it is a link or a file where a folder belongs; remove it",
            }),
            _ => Ok(path),
        }
    }

    /// Waits until nobody else writes a report into this folder, but not for ever: who writes may hang.
    pub(crate) fn lock(&self) -> Result<FolderLock, FolderError> {
        self.lock_within(PATIENCE)
    }

    fn lock_within(&self, patience: Duration) -> Result<FolderLock, FolderError> {
        if let Some(lock) = self.try_lock()? {
            return Ok(lock);
        }
        let (path, file) = self.lock_file()?;
        let (told, locked) = mpsc::sync_channel(1);
        // One that gets the lock when nobody waits any more gives it back.
        let wait = move || drop(told.send(file.lock().map(|()| file)));
        thread::Builder::new()
            .spawn(wait)
            .map_err(FolderError::io("start a thread that locks", &path))?;
        let file = locked.recv_timeout(patience).unwrap_or_else(|_| {
            let busy = format!("another process has held it for {patience:?}");
            Err(io::Error::new(io::ErrorKind::TimedOut, busy))
        });
        let file = file.map_err(FolderError::io("lock", &path))?;
        Ok(FolderLock { _file: file })
    }

    /// The lock, unless somebody writes a report into this folder.
    pub(crate) fn try_lock(&self) -> Result<Option<FolderLock>, FolderError> {
        let (path, file) = self.lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(FolderLock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(FolderError::io("lock", &path)(error)),
        }
    }

    fn lock_file(&self) -> Result<(PathBuf, File), FolderError> {
        let path = self.path.join(LOCK);
        if fs::symlink_metadata(&path).is_ok_and(|there| !there.is_file()) {
            return Err(FolderError::Refused {
                path,
                reason: "it is no file where a lock file belongs; remove it",
            });
        }
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(FolderError::io("open", &path))?;
        Ok((path, file))
    }

    fn is_marked(&self) -> bool {
        fs::symlink_metadata(self.path.join(SENTINEL)).is_ok_and(|there| there.is_file())
    }

    fn mark(&self) -> Result<(), FolderError> {
        let path = self.path.join(SENTINEL);
        let written = OpenOptions::new()
            .create_new(true)
            .write(true)
            .open(&path)
            .and_then(|mut file| file.write_all(SENTINEL_TEXT.as_bytes()));
        match written {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && self.is_marked() => {
                Ok(())
            }
            written => written.map_err(FolderError::io("create", &path)),
        }
    }
}

/// Given back when it is dropped, also when the process dies.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

fn home() -> Option<PathBuf> {
    fs::canonicalize(std::env::home_dir()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(path: &Path) -> String {
        match Folder::create(path) {
            Err(error @ FolderError::Refused { .. }) => error.to_string(),
            other => panic!("{}: {other:?}", path.display()),
        }
    }

    fn scratch() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder can be made")
    }

    #[test]
    fn a_missing_folder_and_an_empty_one_become_ours_and_stay_ours() {
        let scratch = scratch();
        let deep = scratch.path().join("a/b/report");
        let folder = Folder::create(&deep).expect("it is missing");
        fs::write(folder.results(), "{}").expect("it is ours");
        assert_eq!(Folder::create(&deep).expect("it is ours"), folder);
        assert_eq!(Folder::open(&deep).expect("it is ours").path(), deep);

        let empty = scratch.path().join("empty");
        fs::create_dir(&empty).expect("the scratch folder is ours");
        Folder::create(&empty).expect("it is empty");
        assert!(empty.join(SENTINEL).is_file());
    }

    #[test]
    fn what_is_not_ours_is_refused_and_left_as_it_is() {
        let scratch = scratch();
        let work = scratch.path().join("work");
        fs::create_dir(&work).expect("the scratch folder is ours");
        fs::write(work.join("index.html"), "precious").expect("the scratch folder is ours");
        assert!(refusal(&work).contains("no `.choreo-report`"));
        assert_eq!(fs::read_dir(&work).expect("it exists").count(), 1);

        assert!(refusal(&work.join("index.html")).contains("not a folder"));
        assert!(refusal(Path::new("/")).contains("root of a file system"));
        assert!(refusal(Path::new("")).contains("empty"));
        assert!(refusal(Path::new("~/report")).contains("`~`"));
        assert!(!Path::new("~").exists());
        assert!(Folder::open(&work).is_err());
    }

    #[test]
    fn a_repository_is_refused_even_if_it_is_marked() {
        for name in REPOSITORIES {
            let scratch = scratch();
            fs::create_dir(scratch.path().join(name)).expect("the scratch folder is ours");
            fs::write(scratch.path().join(SENTINEL), "").expect("the scratch folder is ours");
            assert!(refusal(scratch.path()).contains("repository"), "{name}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn links_to_a_report_folder_are_followed_and_links_inside_are_not() {
        use std::os::unix::fs::symlink;

        let scratch = scratch();
        let (real, link) = (scratch.path().join("real"), scratch.path().join("link"));
        Folder::create(&real).expect("it is missing");
        symlink(&real, &link).expect("links can be made");
        let folder = Folder::create(&link).expect("the link leads to a report folder");

        let elsewhere = scratch.path().join("elsewhere");
        fs::create_dir(&elsewhere).expect("the scratch folder is ours");
        symlink(&elsewhere, real.join(PARTIALS)).expect("links can be made");
        assert!(folder.partials().is_err());
        symlink(elsewhere.join("lock"), real.join(LOCK)).expect("links can be made");
        assert!(folder.lock().is_err());
        assert_eq!(fs::read_dir(&elsewhere).expect("it exists").count(), 0);
    }

    #[test]
    fn one_at_a_time_writes_a_report() {
        let scratch = scratch();
        let folder = Folder::create(&scratch.path().join("report")).expect("it is missing");
        let lock = folder.try_lock().expect("locks work");
        assert!(lock.is_some());
        assert!(folder.try_lock().expect("locks work").is_none());
        let busy = folder.lock_within(Duration::from_millis(20));
        let busy = busy.expect_err("somebody has it").to_string();
        assert!(
            busy.ends_with("another process has held it for 20ms"),
            "{busy}"
        );
        drop(lock);
        folder.lock().expect("nobody has it");
    }
}
