//! From red to the cause, and on: near misses, messages, the timeline, what else there is to see of a test.

use choreo_report::model::{
    CaseRow, HandleOutcome, Notice, NoticeKind, Outcome, Test, TestOutcome,
};
use choreo_test_page::{Screen, fixture, golden, made, on_every_screen};
use serde_json::json;

/// There is no room for more on a phone.
fn head_of_system(screen: Screen) -> &'static str {
    if screen.width == Screen::PHONE.width {
        "SUT"
    } else {
        "System"
    }
}

#[tokio::test]
async fn failures_are_grouped_by_cause_and_the_first_is_open() {
    on_every_screen(async |browser, _| {
    let mut report = made::many(40, &[7, 12, 30]);
    report.tests.extend(fixture("routing").tests);
    report.run.totals = made::run_of(report.tests.clone()).run.totals;
    browser.open(&report).await;
    assert_eq!(
        browser.text_of("#verdict").await,
        "4 of 52 scenarios failed, from 2 causes."
    );
    let groups = "[...document.querySelectorAll('.group')].map((one) => one.innerText.split(/\\n+/).slice(0, 2).join(' ')).join('; ')";
    assert_eq!(
        browser.text(groups).await,
        "Wrong value 3; Nothing arrived 1"
    );
    let titles = browser.text("[...document.querySelectorAll('.group .title')].map((one) => one.textContent).join('; ')").await;
    assert!(titles.starts_with("status on orders.processed was REJECTED, COMPLETED was expected; orders.created went out"), "{titles}");
    assert_eq!(browser.text_of(".test-head h2").await, "scenario_7");
    assert_eq!(
        browser.text_of(".test[aria-current] .name").await,
        "scenario_7"
    );
    assert_eq!(
        browser.text("document.title").await,
        "4 of 52 scenarios failed, from 2 causes. · shop"
    );
    // A group folds away.
    let tests = browser.count(".test").await;
    browser.click(".group").await;
    assert_eq!(browser.count(".group[aria-expanded=false]").await, 1);
    assert!(browser.count(".test").await < tests + 3);
    })
    .await;
}

