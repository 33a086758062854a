//! Reports of the Python tool render, every one, without a script error.

use choreo_report::model::Test;
use choreo_test_page::{Browser, Screen, browser_is_missing, golden};
use serde_json::json;

fn names() -> Vec<String> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../choreo-report/tests/golden"
    );
    let mut names: Vec<String> = ["", "not-strict-json/", "older/"]
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
    names
}

#[tokio::test]
async fn all_tests_of_all_golden_reports_render() {
    if browser_is_missing() {
        return;
    }
    let browser = Browser::start(Screen::DESKTOP).await;
    for name in names() {
        render(&browser, Screen::DESKTOP, &name, usize::MAX).await;
    }
    browser.close().await;
}

#[tokio::test]
async fn every_golden_report_renders_on_the_other_screens() {
    if browser_is_missing() {
        return;
    }
    let browser = Browser::start(Screen::PHONE).await;
    for (number, name) in names().iter().enumerate() {
        // Opened with one of them, in turn, and shown on the others.
        let mut screens = [Screen::PHONE, Screen::DESKTOP_DARK, Screen::PHONE_DARK];
        screens.rotate_left(number % 3);
        let [first, others @ ..] = screens;
        browser.resize(first).await;
        render(&browser, first, name, 2).await;
        for screen in others {
            browser.resize(screen).await;
            browser.settle().await;
            browser.assert_fits(screen).await;
        }
        browser.assert_no_problems().await;
    }
    browser.close().await;
}

/// Looks at a report and at the first of its tests.
async fn render(browser: &Browser, screen: Screen, name: &str, most: usize) {
    let report = golden(name);
    browser.open(&report).await;
    let shown = browser
        .run("document.querySelector('[data-field=verdict]').textContent.length > 0")
        .await;
    assert_eq!(shown, true, "{name}");
    for test in report.tests.iter().take(most) {
        look_at(browser, test, name).await;
        browser.assert_fits(screen).await;
    }
    let problems = browser.run("window.problems").await;
    assert_eq!(problems, json!([]), "{name}");
}

/// Looks at all of a test, in both views.
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
    browser.assert_one_scale(name).await;
    browser.run("(document.querySelectorAll('details').forEach((one) => { one.open = true; }), document.querySelectorAll('[data-seg=sequence]').forEach((one) => one.click()), true)").await;
    browser.settle().await;
    if test.outcome.is_failure() {
        let sentence = browser.text_of(".diagnosis .sentence").await;
        assert!(!sentence.is_empty(), "{name}: {}", test.nodeid);
    }
}
