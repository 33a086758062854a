//! Which file said what endpoints the scenarios of this process may use, for the report.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

static FILE: OnceLock<PathBuf> = OnceLock::new();

/// Tells the report of this run which file says what endpoints outside this machine may be used. Of several the
/// first counts.
pub fn note_allowlist(file: &Path) {
    // Whoever came first has told it.
    let _ = FILE.set(file.to_owned());
}

/// The file, if somebody needed one.
pub(crate) fn noted() -> Option<&'static Path> {
    FILE.get().map(PathBuf::as_path)
}
