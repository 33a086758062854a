//! Where the partials of one run are, and which of their writers live.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::folder::{Folder, FolderError};
use crate::model::Timestamp;

/// Where partials are while their process lives.
const OPEN: &str = "open";

const EXTENSION: &str = "jsonl";

/// Of files that say that a process does something for the whole run.
pub(super) const CLAIM: &str = "claim";

/// What a merge notes about itself.
const STAMP: &str = "merged.json";

const LONGEST: usize = 80;

/// What the processes of one run have in common; the name of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RunId(String);

impl RunId {
    /// An id of letters, digits, `-`, `_` and `.`; other characters are replaced, as it names a folder.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let id: String = text
            .chars()
            .take(LONGEST)
            .map(|c| if fits(c) { c } else { '_' })
            .collect();
        match id.as_str() {
            "" => Self("run".to_owned()),
            // Neither a way out of the folder nor a hidden one.
            hidden if hidden.starts_with('.') => Self(format!("run{hidden}")),
            _ => Self(id),
        }
    }

    /// The latest run whose id begins with `family`, if something happened in it at most `within` ago.
    #[must_use]
    pub fn recent(folder: &Folder, family: &str, within: Duration) -> Option<Self> {
        let runs = RunFolder::all(folder).ok()?.into_iter();
        let (changed, name) = runs
            .filter_map(|run| {
                let name = run.path.file_name()?.to_str()?;
                let changed = run.last_change()?;
                name.starts_with(family).then(|| (changed, name.to_owned()))
            })
            .max()?;
        (changed.after(within) >= Timestamp::now()).then_some(Self(name))
    }

    /// The id as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The folder of one run's partials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunFolder {
    path: PathBuf,
}

/// The partials of a run, sorted.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Their processes have ended.
    pub(crate) finished: Vec<PathBuf>,
    /// Their processes have died.
    pub(crate) left: Vec<PathBuf>,
    /// Their processes live.
    pub(crate) alive: Vec<PathBuf>,
}

impl RunFolder {
    pub(crate) fn of(folder: &Folder, run: &RunId) -> Result<Self, FolderError> {
        Ok(Self {
            path: folder.partials()?.join(run.as_str()),
        })
    }

    /// All runs that left partials in this report folder.
    pub(crate) fn all(folder: &Folder) -> Result<Vec<Self>, FolderError> {
        let partials = folder.partials()?;
        let entries = match fs::read_dir(&partials) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(FolderError::io("read", &partials))?,
        };
        Ok(entries
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .map(|entry| Self { path: entry.path() })
            .collect())
    }

    /// A folder of partials, wherever it is.
    pub(crate) fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    #[cfg(test)]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folder, and says where the partial of this process is, first and last.
    pub(crate) fn places(&self, process: &str) -> Result<(PathBuf, PathBuf), FolderError> {
        let open = self.path.join(OPEN);
        fs::create_dir_all(&open).map_err(FolderError::io("create", &open))?;
        let name = format!("{process}.{EXTENSION}");
        Ok((open.join(&name), self.path.join(name)))
    }

    /// What there is now.
    pub(crate) fn find(&self) -> Result<Found, FolderError> {
        let open = self.path.join(OPEN);
        // First the open ones: who ends in between is then seen twice rather than never.
        let mut found = Found::default();
        for path in partials(&open)? {
            if is_alive(&path) {
                found.alive.push(path);
            } else {
                found.left.push(path);
            }
        }
        found.finished = partials(&self.path)?;
        let ended = |path: &PathBuf| {
            let name = path.file_name();
            found
                .finished
                .binary_search_by(|finished| finished.file_name().cmp(&name))
                .is_ok()
        };
        found.alive.retain(|path| !ended(path));
        found.left.retain(|path| !ended(path));
        Ok(found)
    }

    /// Whether another process of this run lives.
    pub(crate) fn is_busy(&self) -> bool {
        partials(&self.path.join(OPEN)).is_ok_and(|open| open.iter().any(|path| is_alive(path)))
    }

    /// Where a merge notes what it merged.
    pub(crate) fn stamp(&self) -> PathBuf {
        self.path.join(STAMP)
    }

    /// Deletes what the processes of the run wrote, and nothing else.
    pub(crate) fn remove(&self) -> io::Result<()> {
        let open = self.path.join(OPEN);
        for folder in [&open, &self.path] {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let ours = path
                    .extension()
                    .is_some_and(|extension| extension == EXTENSION || extension == CLAIM)
                    || path.file_name() == self.stamp().file_name();
                if ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                    fs::remove_file(path)?;
                }
            }
        }
        // Stays if there was no `open`, or something that is not ours.
        let _ = fs::remove_dir(open);
        fs::remove_dir(&self.path)
    }

    /// When a process last began or ended here.
    pub(crate) fn last_change(&self) -> Option<Timestamp> {
        [self.path.clone(), self.path.join(OPEN)]
            .iter()
            .filter_map(|path| fs::metadata(path).ok()?.modified().ok())
            .max()
            .map(Timestamp::from)
    }
}

