//! The command as its users call it.
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

mod diff;
mod export;
mod folders;
mod push;
mod push_encrypted;
mod show;
mod support;

use support::{choreo, golden};

#[test]
fn every_command_explains_itself() {
    for command in ["open", "merge", "show", "export", "diff", "push"] {
        let done = choreo(&["report", command, "--help"]);
        assert_eq!(done.code, 0, "{command}: {done:?}");
        assert!(
            done.out.contains("Usage: choreo report"),
            "{command}: {done:?}"
        );
        let listed = choreo(&["report", "--help"]);
        assert!(listed.out.contains(command), "{listed:?}");
    }
    assert!(choreo(&["report", "--help"]).out.contains("Exit codes:"));
}

#[test]
fn wrong_arguments_end_with_2() {
    for arguments in [
        &["report"][..],
        &["report", "nonsense"],
        &["report", "merge", "a"],
        &["report", "export", "x.json"],
        &["report", "export", "--junit", "--markdown", "x.json"],
        &["report", "export", "--schema", "2.0", "x.json"],
        &["report", "diff", "a.json"],
        &["report", "push"],
    ] {
        let done = choreo(arguments);
        assert_eq!(done.code, 2, "{arguments:?}: {done:?}");
        assert!(!done.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn bad_files_are_named_with_the_place_in_them() {
    let scratch = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = scratch.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let passing = std::fs::read_to_string(golden("passing.json")).unwrap();
    let table = [
        (write("cut.json", &passing[..200]), "strict JSON"),
        (
            write(
                "field.json",
                &passing.replacen("\"outcome\": \"passed\"", "\"outcome\": \"fine\"", 1),
            ),
            "tests[0].outcome",
        ),
        (
            write(
                "later.json",
                "{\"schema_version\":\"2.0\",\"run\":{},\"tests\":[]}",
            ),
            "version `2.0`",
        ),
        (
            write(
                "number.json",
                &passing.replacen("\"duration_ms\": ", "\"duration_ms\": NaN, \"was\": ", 1),
            ),
            "at `run.duration_ms`: `NaN` is no value that JSON has, expected f64 (line 6, column 22)",
        ),
        (scratch.path().join("missing.json"), "cannot read"),
        (scratch.path().to_owned(), "holds no results.json"),
    ];
    for (path, says) in table {
        let name = path.display().to_string();
        for arguments in [
            vec!["report", "show", &name],
            vec!["report", "export", "--junit", &name],
            vec!["report", "diff", &name, &name],
            vec![
                "report",
                "push",
                "http://127.0.0.1:1/",
                "--tenant",
                "t",
                &name,
            ],
        ] {
            let done = choreo(&arguments);
            assert_eq!(done.code, 2, "{arguments:?}: {done:?}");
            assert!(done.err.contains(says), "{arguments:?}: {done:?}");
            assert!(done.err.contains(&name), "{arguments:?}: {done:?}");
        }
    }
}
