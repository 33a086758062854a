//! `cargo xtask outside`: a project outside of the workspace, with Choreo as its only dependency, is
//! built without a C compiler and run.

use std::path::Path;

use crate::step::Step;
use crate::{Done, root, target_dir};

const FILES: &[&str] = &["Cargo.toml.in", "lib.rs", "tests/orders.rs"];

/// Copies the project out of the workspace and runs its scenario.
pub(crate) fn run() -> Done {
    let project = target_dir().join("outside");
    copy(&root().join("xtask/outside"), &project)?;
    let manifest = project.join("Cargo.toml").display().to_string();
    Step::cargo("outside", "test --quiet --manifest-path")
        .arg(manifest)
        .env(
            "CARGO_TARGET_DIR",
            project.join("target").display().to_string(),
        )
        // Whoever looks for a C compiler finds one that fails.
        .env("CC", "false")
        .env("CXX", "false")
        .run()
}

fn copy(from: &Path, to: &Path) -> Done {
    std::fs::create_dir_all(to.join("tests"))
        .map_err(|error| format!("cannot create {}: {error}", to.display()))?;
    for file in FILES {
        let source = from.join(file);
        let text = std::fs::read_to_string(&source)
            .map_err(|error| format!("cannot read {}: {error}", source.display()))?;
        let text = text.replace("@CHOREO@", &root().join("choreo").display().to_string());
        write(&to.join(file.trim_end_matches(".in")), &text)?;
    }
    // The same versions as in the workspace; cargo takes out what the project does not need.
    let lock = root().join("Cargo.lock");
    std::fs::copy(&lock, to.join("Cargo.lock"))
        .map_err(|error| format!("cannot copy {}: {error}", lock.display()))?;
    Ok(())
}

fn write(path: &Path, text: &str) -> Done {
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
