//! Eight prepared failures: each is named, with its evidence, on the first screen.

use choreo_test_page::{Browser, Screen, browser_is_missing, fixture};

/// The name of the fixture, what the page calls the cause, and what a reader must see to believe it.
const EIGHT: [(&str, &str, &[&str]); 8] = [
    (
        "routing",
        "Nothing arrived",
        &["orders.processed", "carried no correlation id"],
    ),
    (
        "wrong-value",
        "Wrong value",
        &["order.count", "1000", "999", "Closest of 3 near misses"],
    ),
    (
        "wrong-type",
        "Wrong type",
        &["order.count", "1000", "\"1000\"", "string"],
    ),
    (
        "late",
        "Too late",
        &["84.3 ms too late", "allowed 200 ms, came after 284 ms"],
    ),
    (
        "duplicate",
        "Duplicate",
        &["Wanted exactly one, came 2", "one too many"],
    ),
    (
        "wrong-order",
        "Wrong order",
        &["Expected order", "2.6 ms the wrong way round"],
    ),
    (
        "reply-failed",
        "Reply failed",
        &["fraud.check", "built the answer", "1990 EUR"],
    ),
    (
        "broker-lost",
        "Broker lost",
        &["127.0.0.1:4222", "connection lost", "the broker closed it"],
    ),
];

/// The text that can be read without scrolling.
const FIRST_SCREEN: &str = "(() => { const seen = []; \
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); \
    while (walk.nextNode()) { const range = document.createRange(); range.selectNode(walk.currentNode); \
    const box = range.getBoundingClientRect(); \
    if (box.width > 0 && box.top >= 0 && box.bottom <= innerHeight) seen.push(walk.currentNode.textContent); } \
    return seen.join('').replace(/\\s+/g, ' '); })()";

#[tokio::test]
async fn the_cause_of_each_is_on_the_first_screen() {
    if browser_is_missing() {
        return;
    }
    let browser = Browser::start(Screen::DESKTOP).await;
    for (name, cause, evidence) in EIGHT {
        browser.open(&fixture(name)).await;
        let seen = browser.text(FIRST_SCREEN).await;
        browser.screenshot(&format!("eight-{name}")).await;
        assert_eq!(browser.text_of(".diagnosis .kind").await, cause, "{name}");
        assert!(
            seen.contains(cause),
            "{name}: {cause} is not in sight:\n{seen}"
        );
        for part in evidence {
            assert!(
                seen.contains(part),
                "{name}: {part} is not in sight:\n{seen}"
            );
        }
        browser.assert_no_problems().await;
    }
    browser.close().await;
}

#[tokio::test]
async fn all_of_them_are_usable_on_other_screens() {
    if browser_is_missing() {
        return;
    }
    let browser = Browser::start(Screen::PHONE).await;
    for (number, screen) in [Screen::PHONE, Screen::PHONE_DARK, Screen::DESKTOP_DARK]
        .into_iter()
        .enumerate()
    {
        browser.resize(screen).await;
        for (name, cause, _) in EIGHT {
            browser.open(&fixture(name)).await;
            assert_eq!(browser.text_of(".diagnosis .kind").await, cause, "{name}");
            // Nothing sticks out of the screen: what is wide scrolls in its own box.
            // `innerWidth` is no measure: on a phone it grows with what is too wide.
            let wide = browser.run("document.documentElement.scrollWidth").await;
            assert_eq!(wide, screen.width, "{name} is too wide");
            browser.screenshot(&format!("screen-{number}-{name}")).await;
        }
    }
    browser.close().await;
}
