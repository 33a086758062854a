//! What a run's secrets leave in the files of its report: nothing.

use std::fs;
use std::path::{Path, PathBuf};

use choreo_report::model::TestOutcome;
use data_encoding::{BASE64, HEXLOWER};

use self::page::unpacked;
use super::{CARGO_TEST_FAILED, Scratch, by_outcome, fixture};

#[path = "../../../../choreo-report/tests/support/page.rs"]
mod page;

/// Like no word of the fixture or of the page.
const SECRET: &str = "w4lrus-of-this-check";

/// One place for each scenario of the fixture, two where a message shows it twice.
const PLACES: u64 = 11;

pub(super) fn no_file_of_a_report_holds_a_secret_of_the_run() {
    let scratch = Scratch::new();
    let folder = scratch.folder("out");
    let variables = [
        ("CHOREO_REPORT_DIR", folder.to_str().expect("it is text")),
        ("FIXTURE_SECRET", SECRET),
    ];
    let ran = fixture().cargo(&["test", "--test", "secrets"], &variables);
    // The terminal is the developer's own, and so the places are known to be filled.
    let ran = ran.exits(CARGO_TEST_FAILED);
    assert!(ran.to_string().contains(SECRET), "{ran}");

    let report = scratch.report("out");
    assert_eq!(
        by_outcome(&report),
        [
            (TestOutcome::Passed, 3),
            (TestOutcome::Failed, 5),
            (TestOutcome::Errored, 1),
            (TestOutcome::Skipped, 1),
        ]
    );
    let hidden = report.run.redactions.rules.get("secret").copied();
    assert!(
        hidden >= Some(PLACES),
        "{hidden:?} of at least {PLACES} places"
    );

    let files = files(&folder);
    for name in ["results.json", "index.html"] {
        assert!(files.contains(&folder.join(name)), "{files:?}");
    }
    assert!(
        files
            .iter()
            .any(|file| file.starts_with(folder.join("partials"))),
        "{files:?}"
    );
    let forms = [
        SECRET.to_owned(),
        HEXLOWER.encode(SECRET.as_bytes()),
        BASE64.encode(SECRET.as_bytes()),
    ];
    for file in files {
        let mut bytes = fs::read(&file).expect("the file is ours");
        if file
            .extension()
            .is_some_and(|extension| extension == "html")
        {
            bytes.extend(unpacked(&String::from_utf8_lossy(&bytes)));
        }
        let text = String::from_utf8_lossy(&bytes);
        for form in &forms {
            assert!(!text.contains(form), "{} holds {form}", file.display());
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
