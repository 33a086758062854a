//! The broker that speaks Kafka's protocol: built once from a crate of its own, outside the workspace.

use std::path::PathBuf;
use std::process::Command;

use super::{passes, tools_dir};
use crate::{Done, cargo, root};

/// Where the tests look for the program.
pub(crate) const VARIABLE: &str = "CHOREO_KAFKA_BROKER";

const CRATE: &str = "tests/brokers/kafka-broker";
const SOURCES: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "src/arguments.rs",
    "src/main.rs",
    "src/versions.rs",
];
const PROGRAM: &str = "choreo-kafka-broker";

/// The program: the one that the environment names, or the one that [`install`] builds.
pub(crate) fn program() -> PathBuf {
    match std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => tools_dir().join("bin").join(PROGRAM),
    }
}

/// Builds it unless it is there and its sources are those that it was built from.
pub(super) fn install() -> Done {
    let program = program();
    if std::env::var_os(VARIABLE).is_some_and(|path| !path.is_empty()) {
        return if program.is_file() {
            Ok(())
        } else {
            Err(format!(
                "{VARIABLE} names {}, which is no file",
                program.display()
            ))
        };
    }
    let sources = sources()?;
    // Their whole text: exact, and needs no hash.
    let stamp = tools_dir().join("kafka-broker.sources");
    if program.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|built| built == sources) {
        return Ok(());
    }
    println!("building a broker that speaks Kafka's protocol, once (minutes)");
    let folder = tools_dir().join("kafka-broker");
    let mut build = Command::new(cargo());
    build.args(["build", "--locked", "--manifest-path"]);
    build.arg(root().join(CRATE).join("Cargo.toml"));
    build.arg("--target-dir").arg(&folder);
    if !passes(&mut build) {
        return Err(format!(
            "{CRATE} could not be built, see above. Where its crates cannot be had, build it elsewhere and \
             set {VARIABLE} to the program"
        ));
    }
    let failed =
        |error: std::io::Error| format!("cannot put {} in place: {error}", program.display());
    std::fs::create_dir_all(tools_dir().join("bin")).map_err(failed)?;
    std::fs::rename(folder.join("debug").join(PROGRAM), &program).map_err(failed)?;
    std::fs::write(stamp, sources).map_err(failed)?;
    // Gigabytes that nobody needs any more.
    std::fs::remove_dir_all(folder).map_err(failed)
}

fn sources() -> Result<String, String> {
    let mut text = String::new();
    for file in SOURCES {
        let path = root().join(CRATE).join(file);
        text += &std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_are_there() {
        assert!(sources().is_ok_and(|text| text.contains("tansu-broker")));
    }

    #[test]
    fn no_source_is_forgotten() {
        let folder = root().join(CRATE).join("src");
        let there = std::fs::read_dir(folder).map(|files| files.count()).ok();
        let listed = SOURCES.iter().filter(|file| file.starts_with("src/"));
        assert_eq!(there, Some(listed.count()));
    }
}
