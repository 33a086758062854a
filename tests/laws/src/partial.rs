//! What a process left of its part of a run, in any state: it becomes a report that can be read, or an error.
//! The same of a report that is merged.

use std::fs;
use std::path::Path;

use choreo_report::folder::Folder;
use choreo_report::merge::{Options, merge};
use choreo_report::read;
use tempfile::TempDir;

thread_local! {
    static SCRATCH: TempDir = tempfile::tempdir().unwrap();
}

pub(crate) fn check(input: &[u8]) {
    SCRATCH.with(|scratch| {
        let part = scratch.path().join("part.jsonl");
        fs::write(&part, input).unwrap();
        of(scratch.path(), std::slice::from_ref(&part));
        // It happened twice, and a file of another process is beside it.
        let other = scratch.path().join("other.jsonl");
        fs::write(
            &other,
            include_bytes!("../../../fuzz/corpus/partial/ended.jsonl"),
        )
        .unwrap();
        of(scratch.path(), &[part.clone(), other, part]);
        if read::from_slice(input).is_ok() {
            let whole = scratch.path().join("results.json");
            fs::write(&whole, input).unwrap();
            of(scratch.path(), &[whole.clone(), whole]);
        }
    });
}

fn of(scratch: &Path, inputs: &[std::path::PathBuf]) {
    let into = Folder::create(&scratch.join("report")).unwrap();
    let merged = match merge(inputs, &into, &Options::default()) {
        Ok(merged) => merged,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let report = read::from_path(&merged.results)
        .expect("a merged report can be read")
        .report;
    assert_eq!(report.run.totals.total, report.tests.len() as u64);
    assert!(merged.page.is_some_and(|page| page.is_file()));
}
