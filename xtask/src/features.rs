//! The library with each of its features alone, as users have it.

use crate::step::Step;
use crate::{Done, root};

/// One step for each feature that the manifest names; none is forgotten.
pub(crate) fn steps() -> Result<Vec<Step>, String> {
    let manifest = root().join("choreo/Cargo.toml");
    let text = std::fs::read_to_string(&manifest)
        .map_err(|error| format!("cannot read {}: {error}", manifest.display()))?;
    let names = names(&text);
    if names.is_empty() {
        return Err(format!("{} has no features", manifest.display()));
    }
    Ok(names
        .iter()
        .map(|name| {
            Step::cargo(
                format!("feature {name}"),
                "clippy --package choreo-harness --no-default-features --features",
            )
            .arg(*name)
            .arg("--")
            .arg("-D")
            .arg("warnings")
        })
        .collect())
}

/// `cargo xtask features`.
pub(crate) fn run() -> Done {
    steps()?.iter().try_for_each(Step::run)
}

fn names(manifest: &str) -> Vec<&str> {
    let section = manifest
        .lines()
        .skip_while(|line| line.trim() != "[features]")
        .skip(1)
        .take_while(|line| !line.starts_with('['));
    section
        .filter(|line| line.starts_with(|c: char| c.is_ascii_alphanumeric()))
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim())
        .filter(|name| *name != "default")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_of_the_manifest_is_read() {
        let manifest = "\
[package]
name = \"x\"
[features]
default = []
# A comment = with a sign.
one = [\"dep:a\"]
two = [
    \"one\",
]
[dependencies]
three = \"1\"
";
        assert_eq!(names(manifest), ["one", "two"]);
        assert!(steps().expect("the library's manifest").len() > 5);
    }
}
