//! The section `[report]` of `choreo.toml`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The file, in the package's folder or above.
const NAME: &str = "choreo.toml";

/// What a project says about its reports.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    /// Where they are written, relative to the file; or `off`.
    pub(super) dir: Option<PathBuf>,
    /// Whether `junit.xml` is written too.
    pub(super) junit: Option<bool>,
    /// Whether GitHub is told of failures, if it runs us.
    pub(super) github: Option<bool>,
    /// What the project is called.
    pub(super) project: Option<String>,
}

/// Why a `choreo.toml` is not used.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConfigError {
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{}:{line}:{column}: {message}", path.display())]
    Malformed {
        path: PathBuf,
        line: usize,
        column: usize,
        message: String,
    },
}

#[derive(Deserialize)]
struct File {
    report: Option<Config>,
}

/// Reads the section from the nearest file that has it, in `from` or above. Other sections are other people's.
pub(super) fn discover(from: &Path) -> Result<Option<Config>, ConfigError> {
    for folder in from.ancestors() {
        let path = folder.join(NAME);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                continue;
            }
            Err(source) => return Err(ConfigError::Read { path, source }),
        };
        let File { report } = toml::from_str(&text).map_err(|error| {
            let (line, column) = position(&text, error.span().map_or(0, |span| span.start));
            ConfigError::Malformed {
                path: path.clone(),
                line,
                column,
                message: error.message().to_owned(),
            }
        })?;
        if let Some(mut config) = report {
            let off = Path::new("off");
            config.dir = config
                .dir
                .map(|dir| if dir == off { dir } else { folder.join(dir) });
            return Ok(Some(config));
        }
    }
    Ok(None)
}

/// Line and column of a byte, from 1.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(files: &[(&str, &str)]) -> tempfile::TempDir {
        let scratch = tempfile::tempdir().expect("a temporary folder can be made");
        for (path, text) in files {
            let path = scratch.path().join(path);
            fs::create_dir_all(path.parent().expect("it has a folder")).expect("it is ours");
            fs::write(path, text).expect("it is ours");
        }
        scratch
    }

    #[test]
    fn the_nearest_file_with_the_section_counts() {
        let scratch = scratch(&[
            ("choreo.toml", "[report]\ndir = 'far'"),
            ("a/choreo.toml", "[report]\ndir = 'near'\njunit = true"),
            ("a/b/choreo.toml", "[allow]\nnats = ['10.0.0.1']"),
            ("a/b/c/Cargo.toml", ""),
        ]);
        let config = discover(&scratch.path().join("a/b/c"))
            .expect("the files are well-formed")
            .expect("one has the section");
        assert_eq!(config.dir, Some(scratch.path().join("a/near")));
        assert_eq!(config.junit, Some(true));
    }

    #[test]
    fn off_is_a_word_and_not_a_folder() {
        let scratch = scratch(&[("choreo.toml", "[report]\ndir = 'off'")]);
        let config = discover(scratch.path()).expect("the file is well-formed");
        assert_eq!(config.and_then(|config| config.dir), Some("off".into()));
    }

    #[test]
    fn mistakes_are_shown_with_their_place() {
        for (text, place, says) in [
            ("[report]\nfolder = 'x'", ":2:1: ", "unknown field `folder`"),
            ("[report]\njunit = 'yes'", ":2:9: ", "expected a boolean"),
            ("[report", ":1:8: ", "unclosed"),
        ] {
            let scratch = scratch(&[("choreo.toml", text)]);
            let error = discover(scratch.path())
                .expect_err("it is malformed")
                .to_string();
            assert!(error.contains(place) && error.contains(says), "{error}");
        }
    }
}
