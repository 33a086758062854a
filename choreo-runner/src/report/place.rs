//! Where reports go: the folders of a cargo workspace, found without asking cargo.

use std::path::{Path, PathBuf};

use super::Environment;

/// Cargo puts it into every target folder.
const MARK: &str = "CACHEDIR.TAG";

/// Below the target folder.
const DEFAULT: [&str; 2] = ["choreo", "report"];

/// The report's folder if nobody names one: in the target folder that the test program is in. `None` if it is in
/// none, as after being copied to another machine.
pub(super) fn default_folder(
    program: Option<&Path>,
    environment: Environment<'_>,
) -> Option<PathBuf> {
    let above = program.and_then(|program| {
        let target = |folder: &&Path| folder.join(MARK).is_file();
        program.ancestors().skip(1).find(target).map(Path::to_owned)
    });
    // Programs out of an archive of nextest are in a folder that is no target folder.
    let named = || {
        let folder = PathBuf::from(environment("CARGO_TARGET_DIR")?);
        // Relative to where cargo was called, which nobody tells.
        folder.is_absolute().then_some(folder)
    };
    let mut folder = above.or_else(named)?;
    folder.extend(DEFAULT);
    Some(folder)
}

/// The folder of the package under test, or the current one.
pub(super) fn package(environment: Environment<'_>) -> PathBuf {
    environment("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .or_else(|| std::env::current_dir().ok())
        .unwrap_or_default()
}

/// The workspace of a package: the nearest folder with a `Cargo.lock`. Source files are named relative to it, and
/// so are report folders.
pub(super) fn workspace(package: &Path) -> PathBuf {
    package
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file())
        .unwrap_or(package)
        .to_owned()
}

/// The name of the test target: the program's, without the hash that cargo adds.
pub(super) fn target(program: Option<&Path>, krate: &str) -> String {
    let stem = program.and_then(|program| program.file_stem()?.to_str());
    match stem.and_then(|stem| stem.rsplit_once('-')) {
        Some((target, hash))
            if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
        {
            target.to_owned()
        }
        _ => stem.unwrap_or(krate).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_target_folder_is_the_one_above_the_program() {
        let scratch = tempfile::tempdir().expect("a temporary folder can be made");
        let deps = scratch
            .path()
            .join("target/x86_64-unknown-linux-gnu/debug/deps");
        fs::create_dir_all(&deps).expect("it is ours");
        let program = deps.join("orders-0123456789abcdef");
        let elsewhere = |name: &str| (name == "CARGO_TARGET_DIR").then(|| "/elsewhere".to_owned());
        let relative = |name: &str| (name == "CARGO_TARGET_DIR").then(|| "out".to_owned());
        assert_eq!(default_folder(Some(&program), &relative), None);
        assert_eq!(
            default_folder(Some(&program), &elsewhere),
            Some("/elsewhere/choreo/report".into())
        );
        fs::write(scratch.path().join("target").join(MARK), "").expect("it is ours");
        assert_eq!(
            default_folder(Some(&program), &elsewhere),
            Some(scratch.path().join("target/choreo/report"))
        );
    }

    #[test]
    fn the_workspace_has_the_lock_file() {
        let scratch = tempfile::tempdir().expect("a temporary folder can be made");
        let package = scratch.path().join("crates/orders");
        fs::create_dir_all(&package).expect("it is ours");
        assert_eq!(workspace(&package), package);
        fs::write(scratch.path().join("Cargo.lock"), "").expect("it is ours");
        assert_eq!(workspace(&package), scratch.path());
    }

    #[test]
    fn the_target_is_the_program_without_its_hash() {
        let name = |program: &str| target(Some(Path::new(program)), "krate");
        assert_eq!(
            name("/t/debug/deps/my-orders-0123456789abcdef"),
            "my-orders"
        );
        assert_eq!(
            name("/t/debug/deps/my-orders-0123456789abcdef.exe"),
            "my-orders"
        );
        assert_eq!(name("/opt/my-orders"), "my-orders");
        assert_eq!(target(None, "krate"), "krate");
    }
}
