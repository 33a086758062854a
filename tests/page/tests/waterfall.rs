//! The waterfall: bars, bands and axis on one scale, on every screen.

use choreo_test_page::{Browser, Screen, browser_is_missing, golden, made, on_every_screen};
use serde_json::json;

#[tokio::test]
async fn axis_bands_and_bars_share_one_scale_at_every_width() {
    if browser_is_missing() {
        return;
    }
    let browser = Browser::start(Screen::DESKTOP).await;
    let mut report = made::many(1, &[0]);
    let scenario = &mut report.tests[0].scenarios[0];
    scenario.timeout_ms = Some(made::micros(200_000));
    let handle = scenario.handles[0].clone();
    for number in 1..5_u64 {
        let mut other = handle.clone();
        other.id = Some(format!("h{}", number + 1));
        other.budget_ms = Some(made::micros(50_000 + number * 400));
        scenario.handles.push(other);
    }
    let between = [320, 640, 761, 900, 1024, 1081].map(|width| Screen {
        width,
        ..Screen::DESKTOP
    });
    for screen in Screen::ALL.into_iter().chain(between) {
        browser.resize(screen).await;
        browser.open_at(&report, "#view=waterfall").await;
        assert_eq!(browser.count(".band-name").await, 6);
        browser.assert_one_scale(&format!("{screen:?}")).await;
        browser.scroll_to(".timeline").await;
        browser.screenshot(&format!("scale-{screen}")).await;
    }
    browser.assert_no_problems().await;
    browser.close().await;
}

#[tokio::test]
async fn the_budget_of_a_hop_begins_where_the_hop_does() {
    on_every_screen(async |browser, screen| {
    let mut report = made::many(1, &[]);
    let scenario = &mut report.tests[0].scenarios[0];
    let mut hop = scenario.handles[0].clone();
    hop.id = Some("h2".to_owned());
    hop.since = Some("h1".to_owned());
    hop.budget_ms = Some(made::micros(7_000));
    let mut lost = hop.clone();
    lost.id = Some("h3".to_owned());
    lost.since = Some("h9".to_owned());
    lost.budget_ms = Some(made::micros(9_000));
    scenario.handles.extend([hop, lost]);
    browser
        .open_at(&report, "#t=shop::orders::scenario_0&view=waterfall")
        .await;
    assert_eq!(
        browser
            .run("[...document.querySelectorAll('.band-name.budget')].map((one) => one.textContent.replaceAll('\u{a0}', ' '))")
            .await,
        json!(["budget 50 ms", "budget 7 ms since orders.processed"])
    );
    // `h1` was satisfied by the message that `e4` received.
    let lefts = "[...document.querySelectorAll('.band.budget, [data-event-id=e1] .point, [data-event-id=e4] .point')].map((one) => one.style.left)";
    let lefts = browser.run(lefts).await;
    assert_eq!(lefts[0], lefts[2], "from the trigger");
    assert_eq!(lefts[1], lefts[3], "from the message before");
    browser.assert_one_scale("a hop").await;
    browser.scroll_to(".timeline").await;
    browser.screenshot(&format!("hop-{screen}")).await;
    }).await;
}

#[tokio::test]
async fn older_reports_have_their_deadline_in_the_waterfall() {
    on_every_screen(async |browser, screen| {
        browser
            .open_at(&golden("stage-near-miss"), "#view=waterfall")
            .await;
        assert_eq!(browser.text_of(".band-name.deadline").await, "deadline");
        let ends = "(() => { const band = document.querySelector('.band.deadline').getBoundingClientRect(); \
                    const point = document.querySelector('[data-action=deadline] .point').getBoundingClientRect(); \
                    return Math.abs(band.right - (point.left + point.right) / 2); })()";
        let apart = browser.run(ends).await;
        assert!(apart.as_f64().is_some_and(|pixels| pixels < 2.0), "{apart}");
        browser.assert_one_scale("an older report").await;
        browser.scroll_to(".timeline").await;
        browser
            .screenshot(&format!("golden-waterfall-{screen}"))
            .await;
    })
    .await;
}

#[tokio::test]
async fn rows_of_a_stage_name_their_transport() {
    on_every_screen(async |browser, screen| {
        let rows = "[...document.querySelectorAll('.event-row .what')].map((one) => [...one.children].filter((part) => !part.matches('.sr')).map((part) => part.textContent).join(' ')).join('; ')";
        browser
            .open_at(&golden("stage-same-topic"), "#page=results&view=waterfall")
            .await;
        assert_eq!(
            browser.text(rows).await,
            "published orders kafka; received orders kafka; replied orders nats; received orders nats; matched orders nats"
        );
        browser.assert_one_scale("a stage").await;
        browser.scroll_to(".timeline").await;
        browser
            .screenshot(&format!("waterfall-stage-{screen}"))
            .await;
        // Of one transport there is nothing to tell apart.
        browser
            .open_at(&made::many(1, &[0]), "#view=waterfall")
            .await;
        assert_eq!(browser.count(".event-row").await, 5);
        assert_eq!(browser.count(".event-row .badge").await, 0);
    })
    .await;
}
