//! No violation of axe-core's rules, on any page, screen or colour scheme; landmarks and keyboard.

use std::collections::BTreeSet;

use choreo_test_page::{
    AXE, Browser, Screen, browser_is_missing, fixture, golden, made, on_every_screen,
};
use serde_json::json;

/// The prepared failures. Some are looked at by this test alone: `eight.rs` has such failures of real runs.
const ALL: [&str; 8] = [
    "routing",
    "wrong-value",
    "reply-failed",
    "late",
    "duplicate",
    "wrong-order",
    "broker-lost",
    "wrong-type",
];

async fn assert_accessible(browser: &Browser, what: &str) {
    // Through the driver, not by a script element: the policy of the page allows none.
    let inject = format!("(() => {{ if (!window.axe) {{ {AXE} }} return true; }})()");
    browser.run(&inject).await;
    browser
        .run("(axe.run(document, { resultTypes: ['violations'] }).then((r) => { window.found = r.violations.map((v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + ' ' + n.any.concat(n.all, n.none).map((c) => c.message).join(' ')).join(' | ')); }), true)")
        .await;
    browser.until("window.found !== undefined").await;
    let found = browser
        .run("(() => { const found = window.found; delete window.found; return found; })()")
        .await;
    assert_eq!(found, json!([]), "{what}");
}

#[test]
fn every_fixture_is_looked_at() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
    let files = std::fs::read_dir(folder).expect("the fixtures");
    let names = files.map(|file| file.expect("a file").file_name());
    let found: BTreeSet<_> = names.collect();
    let looked_at: BTreeSet<_> = ALL.map(|name| format!("{name}.json").into()).into();
    assert_eq!(found, looked_at);
}

#[tokio::test]
async fn axe_finds_nothing() {
    if browser_is_missing() {
        return;
    }
    let browser = Browser::start(Screen::DESKTOP).await;
    for screen in Screen::ALL {
        browser.resize(screen).await;
        // Looking at all of them takes a second each; what differs between screens is in these three.
        let names = match screen {
            Screen::DESKTOP => &ALL[..],
            _ => &ALL[..3],
        };
        for name in names {
            browser.open(&fixture(name)).await;
            browser.run("(document.querySelectorAll('details').forEach((one) => { one.open = true; }), true)").await;
            browser.settle().await;
            assert_accessible(&browser, &format!("{name} on {screen:?}")).await;
        }
        for hash in [
            "#view=waterfall&e=e3",
            "#page=latency",
            "#page=run",
            "#page=compare",
            "#q=nothing-like-this",
            "#q=order",
        ] {
            browser.open_at(&fixture("wrong-value"), hash).await;
            assert_accessible(&browser, &format!("{hash} on {screen:?}")).await;
        }
        browser.open(&golden("stage-near-miss")).await;
        assert_accessible(&browser, &format!("an older report on {screen:?}")).await;
        browser.open(&made::run_of(Vec::new())).await;
        assert_accessible(&browser, &format!("an empty run on {screen:?}")).await;
        browser.click("#help").await;
        assert_accessible(&browser, &format!("the help on {screen:?}")).await;
    }
    browser.close().await;
}

