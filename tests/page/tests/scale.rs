//! Large runs: failures first wherever they are, small files, lists that hold only what is in sight.

use choreo_test_page::{Browser, Screen, browser_is_missing, made, on_every_screen};

#[tokio::test]
async fn the_failure_at_1100_of_1200_is_what_one_sees() {
    on_every_screen(async |browser, screen| {
        browser.open(&made::many(1200, &[1100])).await;
        assert_eq!(
            browser.text_of("#verdict").await,
            "1 of 1200 scenarios failed."
        );
        assert_eq!(browser.text_of(".test-head h2").await, "scenario_1100");
        assert_eq!(browser.text_of(".test .name").await, "scenario_1100");
        assert_eq!(browser.text_of(".section-passed .size").await, "1,199");
        browser.assert_fits(screen).await;
        browser.screenshot(&format!("1200-{screen}")).await;
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
    assert!(
        browser.count("*").await < 2000,
        "only what is in sight is in the document"
    );
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
    browser.click(".section-passed").await;
    browser
        .run("(document.querySelector('.scroller').scrollTop = 1e9, true)")
        .await;
    browser.settle().await;
    let last = browser
        .text("[...document.querySelectorAll('.test .name')].at(-1).textContent")
        .await;
    assert_eq!(last, "scenario_49998");
    assert!(browser.count("*").await < 2500);
    browser.search("scenario_31415").await;
    assert_eq!(browser.text_of("#search-count").await, "1 scenario");
    // In the details only.
    browser.search("\"ord-2000\"").await;
    assert!(browser.count(".test").await >= 1);
    browser.assert_no_problems().await;
    browser.close().await;
}
