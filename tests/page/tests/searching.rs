//! Search and its filters: what they find, and what leads to them.

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