/// The files with partials in a folder, sorted by name and so by the time of their beginning.
fn partials(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(FolderError::io("read", folder))?,
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == EXTENSION)
        })
        .collect();
    paths.sort_unstable();
    Ok(paths)
}

/// Whether somebody holds the lock of a partial. Where the file system knows no locks nobody does, and processes
/// that still run look as if they had died until they end.
fn is_alive(path: &Path) -> bool {
    File::open(path)
        .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_always_the_name_of_a_folder() {
        for (text, id) in [
            ("nextest-4f2a", "nextest-4f2a"),
            ("../../etc", "run.._.._etc"),
            ("a/b\\c d", "a_b_c_d"),
            ("", "run"),
            (".", "run."),
            ("ä", "_"),
        ] {
            assert_eq!(RunId::new(text).as_str(), id);
        }
        assert_eq!(RunId::new(&"x".repeat(500)).as_str().len(), LONGEST);
    }

    #[test]
    fn a_recent_run_is_found_by_its_family() {
        let scratch = tempfile::tempdir().expect("a temporary folder can be made");
        let folder = Folder::create(&scratch.path().join("report")).expect("it is missing");
        let recent = |family: &str, within| RunId::recent(&folder, family, within);
        let hour = Duration::from_secs(3600);
        assert_eq!(recent("parent-7-", hour), None);
        for id in ["parent-7-a", "parent-71-b"] {
            let run = RunFolder::of(&folder, &RunId::new(id)).expect("it is ours");
            run.places("1").expect("it is ours");
        }
        assert_eq!(recent("parent-7-", hour), Some(RunId::new("parent-7-a")));
        assert_eq!(recent("parent-8-", hour), None);
        let run = RunFolder::of(&folder, &RunId::new("parent-7-a")).expect("it is ours");
        for path in [run.path().to_owned(), run.path().join(OPEN)] {
            let opened = File::open(path).expect("it is there");
            opened
                .set_modified(std::time::UNIX_EPOCH)
                .expect("it is ours");
        }
        assert_eq!(recent("parent-7-", hour), None);
    }

    #[test]
    fn the_lock_tells_the_living_from_the_dead() {
        let scratch = tempfile::tempdir().expect("a temporary folder can be made");
        let run = RunFolder::at(scratch.path());
        let mut locked = Vec::new();
        for process in ["a", "b", "c"] {
            let (open, _) = run.places(process).expect("the scratch folder is ours");
            let file = File::create(open).expect("the scratch folder is ours");
            file.lock().expect("locks work");
            locked.push(file);
        }
        assert_eq!(run.find().expect("it can be read").alive.len(), 3);
        let (open, finished) = run.places("a").expect("the scratch folder is ours");
        fs::rename(open, finished).expect("the scratch folder is ours");
        drop(locked.remove(1));
        let found = run.find().expect("it can be read");
        let name = |paths: &[PathBuf]| {
            paths
                .iter()
                .map(|path| {
                    path.file_stem()
                        .expect("a name")
                        .to_string_lossy()
                        .into_owned()
                })
                .collect::<String>()
        };
        assert_eq!(
            (name(&found.finished), name(&found.left), name(&found.alive)),
            ("a".to_owned(), "b".to_owned(), "c".to_owned())
        );
        assert!(run.is_busy());
        locked.clear();
        assert!(!run.is_busy());
    }
}
