//! Lists that are cut say by how much, and show the rest to who asks.

use choreo_report::model::{
    Cause, CauseKind, Difference, MismatchKind, NearMiss, Reply, ReplyState, Surprise, Test, Wants,
};
use choreo_test_page::{Browser, made, on_every_screen};
use serde_json::json;

/// A failure with more of everything than is shown at once.
fn overfull() -> Test {
    let mut test = made::test("overfull", 4000, true);
    test.tags = (1..=14).map(|number| format!("tag{number}")).collect();
    let scenario = &mut test.scenarios[0];
    let handle = &mut scenario.handles[0];
    handle.near_misses.clear();
    handle.cause = Some(Cause::new(CauseKind::Routing, "nothing came 0"));
    let mut wants = Wants::default();
    wants.missing = (1..=23)
        .map(|number| format!("{{ n: {number} }}"))
        .collect();
    handle.wants = Some(wants);
    let handle = handle.clone();
    for number in 1..30_u64 {
        let mut other = handle.clone();
        other.id = Some(format!("h{}", number + 1));
        other.budget_ms = Some(made::micros(50_000 + number * 1000));
        other.cause = Some(Cause::new(
            CauseKind::Routing,
            format!("nothing came {number}"),
        ));
        scenario.handles.push(other);
    }
    for number in 1..=8 {
        let surprise = Surprise::new(format!("stray.{number}"), 9, "without_id");
        scenario.surprises.push(surprise);
    }
    scenario.surprises_dropped = Some(3);
    let mut reply = Reply::new("orders.audit", "orders.audited", ReplyState::ReplyFailed);
    reply.near_misses = ["a", "b", "c"]
        .map(|path| {
            let difference = Difference::new(path, MismatchKind::Missing);
            NearMiss::new(vec![difference])
        })
        .to_vec();
    reply.near_miss_count = Some(7);
    reply.builder_error = Some("Elapsed".to_owned());
    reply.trigger_messages = vec!["m1".to_owned(); 25];
    scenario.replies.push(reply);
    test
}

/// What is said of the rest, and how many there are before and after it was asked for.
async fn rest(browser: &Browser, list: &str, items: &str) -> (String, u64, u64) {
    let more = format!("{list} > .more");
    let said = browser.text_of(&more).await;
    let before = browser.count(&format!("{list} > {items}:not(.more)")).await;
    browser.click(&format!("{more} button")).await;
    assert_eq!(browser.count(&more).await, 0, "{list}");
    let after = browser.count(&format!("{list} > {items}")).await;
    (said, before, after)
}

#[tokio::test]
async fn what_is_not_shown_is_counted_and_can_be_opened() {
    on_every_screen(async |browser, screen| {
        let report = made::run_of(vec![overfull()]);
        browser.open(&report).await;
        browser.screenshot(&format!("limits-{screen}")).await;
        let further = browser.text_of(".also > .more:last-child").await;
        assert_eq!(further, "11 further causes: see the expectations");
        browser
            .run("(document.querySelector('.also > .more:last-child').remove(), true)")
            .await;
        for (list, items, said, before, after) in [
            (".facts-row", ".tag", "and 2 more", 12, 14),
            (".also", "li", "and 13 more", 6, 19),
            ("#x-h1 .surprises", "li", "and 3 more", 5, 8),
            ("#x-h1 .missing ul", "li", "and 3 more", 20, 23),
            ("#x-r1 .folds", "details", "and 5 more", 20, 25),
        ] {
            assert_eq!(
                rest(browser, list, items).await,
                (said.to_owned(), before, after),
                "{list}"
            );
        }
        let notes = browser
            .text("[...document.querySelectorAll('.scenario .note')].map((one) => one.textContent).join('; ')")
            .await;
        for said in [
            "4 further near misses not kept.",
            "3 messages that nobody expected not kept: there were too many.",
        ] {
            assert!(notes.contains(said), "{said} in {notes}");
        }
        let misses = "#x-r1 .card-body > .inner summary";
        assert_eq!(
            browser.text_of(misses).await,
            "and 2 more that it did not answer"
        );
        browser.click(misses).await;
        assert_eq!(browser.count("#x-r1 .diff").await, 3);
        // Budgets and deadlines of the waterfall.
        browser.press("v").await;
        assert_eq!(browser.count(".band").await, 6);
        let further = "[data-field=more-bands]";
        assert_eq!(
            browser.text_of(&format!("{further} summary")).await,
            "24 more budgets and deadlines, not drawn"
        );
        browser.click(&format!("{further} summary")).await;
        assert_eq!(browser.count(&format!("{further} li")).await, 24);
        assert_eq!(
            browser.text_of(&format!("{further} li")).await,
            "orders.processed budget 56 ms"
        );
        browser.assert_one_scale("six budgets").await;
        browser.scroll_to(".timeline").await;
        browser.screenshot(&format!("bands-{screen}")).await;
    })
    .await;
}

#[tokio::test]
async fn what_markdown_and_latencies_leave_out_is_counted() {
    on_every_screen(async |browser, _| {
        let mut test = overfull();
        let scenario = &mut test.scenarios[0];
        let difference = Difference::new("a", MismatchKind::Missing);
        let miss = NearMiss::new(vec![difference; 33]);
        scenario.handles[0].near_misses.push(miss);
        scenario.timeline = vec![scenario.timeline[0].clone(); 27];
        browser.open(&made::run_of(vec![test])).await;
        let keep =
            "(navigator.clipboard.writeText = async (text) => { window.copied = text; }, true)";
        browser.run(keep).await;
        browser.click("[data-copy=markdown]").await;
        let markdown = browser.text("window.copied").await;
        for part in [
            "**Nothing came 8**\n\nand 21 more\n",
            "|\n\nand 3 more\n",
            "<summary>timeline, the last 20 of 27 events</summary>",
        ] {
            assert!(markdown.contains(part), "{part} in\n{markdown}");
        }
        let mut report = made::many(25, &[]);
        for (number, test) in (1..).zip(&mut report.tests) {
            let handle = &mut test.scenarios[0].handles[0];
            handle.budget_ms = Some(made::micros(number * 50_000));
        }
        browser.open_at(&report, "#page=latency").await;
        assert_eq!(browser.count("line.budget").await, 4);
        let card = browser.text_of(".topic-card .facts-line").await;
        assert!(card.ends_with("21 larger budgets not drawn"), "{card}");
        let slowest = "[...document.querySelectorAll('#main h2')].at(-1).textContent";
        assert_eq!(
            browser.text(slowest).await,
            "Slowest expectations 20 of 25 that passed"
        );
        assert_eq!(browser.run("window.problems").await, json!([]));
    })
    .await;
}
