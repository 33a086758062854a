//! Reports of the Python tool render, every one, without a script error.

use choreo_report::model::Test;
use choreo_test_page::{Browser, Screen, golden, on_every_screen};
use serde_json::json;

#[tokio::test]
async fn all_golden_reports_render() {
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
    on_every_screen(async |browser, screen| {
        for (number, name) in names.iter().enumerate() {
            // All of them at the desk, and each with another screen.
            if ![Screen::DESKTOP, Screen::ALL[1 + number % 3]].contains(&screen) {
                continue;
            }
            let report = golden(name);
            browser.open(&report).await;
            let shown = browser
                .run("document.querySelector('[data-field=verdict]').textContent.length > 0")
                .await;
            assert_eq!(shown, true, "{name}");
            // The first tests in full, in both views.
            let most = if screen == Screen::DESKTOP { 5 } else { 2 };
            for test in report.tests.iter().take(most) {
                look_at(browser, test, name).await;
                browser.assert_fits(screen).await;
            }
            let problems = browser.run("window.problems").await;
            assert_eq!(problems, json!([]), "{name}");
        }
    })
    .await;
}

async fn look_at(browser: &Browser, test: &Test, name: &str) {
    let hash = json!(test.nodeid);
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
        let sentence = browser.text_of(".diagnosis .sentence").await;
        assert!(!sentence.is_empty(), "{name}: {}", test.nodeid);
    }
}
