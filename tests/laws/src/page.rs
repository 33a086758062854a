//! The page of any report: nothing of the report begins or ends an element of script, and the report can be taken
//! out of the page again.

use std::sync::LazyLock;

use choreo_report::model::Report;
use choreo_report::{html, read};

/// Where the page has the report as JSON.
const RESULTS: &str = r#"id="harness-results""#;

/// What may begin or end a script, in small letters.
const TAGS: [&str; 3] = ["<script", "</script", "<!--"];

/// Begins the element of a chunk of tests, each of which is one more than the bare page has.
const CHUNK: &str = r#"<script type="text/plain" id="choreo-chunk-"#;

/// How often each tag is in the page of a report without tests.
static BARE: LazyLock<[usize; 3]> = LazyLock::new(|| {
    let json = include_bytes!("../../../choreo-report/tests/golden/empty-run.json");
    let report = read::from_slice(json).unwrap().report;
    tags(&page(&report))
});

pub(crate) fn check(input: &[u8]) {
    let Ok(loaded) = read::from_slice(input) else {
        return;
    };
    let mut report = loaded.report;
    let page = page(&report);
    let chunks = page.matches(CHUNK).count();
    assert_eq!(chunks > 0, !report.tests.is_empty());
    let [open, close, comment] = *BARE;
    assert_eq!(tags(&page), [open + chunks, close + chunks, comment]);

    let (_, behind) = page.split_once(RESULTS).unwrap();
    let (_, json) = behind.split_once('>').unwrap();
    let (json, _) = json.split_once("</script>").unwrap();
    let inside = read::from_slice(json.as_bytes())
        .expect("the page has the report")
        .report;
    if json.contains("\"tests_left_out\":") && inside.tests.is_empty() {
        return;
    }
    report.schema_version.clone_from(&inside.schema_version);
    // The page shows the run and its tests.
    report.extra.clear();
    assert!(inside == report, "the report in the page is another one");
}

fn page(report: &Report) -> String {
    let page = html::write(Vec::new(), report).expect("a Vec takes every page");
    String::from_utf8(page).expect("a page is text")
}

fn tags(page: &str) -> [usize; 3] {
    let page = page.to_ascii_lowercase();
    TAGS.map(|tag| page.matches(tag).count())
}
