//! A project outside the workspace.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::command::{Command, Ran};

/// Where fixtures say that Choreo is; right in the source tree, replaced in the copy.
const CHOREO_IN_TREE: [&str; 2] = ["../../../../choreo", "../../../../../choreo"];

/// A copy of one of the projects in `fixtures/`.
#[derive(Debug)]
pub struct Fixture {
    folder: PathBuf,
    target: PathBuf,
}

impl Fixture {
    /// Copies a fixture below `scratch`, a folder that outlives the test so that builds are reused.
    /// Fixtures share one target folder.
    ///
    /// # Panics
    ///
    /// If the fixture cannot be copied.
    #[must_use]
    pub fn new(name: &str, scratch: &Path) -> Self {
        // Cargo and nextest state it at run time too; what was compiled in is that of another clone
        // if both use one target folder.
        let package = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let source = package.join("fixtures").join(name);
        let workspace = package
            .ancestors()
            .nth(2)
            .expect("this package is two folders below the root of the workspace");
        let folder = scratch.join("e2e").join(name);
        copy(&source, &folder, &workspace.join("choreo"))
            .and_then(|()| {
                let lock = fs::read(workspace.join("Cargo.lock"))?;
                // Cargo adds the fixture's own packages to it, and takes away what it does not use.
                write_if_missing(&folder.join("Cargo.lock"), &lock)
            })
            .unwrap_or_else(|error| {
                panic!(
                    "{} cannot be copied to {}: {error}",
                    source.display(),
                    folder.display()
                )
            });
        Self {
            folder,
            target: scratch.join("e2e").join("target"),
        }
    }

    /// Where the copy is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs cargo in the copy, with variables added to the environment.
    ///
    /// # Panics
    ///
    /// If cargo cannot be started or does not end.
    #[must_use]
    pub fn cargo(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        Command {
            folder: &self.folder,
            target: &self.target,
            arguments,
            variables,
        }
        .run()
    }
}

fn copy(from: &Path, to: &Path, choreo: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, copy) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            self::copy(&source, &copy, choreo)?;
        } else {
            let mut text = fs::read_to_string(&source)?;
            for path in CHOREO_IN_TREE {
                // A TOML string of the literal kind takes a path of any system as it is.
                let there = format!("'{}'", choreo.display());
                text = text.replace(&format!("\"{path}\""), &there);
            }
            write_if_changed(&copy, text.as_bytes())?;
        }
    }
    Ok(())
}

/// An untouched file is not compiled again.
fn write_if_changed(path: &Path, content: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    replace(path, content)
}

fn write_if_missing(path: &Path, content: &[u8]) -> io::Result<()> {
    // What the copy was made from is kept beside it: a lock file that is newer replaces it.
    let origin = path.with_extension("origin");
    if path.exists() && fs::read(&origin).is_ok_and(|present| present == content) {
        return Ok(());
    }
    replace(path, content)?;
    replace(&origin, content)
}

/// In one step, as several tests do this at the same time, in threads or in processes.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    static DRAFTS: AtomicUsize = AtomicUsize::new(0);
    let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
    let draft = path.with_extension(format!("{}-{number}.draft", std::process::id()));
    fs::write(&draft, content)?;
    fs::rename(draft, path)
}
