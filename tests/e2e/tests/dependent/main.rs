//! A crate outside the workspace with Choreo as its only dependency and no transport feature: small,
//! and built without a C compiler.

use std::collections::BTreeSet;
use std::path::Path;

use choreo_e2e_tests::{Fixture, main as run_checks};

/// The most packages that a project may get with Choreo.
const MOST_PACKAGES: usize = 90;

fn fixture() -> Fixture {
    Fixture::new("alone", Path::new(env!("CARGO_TARGET_TMPDIR")))
}

fn it_builds_and_passes_without_a_c_compiler() {
    let no_compiler = [
        ("CC", "/bin/false"),
        ("CXX", "/bin/false"),
        ("HOST_CC", "/bin/false"),
        ("TARGET_CC", "/bin/false"),
        ("CMAKE", "/bin/false"),
    ];
    let ran = fixture().cargo(&["test"], &no_compiler).exits(0);
    ran.says("test dynamic ... ok");
    ran.says("test typed ... ok");
    ran.says("test result: ok. 2 passed; 0 failed;");
}

fn its_dependencies_are_few_and_light() {
    // For every platform, so that a dependency of one that we do not test on counts too.
    let tree = [
        "tree",
        "--edges=normal,build,dev",
        "--target=all",
        "--prefix=none",
        "--format={p}",
    ];
    let ran = fixture().cargo(&tree, &[]).exits(0);
    let packages: BTreeSet<(&str, &str)> = ran
        .stdout
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?))
        })
        .collect();
    assert!(packages.contains(&("alone", "v0.0.0")), "{ran}");
    let heavy = [
        "async-nats",
        "cc",
        "cmake",
        "ring",
        "openssl-sys",
        "rdkafka",
    ];
    for (name, version) in &packages {
        assert!(
            !heavy.contains(name),
            "{name} {version} is in the tree: {ran}"
        );
    }
    // Platforms need different packages; no user builds those of all.
    let here = [
        "tree",
        "--edges=normal,build,dev",
        "--prefix=none",
        "--format={p}",
    ];
    let ran = fixture().cargo(&here, &[]).exits(0);
    // Only here: jiff names one for a platform that does not exist (`cfg(any())`), to hold its version.
    let old_syn = ran.stdout.lines().find(|line| line.starts_with("syn v2."));
    assert_eq!(old_syn, None, "{ran}");
    let count = ran
        .stdout
        .lines()
        .filter_map(|line| line.strip_suffix(" (*)").unwrap_or(line).split(" (").next())
        .filter(|package| !package.is_empty())
        .collect::<BTreeSet<_>>()
        .len();
    assert!(count < MOST_PACKAGES, "{count} packages: {ran}");
}

fn main() {
    run_checks(vec![
        (
            "it_builds_and_passes_without_a_c_compiler".to_owned(),
            Box::new(it_builds_and_passes_without_a_c_compiler),
        ),
        (
            "its_dependencies_are_few_and_light".to_owned(),
            Box::new(its_dependencies_are_few_and_light),
        ),
    ]);
}
