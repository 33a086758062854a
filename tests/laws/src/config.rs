//! `choreo.toml` and `allowlist.yaml`, as somebody wrote them: they are read, or the error has a place in the file.

use std::fs;
use std::path::{Path, PathBuf};

use choreo::safety::{Allowlist, AllowlistError, Endpoint};
use tempfile::TempDir;

/// The section of reports is read by the runner alone.
#[path = "../../../choreo-runner/src/report/config.rs"]
mod report;

use self::report::{Config, ConfigError};

thread_local! {
    static SCRATCH: TempDir = scratch();
}

/// The folder of the input.
const INNER: &str = "inner";

/// Both searches go on above a file without their section. In the outer folder they end.
fn scratch() -> TempDir {
    let scratch = tempfile::tempdir().unwrap();
    fs::write(scratch.path().join("choreo.toml"), "[allow]\n[report]\n").unwrap();
    fs::create_dir(scratch.path().join(INNER)).unwrap();
    scratch
}

pub(crate) fn check(input: &[u8]) {
    SCRATCH.with(|scratch| {
        let folder = &scratch.path().join(INNER);
        for name in ["choreo.toml", "allowlist.yaml"] {
            let file = folder.join(name);
            fs::write(&file, input).unwrap();
            allowlist(folder, input);
            section(folder, input);
            fs::remove_file(&file).unwrap();
        }
    });
}

fn allowlist(folder: &Path, input: &[u8]) {
    match Allowlist::discover(folder) {
        Ok(allowlist) => {
            let elsewhere = Endpoint::new("broker.example", 4222);
            if let Err(refused) = allowlist.check("NATS", &elsewhere) {
                assert!(refused.to_string().contains("broker.example:4222"));
            }
            let here = Endpoint::new("localhost", 4222);
            assert!(allowlist.check("NATS", &here).is_ok());
        }
        Err(AllowlistError::Malformed { line, column, .. }) => is_in(input, line, column),
        Err(error) => is_unreadable(input, &error.to_string()),
    }
}

fn section(folder: &Path, input: &[u8]) {
    match report::discover(folder) {
        Ok(None) => {}
        Ok(Some(Config {
            dir,
            junit: _,
            github: _,
            project: _,
        })) => {
            let is_place = |dir: PathBuf| dir.is_absolute() || dir == Path::new("off");
            assert!(dir.is_none_or(is_place));
        }
        Err(ConfigError::Malformed { line, column, .. }) => is_in(input, line, column),
        Err(error) => is_unreadable(input, &error.to_string()),
    }
}

/// The place is one of the text, or the one behind its end.
fn is_in(input: &[u8], line: usize, column: usize) {
    let text = std::str::from_utf8(input).expect("what was read is text");
    if text.contains('\r') {
        // A line of YAML may end with it too, and its parser counts such lines in some places only.
        let lines = 1 + text.matches(['\r', '\n']).count();
        assert!((1..=lines + 1).contains(&line), "line {line}");
        assert!((1..=text.chars().count() + 1).contains(&column));
        return;
    }
    let lines: Vec<_> = text.split('\n').collect();
    assert!((1..=lines.len() + 1).contains(&line), "line {line}");
    let length = lines.get(line - 1).map_or(0, |line| line.chars().count());
    assert!((1..=length + 1).contains(&column), "{line}:{column}");
}

fn is_unreadable(input: &[u8], error: &str) {
    assert!(std::str::from_utf8(input).is_err(), "{error}");
}
