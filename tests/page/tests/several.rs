//! Tests with several scenarios, as those of the Python tool: each expectation, reply and event has an address.

use choreo_report::model::{Reply, ReplyState};
use choreo_test_page::{Browser, golden, made, on_every_screen};
use serde_json::json;

/// In which scenario an element is, by its place in the test.
async fn place_of(browser: &Browser, selector: &str) -> Option<u64> {
    let script = format!(
        "[...document.querySelectorAll('.scenario')].indexOf(document.querySelector({})?.closest('.scenario'))",
        json!(selector)
    );
    browser.run(&script).await.as_u64()
}

async fn unfold(browser: &Browser) {
    for _ in 0..3 {
        browser
            .run("(document.querySelectorAll('details').forEach((one) => { one.open = true; }), true)")
            .await;
        browser.settle().await;
    }
}

/// How many elements have the id of another one.
const TWICE: &str = "[...document.querySelectorAll('[id]')].length - new Set([...document.querySelectorAll('[id]')].map((one) => one.id)).size";

#[tokio::test]
async fn links_lead_to_the_scenario_that_they_name() {
    on_every_screen(async |browser, screen| {
        let report = golden("xdist-2-workers");
        let failed = "#t=test_orders.py::test_multi_mixed";
        for (part, place) in [("", None), ("&x=h1", Some(0)), ("&x=2.h1", Some(1))] {
            browser.open_at(&report, &format!("{failed}{part}")).await;
            assert_eq!(place_of(browser, ".pointed").await, place, "{part}");
        }
        let own = "document.querySelector('.expectation.red .anchor').getAttribute('href')";
        assert_eq!(browser.text(own).await, format!("{failed}&x=2.h1"));
        browser
            .screenshot(&format!("several-scenarios-{screen}"))
            .await;
        unfold(browser).await;
        assert_eq!(browser.count(".expectation").await, 2);
        assert_eq!(browser.run(TWICE).await, 0);
        // Into a scenario that is folded, from the latencies.
        browser
            .open_at(&report, "#page=latency&q=test_two_scenarios")
            .await;
        browser.click(".slowest a[href$='&x=2.h1']").await;
        browser
            .until("document.querySelector('.pointed') !== null")
            .await;
        assert_eq!(place_of(browser, ".pointed").await, Some(1));
        browser
            .open_at(&report, "#t=test_orders.py::test_two_scenarios&e=2.e3")
            .await;
        let open = "[...document.querySelectorAll('.scenario')].map((one) => one.open)";
        assert_eq!(browser.run(open).await, json!([true, true]));
    })
    .await;
}

#[tokio::test]
async fn what_is_chosen_in_one_scenario_is_chosen_there_only() {
    on_every_screen(async |browser, _| {
        let mut test = made::test("twice", 4000, true);
        let scenario = &mut test.scenarios[0];
        let handle = &mut scenario.handles[0];
        let miss = handle.near_misses[0].clone();
        handle.near_misses.push(miss);
        let mut reply = Reply::new("orders.audit", "orders.audited", ReplyState::ReplyFailed);
        reply.id = Some("r1".to_owned());
        scenario.replies.push(reply);
        let again = scenario.clone();
        test.scenarios.push(again);
        browser.open(&made::run_of(vec![test])).await;
        let steps = "[...document.querySelectorAll('.stepper span')].map((one) => one.innerText)";
        browser
            .click(".scenario:last-of-type .expectation [data-step='1']")
            .await;
        assert_eq!(browser.run(steps).await, json!(["1 of 2", "2 of 2"]));
        assert!(browser.hash().await.ends_with("#x=2.h1&n=2"));
        browser
            .click(".scenario:last-of-type [data-event-id=e4] button")
            .await;
        assert_eq!(browser.count(".event-row.picked").await, 1);
        assert_eq!(place_of(browser, ".event-row.picked").await, Some(1));
        assert!(browser.hash().await.ends_with("&e=2.e4"));
        let replies = "[...document.querySelectorAll('.reply')].map((one) => one.id)";
        assert_eq!(browser.run(replies).await, json!(["x-r1", "x-2.r1"]));
        assert_eq!(browser.run(TWICE).await, 0);
    })
    .await;
}