#[tokio::test]
async fn near_misses_are_compared_field_by_field_and_stepped_through() {
    on_every_screen(async |browser, screen| {
    browser.open(&fixture("wrong-value")).await;
    let lines = "[...document.querySelectorAll('.diff tbody tr')].map((row) => [...row.cells].map((cell) => cell.innerText).join(' | ')).join('; ')";
    assert_eq!(browser.text(lines).await, "order.count | 1000 | 999");
    browser.click("[data-step='1']").await;
    assert_eq!(
        browser.text_of(".miss-head .sub4").await,
        "Near miss 2 of 3"
    );
    assert_eq!(
        browser.text(lines).await,
        "status | \"COMPLETED\" | \"PENDING\"; order.count | 1000 | 300"
    );
    assert!(browser.hash().await.contains("n=2"));
    browser.click("[data-step='1']").await;
    assert_eq!(browser.count(".diff tbody tr").await, 3);
    assert_eq!(browser.count("[data-step='1'][disabled]").await, 1);
    browser.click("[data-step='-1']").await;
    browser.click("[data-step='-1']").await;
    assert_eq!(browser.text(lines).await, "order.count | 1000 | 999");
    // The message: one click away, with headers, and the wrong place marked.
    browser.click(".misses [data-field=payload] summary").await;
    let message = browser.text_of(".misses .message").await;
    for part in [
        "trace",
        "b7ad-19",
        "stream_sequence",
        "\"unit_price\": 19.9",
        "redacted:field",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
    assert_eq!(
        browser.text_of(".misses .message .mark-wrong").await,
        "\"count\""
    );
    assert_eq!(
        browser
            .text("[...document.querySelectorAll('.misses .message .mark-wrong')].at(-1).innerText")
            .await,
        "999,"
    );
    browser.click(".misses .payload-tools button").await;
    assert!(
        browser
            .text_of(".misses .payload")
            .await
            .contains("\"count\": 999")
    );
    browser.screenshot(&format!("payload-{screen}")).await;
    })
    .await;
}

#[tokio::test]
async fn a_pattern_is_shown_in_its_own_words_and_as_data_where_there_are_none() {
    on_every_screen(async |browser, _| {
        let condition = json!({ "qty": { "gt": 500 }, "note": { "exists": false } });
        let words = "{ qty: > 500, note: absent, .. }";
        let shown = async |description: &str, id: Option<&str>| {
            let mut report = fixture("routing");
            let test = report
                .tests
                .iter_mut()
                .find(|test| test.outcome == TestOutcome::Failed);
            let handles = &mut test.expect("one failed").scenarios[0].handles;
            let handle = handles
                .iter_mut()
                .find(|it| it.outcome == HandleOutcome::Timeout);
            let handle = handle.expect("nothing came for one");
            handle.expected = condition.clone();
            handle.matcher_description = description.to_owned();
            handle.id = id.map(str::to_owned);
            browser.open(&report).await;
            let expected = ".expectation.red .two section:first-child";
            let folds = browser.count(&format!("{expected} details")).await;
            (browser.text_of(expected).await, folds)
        };
        let (text, folds) = shown(words, Some("h1")).await;
        assert!(text.contains(words) && !text.contains("\"gt\""), "{text}");
        assert_eq!(folds, 0);
        // Words that were cut say less than the data.
        let (text, folds) = shown("{ qty: > 500, no…", Some("h1")).await;
        assert!(text.contains("{ qty: > 500, no…"), "{text}");
        assert_eq!(folds, 1);
        let (text, _) = shown("", Some("h1")).await;
        assert!(text.contains("\"gt\": 500"), "{text}");
        // Of older reports the data says more.
        let (text, _) = shown("contains_fields({})", None).await;
        assert!(text.contains("\"gt\": 500"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn payloads_of_matched_messages_can_be_read() {
    on_every_screen(async |browser, _| {
        browser
            .open_at(
                &fixture("wrong-value"),
                "#t=shop::orders::an_order_is_priced",
            )
            .await;
        browser.click(".expectation summary").await;
        assert!(
            browser
                .text_of(".expectation .payload")
                .await
                .contains("\"order_id\": \"ORD-42\"")
        );
        browser.open_at(&golden("passing"), "").await;
        browser.click(".tab").await;
        browser
        .run("(document.querySelectorAll('details').forEach((one) => { one.open = true; }), true)")
        .await;
        browser.settle().await;
        assert!(browser.count(".expectation .payload").await >= 1);
    })
    .await;
}

#[tokio::test]
async fn the_key_of_a_message_is_in_its_line_and_in_its_view() {
    on_every_screen(async |browser, _| {
        browser.open(&fixture("duplicate")).await;
        let line = browser.text_of(".counted .facts-line").await;
        assert!(line.contains("key \"ORD-42\""), "{line}");
        browser.click(".counted summary").await;
        let facts = "Object.fromEntries([...document.querySelectorAll('.counted .message .facts > div')].map((one) => [...one.children].map((part) => part.textContent)))";
        assert_eq!(browser.run(facts).await["Key"], "ORD-42");
    })
    .await;
}

#[tokio::test]
async fn sequence_and_waterfall_show_the_same_events_and_the_same_choice() {
    on_every_screen(async |browser, screen| {
    browser.open(&fixture("wrong-value")).await;
    let edges = "[...document.querySelectorAll('.stagebox .edge')].map((one) => one.dataset.edgeFrom + '>' + one.dataset.edgeTo).join(' ')";
    assert_eq!(
        browser.text(edges).await,
        "e1>e2 e2>e3 e1>e4 e4>e5 e1>e6 e6>e7 e1>e8"
    );
    let heads = "[...document.querySelectorAll('.head')].map((one) => one.textContent).join(' ')";
    let system = head_of_system(screen);
    assert_eq!(browser.text(heads).await, format!("Test nats {system}"));
    // Arrows have a length.
    assert_eq!(browser.run("[...document.querySelectorAll('.step .arrow')].every((one) => one.getBBox().width > 0)").await, true);
    browser.click("[data-event-id=e5] button").await;
    let lit = "[...document.querySelectorAll('.event-row.lit')].map((one) => one.dataset.eventId).join(' ')";
    assert_eq!(browser.text(lit).await, "e1 e4 e5");
    assert!(browser.text_of(".event-detail").await.contains("Caused by"));
    assert!(
        browser
            .text_of(".event-detail .payload")
            .await
            .contains("PENDING"),
        "the event's message"
    );
    browser.click("[data-seg=waterfall]").await;
    assert_eq!(browser.count("[data-mode=waterfall]").await, 1);
    assert_eq!(browser.text(lit).await, "e1 e4 e5");
    assert_eq!(browser.count(".event-row").await, 8);
    assert_eq!(browser.count(".band.budget").await, 1);
    assert_eq!(browser.count(".band.deadline").await, 1);
    // Microseconds are visible beside a deadline of 200 ms.
    let width = browser
        .run("document.querySelector('[data-event-id=e3] .bar').getBoundingClientRect().width")
        .await;
    assert!(width.as_f64().is_some_and(|width| width > 8.0), "{width}");
    assert!(
        browser
            .text_of("[data-event-id=e3] .when")
            .await
            .contains("20 µs")
    );
    browser.assert_one_scale("eight events").await;
    browser.scroll_to(".timeline").await;
    browser.screenshot(&format!("waterfall-{screen}")).await;
    })
    .await;
}

#[tokio::test]
async fn a_stage_has_all_transports_in_one_order_of_time() {
    on_every_screen(async |browser, screen| {
    browser.open(&fixture("reply-failed")).await;
    let heads = "[...document.querySelectorAll('.head')].map((one) => one.textContent).join(' ')";
    let system = head_of_system(screen);
    assert_eq!(browser.text(heads).await, format!("Test kafka nats {system}"));
    let times =
        "[...document.querySelectorAll('.event-row .time')].map((one) => one.innerText).join(' ')";
    assert_eq!(
        browser.text(times).await,
        "+52 µs +6.72 ms +6.91 ms +500 ms"
    );
    assert_eq!(
        browser
            .count("path[data-reply-link-from=e2][data-reply-link-to=e3]")
            .await,
        1
    );
    browser.open(&golden("stage-near-miss")).await;
    browser.screenshot(&format!("golden-stage-{screen}")).await;
    assert!(
        browser
            .text_of(".timeline")
            .await
            .contains("causes are inferred")
    );
    assert_eq!(browser.text_of(".diagnosis .kind").await, "Wrong value");
    let edges = "[...document.querySelectorAll('.stagebox .edge')].map((one) => one.dataset.edgeFrom + '>' + one.dataset.edgeTo).join(' ')";
    assert_eq!(browser.text(edges).await, "e1>e2 e2>e3 e3>e4 e4>e5");
    })
    .await;
}

#[tokio::test]
async fn long_timelines_are_shown_in_part_first() {
    on_every_screen(async |browser, _| {
    let mut report = made::many(1, &[0]);
    let scenario = &mut report.tests[0].scenarios[0];
    let first = scenario.timeline[0].clone();
    scenario.timeline = vec![first; 620];
    for (number, event) in scenario.timeline.iter_mut().enumerate() {
        event.id = Some(format!("e{}", number + 1));
    }
    browser.open(&report).await;
    assert_eq!(browser.count(".timeline[data-virtualised=true][data-virtualised-shown='500'][data-virtualised-total='620']").await, 1);
    assert_eq!(browser.count(".event-row").await, 500);
    browser.click("[data-virtualised-expand=true]").await;
    assert_eq!(browser.count(".event-row").await, 620);
    }).await;
}

#[tokio::test]
async fn a_failure_can_be_copied_and_run_again() {
    on_every_screen(async |browser, _| {
        browser.open(&fixture("wrong-value")).await;
        let keep =
            "(navigator.clipboard.writeText = async (text) => { window.copied = text; }, true)";
        browser.run(keep).await;
        browser.click("[data-copy=rerun]").await;
        assert_eq!(
            browser.text("window.copied").await,
            "cargo test -p shop --test orders -- --exact a_large_order_keeps_its_count"
        );
        browser.click("[data-copy=markdown]").await;
        let markdown = browser.text("window.copied").await;
        for part in [
            "### `a_large_order_keeps_its_count`: failed",
            "tests/orders.rs:61, 201 ms, at 8c1f0e5a7d3b, main",
            "| `order.count` | `1000` | `999` |",
            "cargo test -p shop",
        ] {
            assert!(markdown.contains(part), "{part} in\n{markdown}");
        }
        browser.click("[data-copy=link]").await;
        assert!(
            browser
                .text("window.copied")
                .await
                .ends_with("#t=shop::orders::a_large_order_keeps_its_count")
        );
        assert_eq!(browser.text_of(".actions .said").await, "Copied");
    })
    .await;
}

#[tokio::test]
async fn the_row_of_a_data_driven_test_is_in_its_head() {
    on_every_screen(async |browser, screen| {
        let mut of_file = CaseRow::new(3, "tests/orders.csv", 4);
        of_file.row = Some(2);
        for (row, shown) in [
            (of_file, "case: row 2 of tests/orders.csv, line 4"),
            (
                CaseRow::new(3, "tests/orders.rs", 17),
                "case: number 3, at tests/orders.rs:17",
            ),
        ] {
            assert_eq!(format!("case: {row}"), shown, "the page and the terminal");
            let mut test = made::test("orders::case_3", 4000, true);
            test.case = Some(row);
            browser.open(&made::run_of(vec![test])).await;
            assert_eq!(browser.text_of("[data-field=case-row]").await, shown);
        }
        let mut far = made::test("orders::case_3", 4000, true);
        far.case = Some(CaseRow::new(3, "orders_of_all_regions_".repeat(8), 17));
        let report = made::run_of(vec![far]);
        browser
            .open_at(&report, "#t=shop::orders::orders::case_3")
            .await;
        assert!(
            browser
                .text_of("[data-field=case-row]")
                .await
                .ends_with("_:17")
        );
        browser.assert_fits(screen).await;
        let plain = made::test("orders", 4000, true);
        browser.open(&made::run_of(vec![plain])).await;
        assert_eq!(browser.count("[data-field=case-row]").await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_is_missing_is_said_at_the_top() {
    on_every_screen(async |browser, _| {
        let mut report = made::many(5, &[2]);
        report.tests[3].outcome = TestOutcome::Errored;
        report.tests[3].traceback = Some("the process died while this scenario ran".to_owned());
        report.tests[3].scenarios.clear();
        report.run = made::run_of(report.tests.clone()).run;
        report.run.interrupted = true;
        report.run.notices = vec![
            Notice::new(NoticeKind::Lost, "1 process died", 1),
            Notice::new(
                NoticeKind::Cut,
                "payloads are shown in part or not at all, because of their size",
                3,
            ),
        ];
        browser.open(&report).await;
        assert_eq!(
            browser.text_of("#verdict").await,
            "The run was interrupted. 2 of 5 scenarios failed, from 2 causes."
        );
        let banners = browser.text_of("#banners").await;
        for part in [
            "The run was interrupted",
            "1 process died",
            "payloads are shown in part or not at all, because of their size (3)",
        ] {
            assert!(banners.contains(part), "{part} in {banners}");
        }
        browser.press("n").await;
        assert!(
            browser
                .text_of(".diagnosis")
                .await
                .contains("The process died while this scenario ran")
        );
    })
    .await;
}

#[tokio::test]
async fn consumers_find_the_attributes_where_they_were() {
    on_every_screen(async |browser, _| {
    browser.open(&fixture("reply-failed")).await;
    for selector in [
        "html[data-schema-version='1.4'][data-grouping-mode=by-scenario]",
        "meta[name=harness-schema-version][content='1.4']",
        ".event-row[data-source=publish][data-transport=kafka][data-action=published][data-scope-event=false][data-node-id=e1][data-depth='0']",
        ".event-row[data-source=reply][data-parent-id=e1][data-depth='1']",
        ".event-row[data-scope-event=true][data-transport='']",
        ".timeline > div[data-stage-timeline-banner=true]",
        "[data-scope-lane=true][data-transport='']",
        ".lane[data-transport=kafka]",
        "path[data-reply-link-from][data-reply-link-to]",
        ".expectation[data-handle-transport=nats][data-topic=results][data-outcome=timeout]",
        "[data-stage-transports='kafka nats'][data-stage-bridge-class=MappedBridge] [data-stage-transport=nats]",
        ".reply .badge[data-reply-trigger-transport=kafka]",
        ".reply .badge[data-reply-response-transport=nats]",
        ".reply[data-reply-publish-failed=true][data-state=reply_failed][data-trigger-topic='fraud.check']",
        ".reply [data-stage-status=failed]",
        ".badge[data-failing-transports=nats]",
        ".badge[data-failing-reply-response-transport=nats]",
        ".test[data-nodeid='shop::orders::an_order_crosses_the_bridge'][data-outcome=failed][data-selected=true][data-visible=true]",
        ".scenario[data-scenario-name=an_order_crosses_the_bridge][data-outcome=timeout][data-solo=true]",
    ] {
        assert!(browser.count(selector).await >= 1, "{selector}");
    }
    let inlined = browser
        .run("JSON.parse(document.getElementById('harness-results').textContent).tests.length")
        .await;
    assert_eq!(inlined, json!(12));
    }).await;
}

#[tokio::test]
async fn evidence_is_shown_also_where_no_expectation_failed_by_itself() {
    on_every_screen(async |browser, _| {
        // Both expectations passed; only their order was wrong.
        let mut report = fixture("wrong-order");
        let failed = |test: &&mut Test| test.outcome == TestOutcome::Failed;
        let test = report.tests.iter_mut().find(failed).expect("a failure");
        let scenario = &mut test.scenarios[0];
        scenario.handles[1].outcome = HandleOutcome::Pass;
        scenario.handles[1].verdict = Some(Outcome::Pass);
        browser.open(&report).await;
        assert!(
            browser
                .text_of(".card.red .ordered")
                .await
                .contains("2.6 ms the wrong way round")
        );
        // Only slow, in a run that denies slowness.
        let mut slow = made::many(3, &[]);
        slow.tests[1].outcome = TestOutcome::Failed;
        let scenario = &mut slow.tests[1].scenarios[0];
        scenario.verdict = Some(Outcome::Slow);
        scenario.handles[0].outcome = HandleOutcome::Slow;
        scenario.handles[0].verdict = Some(Outcome::Slow);
        scenario.handles[0].latency_ms = Some(made::micros(80_000));
        slow.run = made::run_of(slow.tests.clone()).run;
        browser.open(&slow).await;
        assert!(
            browser
                .text_of(".expectation.red[data-outcome=slow] .ruler")
                .await
                .contains("30 ms too late: budget 50 ms, came after 80 ms")
        );
        assert_eq!(browser.text_of(".diagnosis .kind").await, "Too late");
        assert_eq!(
            browser.text_of(".diagnosis .sentence").await,
            "orders.processed took 80.0 ms, its budget is 50.0 ms"
        );
    })
    .await;
}
