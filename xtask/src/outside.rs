//! `cargo xtask outside`: a project outside of the workspace, with Choreo as its only dependency, is
//! built without a C compiler and run.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::step::Step;
use crate::tidy::{MAX_CRATES, crates};
use crate::{Done, cargo, root, target_dir};

const FILES: &[&str] = &["Cargo.toml.in", "lib.rs", "tests/orders.rs"];

/// What the project is built with, beside the linker.
const TOOLS: [&str; 3] = ["cargo", "rustc", "rustdoc"];

/// Copies the project out of the workspace, counts its crates and runs its scenario.
pub(crate) fn run() -> Done {
    let project = target_dir().join("outside");
    copy(&root().join("xtask/outside"), &project)?;
    let path = project.join("path");
    let linker = only_tools(&path)?;
    let manifest = project.join("Cargo.toml").display().to_string();
    Step::cargo("outside", "test --quiet --manifest-path")
        .arg(&manifest)
        .env(
            "CARGO_TARGET_DIR",
            project.join("target").display().to_string(),
        )
        // Whoever looks for a C compiler finds none; rustc is told where its linker is.
        .env("PATH", path.display().to_string())
        .env("CC", "none")
        .env("CXX", "none")
        .env("RUSTFLAGS", format!("-Clinker={}", linker.display()))
        .run()?;
    count(&manifest)
}

/// A folder for `PATH` with what builds Rust and nothing else, and a linker that nobody finds by its name.
fn only_tools(folder: &Path) -> Result<PathBuf, String> {
    // What an earlier run left may be of another toolchain.
    if folder.exists() {
        std::fs::remove_dir_all(folder)
            .map_err(|error| format!("cannot remove {}: {error}", folder.display()))?;
    }
    create(folder)?;
    for tool in TOOLS {
        let link = folder.join(tool);
        std::os::unix::fs::symlink(find(tool)?, &link)
            .map_err(|error| format!("cannot link {}: {error}", link.display()))?;
    }
    let linker = folder.with_file_name("linker");
    let path = std::env::var("PATH").unwrap_or_default();
    // The linker finds its own parts on the path.
    let script = format!("#!/bin/sh\nPATH='{path}' exec cc \"$@\"\n");
    write(&linker, &script)?;
    std::fs::set_permissions(&linker, std::fs::Permissions::from_mode(0o755))
        .map_err(|error| format!("cannot make {} a program: {error}", linker.display()))?;
    Ok(linker)
}

/// A tool of the toolchain that runs us, or else of the path.
fn find(tool: &str) -> Result<PathBuf, String> {
    let cargo = PathBuf::from(cargo());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = cargo.parent().map(Path::to_path_buf);
    let mut places = own.into_iter().chain(std::env::split_paths(&path));
    let found = places.find_map(|folder| Some(folder.join(tool)).filter(|it| it.is_file()));
    found.ok_or_else(|| format!("cannot find {tool} on the path"))
}

/// Says how many crates the project compiles beside itself, and that they are not too many.
fn count(manifest: &str) -> Done {
    let output = Command::new(cargo())
        .args(["tree", "--prefix", "none", "--manifest-path", manifest])
        .output()
        .map_err(|error| format!("cannot run `cargo tree`: {error}"))?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`cargo tree` failed: {error}"));
    }
    // The project itself is in the list.
    let count = crates(&String::from_utf8_lossy(&output.stdout)).len() - 1;
    println!("a project with Choreo as its only dependency compiles {count} crates");
    if count >= MAX_CRATES {
        return Err(format!("{count} crates; below {MAX_CRATES} is promised"));
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Done {
    create(&to.join("tests"))?;
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

fn create(folder: &Path) -> Done {
    std::fs::create_dir_all(folder)
        .map_err(|error| format!("cannot create {}: {error}", folder.display()))
}

fn write(path: &Path, text: &str) -> Done {
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
