//! Reports of the Python tool render, every one, without a script error.

use choreo_test_page::{Browser, Screen, browser_is_missing, golden};

#[tokio::test]
async fn all_golden_reports_render() {
    if browser_is_missing() {
        return;
    }
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../choreo-report/tests/golden"
    );
    let mut names: Vec<String> = ["", "older/"]
        .into_iter()
        .flat_map(|below| {
            let files = std::fs::read_dir(format!("{folder}/{below}")).expect("the golden reports");
            files.map(move |file| {
                format!(
                    "{below}{}",
                    file.expect("a file").file_name().to_string_lossy()
                )
            })
        })
        .filter_map(|name| Some(name.strip_suffix(".json")?.to_owned()))
        .collect();
    names.sort();
    assert!(names.len() > 30, "{names:?}");
    let browser = Browser::start(Screen::DESKTOP).await;
    for name in names {
        let report = golden(&name);
        browser.open(&report).await;
        let shown = browser
            .run("document.querySelector('[data-field=verdict]').textContent.length > 0")
            .await;
        assert_eq!(shown, true, "{name}");
        // The first tests in full, in both views.
        for test in report.tests.iter().take(5) {
            let hash = serde_json::json!(test.nodeid);
            browser
                .run(&format!(
                    "(location.hash = 'view=waterfall&t=' + encodeURIComponent({hash}), true)"
                ))
                .await;
            browser
                .until(&format!(
                    "document.querySelector('.test-detail')?.dataset.selectedNodeid === {hash}"
                ))
                .await;
            browser.run("(document.querySelectorAll('details').forEach((one) => { one.open = true; }), document.querySelectorAll('[data-seg=sequence]').forEach((one) => one.click()), true)").await;
            browser.settle().await;
            if test.outcome.is_failure() {
                assert!(
                    !browser.text_of(".diagnosis .sentence").await.is_empty(),
                    "{name}: {}",
                    test.nodeid
                );
            }
        }
        let problems = browser.run("window.problems").await;
        assert_eq!(problems, serde_json::json!([]), "{name}");
    }
    browser.close().await;
}
