//! Large runs: failures first wherever they are, small files, lists that hold only what is in sight.

use choreo_report::model::Report;
use choreo_test_page::{Browser, Screen, browser_is_missing, made, on_every_screen};
use serde_json::json;

#[tokio::test]
async fn the_failure_at_1100_of_1200_is_what_one_sees() {
    on_every_screen(async |browser, screen| {
        let report = made::many(1200, &[1100]);
        browser.open(&report).await;
        assert_eq!(
            browser.text_of("#verdict").await,
            "1 of 1200 scenarios failed."
        );
        assert_eq!(browser.text_of(".test-head h2").await, "scenario_1100");
        assert_eq!(browser.text_of(".test .name").await, "scenario_1100");
        assert_eq!(browser.text_of(".section-passed .size").await, "1,199");
        browser.screenshot(&format!("1200-{screen}")).await;
        look_around(browser, screen, &report, 777).await;
    })
    .await;
}

#[tokio::test]
async fn ten_thousand_fit_into_eight_megabytes() {
    if browser_is_missing() {
        return;
    }
    let browser = Browser::start(Screen::DESKTOP).await;
    let report = made::many(10_000, &[4321]);
    let size = std::fs::metadata(browser.write(&report))
        .expect("the page")
        .len();
    assert!(size < 8 * 1024 * 1024, "{size} bytes");
    browser.open(&report).await;
    // How long the first paint takes depends on what else the machine does: `cargo bench -p choreo-benches --bench
    // report` prints it.
    assert_eq!(
        browser
            .run("performance.getEntriesByName('first-contentful-paint').length")
            .await,
        1
    );
    assert_eq!(browser.text_of(".test-head h2").await, "scenario_4321");
    // Loading it takes longer than looking at it.
    for screen in Screen::ALL {
        browser.resize(screen).await;
        look_around(&browser, screen, &report, 7777).await;
    }
    browser.close().await;
}

#[tokio::test]
async fn fifty_thousand_can_be_scrolled_and_searched() {
    if browser_is_missing() {
        return;
    }
    let browser = Browser::start(Screen::DESKTOP).await;
    let report = made::many(50_000, &[49_999]);
    browser.open(&report).await;
    assert_eq!(browser.text_of(".test-head h2").await, "scenario_49999");
    for screen in Screen::ALL {
        browser.resize(screen).await;
        look_around(&browser, screen, &report, 31_415).await;
    }
    // In the details only, which takes a while.
    browser.search("\"ord-2000\"").await;
    assert!(browser.count(".test").await >= 1);
    browser.assert_no_problems().await;
    browser.close().await;
}

/// Scrolls to the end of the list, which holds only what is in sight, searches for a scenario and opens it.
async fn look_around(browser: &Browser, screen: Screen, report: &Report, number: usize) {
    browser.begin_search("").await;
    browser
        .run("(document.querySelector('.section-passed[aria-expanded=false]')?.click(), document.querySelector('.scroller').scrollTop = 1e9, true)")
        .await;
    browser.settle().await;
    let last = browser
        .text("[...document.querySelectorAll('.test .name')].at(-1).textContent")
        .await;
    let mut passed = report.tests.iter().rev();
    let passed = passed.find(|test| !test.outcome.is_failure());
    assert_eq!(Some(last), passed.map(|test| test.name.clone()));
    assert!(browser.count("*").await < 2500, "more than is in sight");
    browser.assert_fits(screen).await;

    let name = &report.tests[number].name;
    // Names are found at once; nobody waits for the details.
    browser.begin_search(name).await;
    browser
        .until("document.querySelectorAll('.test').length === 1")
        .await;
    let found = browser.text_of("#search-count").await;
    assert!(found.starts_with("1 scenario"), "{found}");
    browser.click(".test").await;
    let is_open = format!(
        "document.querySelector('.test-head h2')?.textContent === {}",
        json!(name)
    );
    browser.until(&is_open).await;
    assert!(browser.count(".expectation").await >= 1);
    browser.assert_fits(screen).await;
    browser.assert_no_problems().await;
}
