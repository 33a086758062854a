//! What a run's secrets leave in its output and in the files of its report: nothing.

use std::fs;
use std::path::{Path, PathBuf};

use choreo_report::model::TestOutcome;
use data_encoding::{BASE64, HEXLOWER};

use self::page::unpacked;
use super::{CARGO_TEST_FAILED, Check, Scratch, by_outcome, checks, fixture};

#[path = "../../../../choreo-report/tests/support/page.rs"]
mod page;

/// Like no word of the fixture or of the page.
const SECRET: &str = "w4lrus-of-this-check";

/// The value of a field that is called a password, in the fixture.
const PASSWORD: &str = "0tter-of-this-check";

/// One place for each scenario of the fixture, two where a message shows it twice.
const PLACES: u64 = 11;

pub(super) fn checks() -> Vec<Check> {
    checks![
        "cargo_test::":
        neither_the_output_nor_a_file_of_a_report_holds_a_secret_of_the_run,
        who_asks_sees_them_in_the_terminal_and_in_no_file,
    ]
}

fn neither_the_output_nor_a_file_of_a_report_holds_a_secret_of_the_run() {
    let scratch = Scratch::new();
    let folder = scratch.folder("out");
    let variables = [
        ("CHOREO_REPORT_DIR", folder.to_str().expect("it is text")),
        ("FIXTURE_SECRET", SECRET),
    ];
    for color in ["never", "always"] {
        let ran = fixture()
            .cargo(
                &["test", "--test", "secrets", "--", "--color", color],
                &variables,
            )
            .exits(CARGO_TEST_FAILED);
        let output = anstream::adapter::strip_str(&ran.to_string()).to_string();
        for hidden in forms() {
            assert!(!output.contains(&hidden), "{hidden}: {output}");
        }
        assert!(
            output.contains("CHOREO_SHOW_SECRETS=1 shows them here"),
            "{output}"
        );
    }

    let report = scratch.report("out");
    assert_eq!(
        by_outcome(&report),
        [
            (TestOutcome::Passed, 3),
            (TestOutcome::Failed, 6),
            (TestOutcome::Errored, 3),
            (TestOutcome::Skipped, 1),
        ]
    );
    let hidden = report.run.redactions.rules.get("secret").copied();
    assert!(
        hidden >= Some(PLACES),
        "{hidden:?} of at least {PLACES} places"
    );

    no_file_holds_one(&folder);
}

fn who_asks_sees_them_in_the_terminal_and_in_no_file() {
    let scratch = Scratch::new();
    let folder = scratch.folder("out");
    let variables = [
        ("CHOREO_REPORT_DIR", folder.to_str().expect("it is text")),
        ("FIXTURE_SECRET", SECRET),
        ("CHOREO_SHOW_SECRETS", "1"),
    ];
    let ran = fixture()
        .cargo(&["test", "--test", "secrets"], &variables)
        .exits(CARGO_TEST_FAILED);
    // So the places are known to be filled.
    for (shown, places) in [(SECRET, 7), (PASSWORD, 1)] {
        let found = ran.stdout.matches(shown).count();
        assert!(found >= places, "{found} places of {shown}: {ran}");
    }
    no_file_holds_one(&folder);
}

/// What may not be found.
fn forms() -> [String; 4] {
    [
        SECRET.to_owned(),
        HEXLOWER.encode(SECRET.as_bytes()),
        BASE64.encode(SECRET.as_bytes()),
        PASSWORD.to_owned(),
    ]
}

fn no_file_holds_one(folder: &Path) {
    let files = files(folder);
    for name in ["results.json", "index.html"] {
        assert!(files.contains(&folder.join(name)), "{files:?}");
    }
    assert!(
        files
            .iter()
            .any(|file| file.starts_with(folder.join("partials"))),
        "{files:?}"
    );
    for file in files {
        let mut bytes = fs::read(&file).expect("the file is ours");
        if file
            .extension()
            .is_some_and(|extension| extension == "html")
        {
            bytes.extend(unpacked(&String::from_utf8_lossy(&bytes)));
        }
        let text = String::from_utf8_lossy(&bytes);
        for form in forms() {
            assert!(!text.contains(&form), "{} holds {form}", file.display());
        }
    }
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is ours") {
        let path = entry.expect("the folder is ours").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}
