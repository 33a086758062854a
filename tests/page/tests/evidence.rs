//! What is said of a failure is true of it: what came where nothing was expected to, and where a reply failed.

use choreo_report::model::{
    Action, HandleOutcome, ReplyState, ReplyStep, Report, Scenario, ScenarioError, Source,
    TestOutcome, Traffic,
};
use choreo_test_page::{Browser, Screen, fixture, on_every_screen};
use serde_json::{Value, json};

/// The scenario that fails.
fn failed(report: &mut Report) -> &mut Scenario {
    let mut tests = report.tests.iter_mut();
    let test = tests.find(|test| test.outcome == TestOutcome::Failed);
    &mut test.expect("one failed").scenarios[0]
}

/// Opens a page, and keeps a picture of it.
async fn picture(browser: &Browser, screen: Screen, report: &Report, name: &str) {
    browser.open(report).await;
    browser
        .screenshot(&format!("evidence-{name}-{screen}"))
        .await;
    browser.assert_fits(screen).await;
}

#[tokio::test]
async fn messages_that_were_not_for_it_are_counted_once() {
    on_every_screen(async |browser, screen| {
        let of = |traffic: Value| {
            let mut report = fixture("routing");
            let mut handles = failed(&mut report).handles.iter_mut();
            let handle = handles.find(|handle| handle.outcome == HandleOutcome::Timeout);
            let traffic: Traffic = serde_json::from_value(traffic).expect("counts");
            handle.expect("nothing came for one").traffic = Some(traffic);
            report
        };
        for (traffic, said) in [
            // What does not decode has no id to read, so both counts have it.
            (
                json!({ "received": 2, "without_id": 2, "undecodable": 2 }),
                &["2 messages could not be decoded."][..],
            ),
            (
                json!({ "received": 3, "without_id": 2, "undecodable": 1 }),
                &[
                    "1 message could not be decoded.",
                    "2 messages carried no correlation id.",
                    "1 message was for other scenarios.",
                ],
            ),
            (
                json!({ "received": 2, "undecodable": 2 }),
                &[
                    "2 messages could not be decoded.",
                    "2 messages were for other scenarios.",
                ],
            ),
            (
                json!({ "received": 1, "late": 1 }),
                &["1 message belonged to scenarios that had ended: is the timeout too short?"],
            ),
            // What came without an id may be what was waited for.
            (
                json!({ "received": 2, "without_id": 1, "late": 1 }),
                &[
                    "1 message carried no correlation id.",
                    "1 message belonged to scenarios that had ended.",
                ],
            ),
        ] {
            browser.open(&of(traffic.clone())).await;
            let list = ".expectation.red .came ul:not(.surprises)";
            let text = browser.text_of(list).await;
            let lines: Vec<_> = text.lines().skip(1).collect();
            assert_eq!(lines, said, "{traffic}");
        }
        let all = of(json!({
            "received": 9, "without_id": 2, "other_ids": 1, "late": 3, "undecodable": 2
        }));
        picture(browser, screen, &all, "traffic").await;
        let text = browser.text_of(".expectation.red .came").await;
        for line in [
            "2 messages could not be decoded.",
            "2 messages carried no correlation id.",
            "1 message carried an unknown correlation id.",
            "3 messages belonged to scenarios that had ended",
            "3 messages were for other scenarios.",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_error_is_shown_unless_the_reply_says_it() {
    on_every_screen(async |browser, screen| {
        let mut report = fixture("reply-failed");
        failed(&mut report).error = Some(ScenarioError::new("reply", "the reply failed"));
        browser.open(&report).await;
        assert_eq!(browser.count(".error-card").await, 0);
        // This one is red too, and knows nothing of the error.
        let error = "the reply to `fraud.check` cannot be armed: CHOREO_SEED is `seven`";
        let scenario = failed(&mut report);
        scenario.error = Some(ScenarioError::new("reply", error));
        let reply = &mut scenario.replies[0];
        reply.state = ReplyState::ArmedNoMatch;
        reply.required = Some(true);
        (reply.candidate_count, reply.match_count) = (0, 0);
        (reply.builder_error, reply.error_text) = (None, None);
        reply.trigger_messages.clear();
        picture(browser, screen, &report, "armed").await;
        assert_eq!(browser.count(".reply.red").await, 1);
        let text = browser.text_of(".error-card").await;
        assert!(text.contains(error), "{text}");
    })
    .await;
}

#[tokio::test]
async fn a_reply_failed_where_it_failed() {
    on_every_screen(async |browser, screen| {
        let steps = "[...document.querySelectorAll('.reply .steps .life')].map((one) => one.dataset.stageStatus).join(' ')";
        let culprit = "The message that it could not answer";
        browser.open(&fixture("reply-failed")).await;
        assert_eq!(browser.text(steps).await, "ok ok failed skipped");
        assert!(browser.text_of(".reply").await.contains(culprit));

        let of = |failed_at: Option<ReplyStep>, error: &str| {
            let mut report = fixture("reply-failed");
            let reply = &mut failed(&mut report).replies[0];
            reply.failed_at = failed_at;
            reply.builder_error = Some(error.to_owned());
            reply.error_text = Some("cannot publish to fraud.result: no permission".to_owned());
            report
        };
        // The step, and for reports that do not have it the name of the error.
        for (failed_at, error, expected) in [
            (Some(ReplyStep::Send), "Denied", "ok ok ok failed"),
            (Some(ReplyStep::Build), "Elapsed", "ok ok failed skipped"),
            (None, "Elapsed", "ok ok ok failed"),
            (None, "NoReplyAddress", "ok ok ok failed"),
        ] {
            browser.open(&of(failed_at.clone(), error)).await;
            assert_eq!(browser.text(steps).await, expected, "{failed_at:?} {error}");
        }
        let unsent = of(None, "TransportError");
        picture(browser, screen, &unsent, "unsent").await;
        assert_eq!(browser.text(steps).await, "ok ok ok failed");
        let text = browser.text_of(".reply").await;
        assert!(text.contains("no permission"), "{text}");
        assert!(!text.contains(culprit), "{text}");
    })
    .await;
}

#[tokio::test]
async fn the_ids_of_a_stage_open_by_keyboard() {
    on_every_screen(async |browser, screen| {
        browser.open(&fixture("reply-failed")).await;
        let pill = "[data-stage-transports] details [data-stage-transport=nats]";
        assert_eq!(browser.count(pill).await, 1);
        browser
            .run("(document.querySelector('.strip summary').focus(), true)")
            .await;
        browser.press("\u{E007}").await;
        let ids = browser.text_of(".strip details dl").await;
        assert_eq!(
            ids,
            "kafka\nsha256:208a6f59c43cbc61\nnats\nsha256:b6c5c2ef7b3df2bf"
        );
        browser
            .run("(document.querySelector('.strip').scrollIntoView({ block: 'center' }), true)")
            .await;
        browser.screenshot(&format!("stage-ids-{screen}")).await;
        browser.assert_fits(screen).await;
    })
    .await;
}

/// Of a single transport the report says more than version 1.3, whose pages say nothing there.
#[tokio::test]
async fn consumers_find_no_source_without_a_stage() {
    on_every_screen(async |browser, _| {
        let mut report = fixture("wrong-value");
        for event in &mut failed(&mut report).timeline {
            event.source = Some(match event.action {
                Action::Published => Source::Publish,
                Action::Deadline => Source::Scope,
                _ => Source::Expect,
            });
        }
        browser.open(&report).await;
        assert!(browser.count(".event-row[data-source='']").await > 3);
        for selector in [
            "[data-source]:not([data-source=''])",
            "[data-scope-event=true]",
            "[data-stage-transports]",
        ] {
            assert_eq!(browser.count(selector).await, 0, "{selector}");
        }
    })
    .await;
}