#[tokio::test]
async fn everything_can_be_reached_by_landmarks_and_headings() {
    on_every_screen(async |browser, _| {
        browser.open(&fixture("wrong-value")).await;
        for landmark in [
            "header.top",
            "main",
            "aside[aria-label]",
            "nav[aria-label='Pages']",
            "[role=search]",
        ] {
            assert_eq!(browser.count(landmark).await, 1, "{landmark}");
        }
        assert_eq!(browser.count("h1").await, 1);
        assert_eq!(browser.count("main h2").await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_keyboard_does_it_all() {
    on_every_screen(async |browser, _| {
        browser.open(&made::many(60, &[10, 20, 30])).await;
        let name = "document.querySelector('.test-head h2').textContent";
        assert_eq!(browser.text(name).await, "scenario_10");
        browser.press("n").await;
        assert_eq!(browser.text(name).await, "scenario_20");
        browser.press("n").await;
        browser.press("p").await;
        assert_eq!(browser.text(name).await, "scenario_20");
        browser.press("j").await;
        assert_eq!(browser.text(name).await, "scenario_30");
        browser.press("k").await;
        assert_eq!(browser.text(name).await, "scenario_20");
        browser.press("/").await;
        assert_eq!(browser.text("document.activeElement.id").await, "search");
        // In the box, letters are letters.
        browser.press("jn?").await;
        assert_eq!(
            browser
                .text("document.getElementById('search').value")
                .await,
            "jn?"
        );
        browser.press("\u{E00C}").await;
        assert_eq!(browser.text("document.activeElement.tagName").await, "BODY");
        browser.press("?").await;
        assert_eq!(browser.count("dialog[open]").await, 1);
        let keys =
            "[...document.querySelectorAll('.help kbd')].map((one) => one.textContent).join(' ')";
        assert_eq!(
            browser.text(keys).await,
            "j k n p ↑ ↓ Enter ← → v / Esc t ?"
        );
        browser.press("\u{E00C}").await;
        assert_eq!(browser.count("dialog[open]").await, 0);
        browser.press("v").await;
        assert_eq!(browser.count("[data-mode=waterfall]").await, 1);
        browser.press("t").await;
        assert_eq!(
            browser.text("document.documentElement.dataset.theme").await,
            "light"
        );
        browser.run("(localStorage.clear(), true)").await;

        browser.open(&fixture("wrong-value")).await;
        browser.press("\u{E014}").await;
        assert_eq!(browser.text_of(".stepper span").await, "2 of 3");
        browser.press("\u{E012}").await;
        assert_eq!(browser.text_of(".stepper span").await, "1 of 3");
        browser
            .run("(document.querySelector('.event').focus(), true)")
            .await;
        browser.press("\u{E015}").await;
        browser.press("\u{E007}").await;
        assert_eq!(
            browser.count(".event-row.picked[data-event-id=e2]").await,
            1
        );
        browser.press("\u{E013}").await;
        browser.press("\u{E007}").await;
        assert_eq!(
            browser.count(".event-row.picked[data-event-id=e1]").await,
            1
        );
        // On a phone what passed is folded away at first.
        browser
            .run("(document.querySelector('.section-passed[aria-expanded=false]')?.click(), document.querySelector('.test[aria-current]').focus(), true)")
            .await;
        browser.press("\u{E015}").await;
        assert_eq!(browser.text(name).await, "an_order_is_accepted");
        assert_eq!(
        browser
            .text(
                "document.activeElement.textContent.includes('an_order_is_accepted') ? 'yes' : 'no'"
            )
            .await,
        "yes"
    );
    })
    .await;
}

#[tokio::test]
async fn arrows_move_what_is_wide_and_near_misses_elsewhere() {
    on_every_screen(async |browser, screen| {
        browser.open(&fixture("wrong-value")).await;
        let focus =
            |selector: &str| format!("(document.querySelector('{selector}').focus(), true)");
        // The timeline is wider than its box on a phone, and fits on a laptop.
        let is_wide = screen.width == Screen::PHONE.width;
        browser.run(&focus(".scroll-x")).await;
        browser.press("\u{E014}").await;
        if is_wide {
            browser
                .until("document.querySelector('.scroll-x').scrollLeft > 0")
                .await;
        }
        let second = if is_wide { "1 of 3" } else { "2 of 3" };
        assert_eq!(browser.text_of(".stepper span").await, second);
        browser.run(&focus(".scroll-x .event")).await;
        browser.press("\u{E012}").await;
        assert_eq!(browser.text_of(".stepper span").await, "1 of 3");
        browser.run(&focus(".test[aria-current]")).await;
        browser.press("\u{E014}").await;
        assert_eq!(browser.text_of(".stepper span").await, "2 of 3");
    })
    .await;
}

#[tokio::test]
async fn colours_can_be_chosen() {
    on_every_screen(async |browser, screen| {
        let report = fixture("wrong-value");
        browser.open(&report).await;
        let paper = "getComputedStyle(document.documentElement).backgroundColor";
        let system = browser.text(paper).await;
        browser.click("#theme").await;
        let light = browser.text(paper).await;
        browser.click("#theme").await;
        let dark = browser.text(paper).await;
        assert_ne!(dark, light);
        assert_eq!(&system, if screen.dark { &dark } else { &light });
        // Kept when the page is opened again, whatever the system has.
        let other = Screen {
            dark: !screen.dark,
            ..screen
        };
        for system in [other, screen] {
            browser.resize(system).await;
            browser.open(&report).await;
            assert_eq!(browser.text(paper).await, dark);
        }
        browser.assert_fits(screen).await;
        browser.click("#theme").await;
        assert_eq!(browser.text(paper).await, system);
    })
    .await;
}

#[tokio::test]
async fn motion_can_be_reduced() {
    on_every_screen(async |browser, screen| {
        browser.open(&fixture("wrong-value")).await;
        let moving = "[...document.querySelectorAll('*')].filter((one) => parseFloat(getComputedStyle(one).transitionDuration) > 0).length";
        assert_ne!(browser.run(moving).await, 0);
        let scheme = if screen.dark { "dark" } else { "light" };
        let media = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        browser.dev_tools("Emulation.setEmulatedMedia", media).await;
        assert_eq!(browser.run(moving).await, 0);
    })
    .await;
}
