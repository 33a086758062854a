//! Search and its filters: what they find, how it is marked, and what leads to them.

use choreo_report::model::Report;
use choreo_test_page::{Browser, fixture, made, on_every_screen};
use serde_json::json;

async fn found(browser: &Browser, query: &str) -> Vec<String> {
    browser.search(query).await;
    let names = browser
        .run("[...document.querySelectorAll('.test .name')].map((one) => one.textContent)")
        .await;
    serde_json::from_value(names).expect("names")
}

#[tokio::test]
async fn everything_can_be_searched() {
    on_every_screen(async |browser, _| {
        let report = fixture("wrong-value");
        browser.open(&report).await;
        let large = ["a_large_order_keeps_its_count"];
        // Names, errors, ids, payloads (also their keys), headers, topics.
        assert_eq!(found(browser, "LARGE").await, large);
        assert_eq!(found(browser, "\"999 and 1000 was\"").await, large);
        assert_eq!(found(browser, "nothing ordered").await, large);
        assert_eq!(found(browser, "unit_price").await, large);
        assert_eq!(found(browser, "b7ad-19").await, large);
        let id = report.tests[4].scenarios[0]
            .correlation_id
            .clone()
            .expect("an id");
        assert_eq!(found(browser, &id).await, large);
        assert_eq!(
            found(browser, "vouchers.redeemed").await,
            ["a_voucher_is_redeemed"]
        );
        // Words of the format itself are not in the report.
        assert_eq!(found(browser, "completed_normally").await, [""; 0]);
        assert_eq!(browser.text_of("#search-count").await, "0 scenarios");
        assert_eq!(found(browser, "nightly -large").await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn filters_have_types() {
    on_every_screen(async |browser, _| {
        browser.open(&fixture("wrong-value")).await;
        for (query, expected) in [
            ("topic:redeemed", &["a_voucher_is_redeemed"][..]),
            ("topic:orders.refunded", &["a_refund_is_booked"]),
            ("outcome:failed", &["a_large_order_keeps_its_count"]),
            ("outcome:fail -tag:bulk", &[]),
            ("tag:bulk", &["a_large_order_keeps_its_count"]),
            (
                "slower:15ms outcome:passed",
                &["a_price_change_reaches_the_shop"],
            ),
            ("transport:kafka", &[]),
            ("transport:nats topic:ledger", &["a_refund_is_booked"]),
            ("cause:wrong-value", &["a_large_order_keeps_its_count"]),
            (
                "file:\"tests/orders.rs\" slower:0.1s",
                &["a_large_order_keeps_its_count"],
            ),
        ] {
            assert_eq!(found(browser, query).await, expected, "{query}");
        }
        browser.search("slower:soon").await;
        assert!(
            browser
                .text_of("#search-count")
                .await
                .contains("is no duration")
        );
        browser.open(&fixture("reply-failed")).await;
        assert_eq!(
            found(browser, "transport:kafka").await,
            ["an_order_crosses_the_bridge"]
        );
        assert_eq!(
            found(browser, "outcome:timeout").await,
            ["an_order_crosses_the_bridge"]
        );
        browser.click("[data-pill=passed]").await;
        assert!(
            browser
                .text("document.getElementById('search').value")
                .await
                .starts_with("outcome:passed")
        );
    })
    .await;
}

#[tokio::test]
async fn a_tag_leads_to_all_that_have_it() {
    on_every_screen(async |browser, _| {
        let tags = ["nightly", "two words", "say \"so\" aloud", ""];
        let mut report = made::many(6, &[1, 2]);
        for test in &mut report.tests[2..4] {
            test.tags = tags.map(str::to_owned).to_vec();
        }
        let place = "#q=scenario&t=shop::orders::scenario_2&x=h1&e=e4&view=waterfall";
        for (number, query) in ["nightly", "\"two words\"", "\" aloud\"", "\"\""]
            .iter()
            .enumerate()
        {
            browser.open_at(&report, place).await;
            browser
                .run("(document.querySelector('.section-passed[aria-expanded=false]')?.click(), true)")
                .await;
            browser
                .run(&format!("(document.querySelectorAll('.tag')[{number}].click(), true)"))
                .await;
            browser.settle().await;
            let names = browser
                .run("[...document.querySelectorAll('.test .name')].map((one) => one.textContent)")
                .await;
            assert_eq!(names, json!(["scenario_2", "scenario_3"]), "{query}");
            // The test stays, the view too; what was pointed at in it does not.
            let hash = browser.hash().await;
            assert_eq!(
                hash.replace('+', " "),
                format!("#q=tag:{query}&t=shop::orders::scenario_2&view=waterfall")
            );
            assert_eq!(browser.count(".test[aria-current]").await, 1);
        }
        // The address of a link is that of the state in which it is used.
        browser.open_at(&report, "#t=shop::orders::scenario_2").await;
        browser.press("v").await;
        browser.click(".tag").await;
        assert_eq!(browser.count("[data-mode=waterfall]").await, 1);
    })
    .await;
}

/// The texts that are marked within a selector.
async fn marked(browser: &Browser, within: &str) -> Vec<String> {
    let script =
        format!("[...document.querySelectorAll('{within} mark')].map((one) => one.textContent)");
    serde_json::from_value(browser.run(&script).await).expect("texts")
}

#[tokio::test]
async fn hits_are_marked() {
    on_every_screen(async |browser, screen| {
        browser.open(&fixture("wrong-value")).await;
        let before = browser
            .text("document.querySelector('main').textContent")
            .await;
        browser.search("LARGE_order").await;
        assert_eq!(marked(browser, ".test").await, ["large_order"]);
        // Where a line may break within a word, it is marked in two parts.
        assert_eq!(marked(browser, "h2").await.concat(), "large_order");
        // What is opened later, and what takes the place of something else.
        browser.search("ord-4").await;
        let payload = ".misses .payload";
        assert_eq!(marked(browser, payload).await, [""; 0]);
        browser.click(".misses [data-field=payload] summary").await;
        let first = marked(browser, payload).await;
        assert!(!first.is_empty() && first.iter().all(|hit| hit == "ORD-4"));
        browser.click("[data-step='1']").await;
        browser.click(".misses [data-field=payload] summary").await;
        assert_eq!(marked(browser, payload).await, first);
        // Several words, a phrase, and none that is excluded; the page's own words are not the run's.
        browser
            .search("status \"order.count was\" -refund expected")
            .await;
        assert_eq!(
            marked(browser, ".group .title").await,
            ["order.count", " was", "expected"]
        );
        let hits = marked(browser, "main").await;
        assert!(hits.contains(&"status".to_owned()), "{hits:?}");
        assert_eq!(
            marked(browser, ":is(thead, .sub4, [role=status], svg)").await,
            [""; 0]
        );
        browser.screenshot(&format!("marked-{screen}")).await;
        // Nothing is left of a search that is over.
        browser.search("").await;
        browser.click("[data-step='-1']").await;
        assert_eq!(browser.count("mark").await, 0);
        let after = browser
            .text("document.querySelector('main').textContent")
            .await;
        assert_eq!(after, before);
    })
    .await;
}

#[tokio::test]
async fn marks_are_text_and_few() {
    on_every_screen(async |browser, _| {
        let mut report: Report = made::hostile();
        let many = json!({ "blob": "ab".repeat(100_000) });
        report.tests[0].scenarios[0].messages[1].payload = Some(many);
        browser.open(&report).await;
        for text in ["\"<img src=x\"", "a", "]]>&amp;", "ä"] {
            browser.search(text).await;
            browser
                    .run("(document.querySelectorAll('main details').forEach((one) => { one.open = true; }), true)")
                    .await;
            browser.settle().await;
            browser
                    .run("(document.querySelectorAll('main .payload .quiet').forEach((one) => one.click()), true)")
                    .await;
            browser.settle().await;
            let marks = browser.count("main mark").await;
            assert!((1..=2000).contains(&marks), "{text}: {marks}");
        }
        assert_eq!(browser.run("window.broken === undefined").await, true);
        assert_eq!(browser.count("main img").await, 0);
    })
    .await;
}
