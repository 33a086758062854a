//! Links, Back, pages beside the results, and what there is without script and on paper.

use choreo_report::diff::{Change, Rule, compare};
use choreo_report::model::{HandleOutcome, Outcome, Report, Test, TestOutcome};
use choreo_test_page::{Browser, Screen, fixture, golden, made, on_every_screen};
use serde_json::json;

#[tokio::test]
async fn the_address_is_the_state_in_both_directions() {
    on_every_screen(async |browser, _| {
    let report = fixture("wrong-value");
    browser.open(&report).await;
    browser.search("topic:orders").await;
    assert_eq!(browser.hash().await, "#q=topic:orders");
    let name = "document.querySelector('.test-head h2')?.textContent ?? 'NOTHING'";
    let click = |name: &str| {
        format!(
            "([...document.querySelectorAll('.test')].find((one) => one.textContent.includes('{name}')).click(), true)"
        )
    };
    browser.run(&click("an_order_is_priced")).await;
    browser.settle().await;
    assert_eq!(browser.text(name).await, "an_order_is_priced");
    browser.run(&click("an_order_is_accepted")).await;
    browser.settle().await;
    assert_eq!(browser.text(name).await, "an_order_is_accepted");
    browser.back().await;
    assert_eq!(browser.text(name).await, "an_order_is_priced");
    assert_eq!(
        browser
            .text("document.getElementById('search').value")
            .await,
        "topic:orders"
    );
    // A changed address is followed.
    browser.run("(location.hash = 't=shop::orders::a_refund_is_booked&e=e2&view=waterfall&q=refund', true)").await;
    browser
        .until("document.querySelector('.test-head h2')?.textContent === 'a_refund_is_booked'")
        .await;
    browser.settle().await;
    assert_eq!(
        browser
            .count("[data-mode=waterfall] .event-row.picked[data-event-id=e2]")
            .await,
        1
    );
    assert_eq!(
        browser
            .text("document.getElementById('search').value")
            .await,
        "refund"
    );
    browser.back().await;
    assert_eq!(browser.text(name).await, "an_order_is_priced");
    // Links to an expectation and a near miss, opened afresh.
    browser
        .open_at(
            &report,
            "#t=shop::orders::a_large_order_keeps_its_count&x=h1&n=3",
        )
        .await;
    assert_eq!(browser.text_of(".stepper span").await, "3 of 3");
    assert_eq!(browser.count("#x-h1.pointed").await, 1);
    browser.open_at(&report, "#t=no::such").await;
    assert!(
        browser
            .text_of("main")
            .await
            .contains("has no scenario “no::such”")
    );
    })
    .await;
}

#[tokio::test]
async fn latencies_stand_beside_their_budgets() {
    on_every_screen(async |browser, screen| {
    let mut report = made::many(200, &[]);
    let handle = &mut report.tests[5].scenarios[0].handles[0];
    handle.latency_ms = Some(made::micros(73_000));
    handle.outcome = HandleOutcome::Slow;
    handle.verdict = Some(Outcome::Slow);
    report.tests[5].outcome = TestOutcome::Slow;
    report.run = made::run_of(report.tests.clone()).run;
    // A green run opens with them.
    browser.open(&report).await;
    assert_eq!(
        browser.text_of("#verdict").await,
        "All 200 scenarios passed, 1 over budget."
    );
    assert_eq!(browser.count("[data-page=latency].page").await, 1);
    assert_eq!(browser.count(".topic-card[data-topic='orders.processed'][data-over='1'] .budget[data-budget='50']").await, 1);
    assert_eq!(browser.count(".column.beyond").await, 1);
    assert!(
        browser
            .text_of(".topic-card")
            .await
            .contains("worst 73 ms · 1 over budget")
    );
    browser.screenshot(&format!("green-{screen}")).await;
    assert_eq!(
        browser
            .text_of(".slowest tbody tr")
            .await
            .replace('\t', " "),
        "73 ms 50 ms orders.processed scenario_5"
    );
    browser.click(".slowest tbody a").await;
    assert_eq!(browser.text_of(".test-head h2").await, "scenario_5");
    assert!(browser.text_of(".ruler").await.contains("23 ms too late"));
    // What failed is no latency.
    browser
        .open_at(
            &made::many(10, &[0, 1, 2, 3, 4, 5, 6, 7, 8]),
            "#page=latency",
        )
        .await;
    assert!(browser.text_of(".topic-card").await.contains("1 message"));
    })
    .await;
}

#[tokio::test]
async fn an_earlier_run_can_be_compared() {
    on_every_screen(async |browser, screen| {
        let now = made::many(20, &[3, 4]);
        let mut earlier = made::many(21, &[4, 9]);
        earlier.tests[11].scenarios[0].handles[0].latency_ms = Some(made::micros(500));
        browser.open(&now).await;
        let json = serde_json::to_string(&earlier).expect("JSON");
        drop_file(browser, &json, "results.json").await;
        browser
            .until("document.querySelector('.change') !== null")
            .await;
        for (name, text) in [
            ("broken", "scenario_3was passed"),
            ("fixed", "scenario_9was failed"),
            ("still", "scenario_4"),
            ("gone", "scenario_20"),
            ("slower", "scenario_11"),
        ] {
            let shown = browser
                .text(&format!(
                    "document.querySelector('.change-{name} ul').textContent"
                ))
                .await;
            assert!(shown.contains(text), "{name}: {shown}");
            assert_eq!(
                browser
                    .count(&format!(".change-{name}[data-count='1']"))
                    .await,
                1,
                "{name}"
            );
        }
        browser.screenshot(&format!("compare-{screen}")).await;
        browser.click(".change-broken a").await;
        assert_eq!(browser.text_of(".test-head h2").await, "scenario_3");
        // A file that is none says so, in words.
        for (text, said) in [
            ("{", "is no JSON"),
            ("{}", "has no list “tests”"),
            ("{\"tests\":[{}]}", "tests[0] has no nodeid"),
        ] {
            drop_file(browser, text, "other.json").await;
            browser
                .until(&format!(
                    "document.querySelector('#banners .bad')?.textContent.includes({})",
                    json!(said)
                ))
                .await;
            assert_eq!(browser.count("#banners .bad").await, 1);
        }
        // What the Python tool writes is read as `choreo report` reads it.
        let odd = r#"{"tests":[{"nodeid":"NaN, \"NaN]","outcome":"passed","x":[NaN, {"y":-Infinity}, NaN]}]}"#;
        drop_file(browser, odd, "python.json").await;
        browser
            .until("document.querySelectorAll('#banners .from-file').length === 2")
            .await;
        assert_eq!(
            browser.run("[...document.querySelectorAll('#banners .from-file')].map((one) => one.innerText)").await,
            json!([
                "python.json: NaN, which JSON does not have, was read as the text “NaN” (2)",
                "python.json: -Infinity, which JSON does not have, was read as the text “-Infinity”",
            ])
        );
        browser.screenshot(&format!("compare-python-{screen}")).await;
        browser.run("(location.hash = 'page=compare', true)").await;
        browser
            .until("document.querySelector('.change-gone')?.textContent.includes('NaN, \"NaN]')")
            .await;
        browser.assert_fits(screen).await;
    })
    .await;
}

#[tokio::test]
async fn without_script_the_failures_are_there() {
    let mut report = fixture("wrong-value");
    let long = "an_order_that_".repeat(12);
    report.tests.push(made::test(&long, 5000, true));
    report.run.totals = made::run_of(report.tests.clone()).run.totals;
    on_every_screen(async |browser, screen| {
        let path = browser.write(&report);
        let scripts = async |disabled: bool| {
            let value = json!({ "value": disabled });
            let command = "Emulation.setScriptExecutionDisabled";
            browser.dev_tools(command, value).await;
        };
        scripts(true).await;
        browser.go(&path, "").await;
        browser.screenshot(&format!("no-script-{screen}")).await;
        scripts(false).await;
        let seen = browser.text("document.body.innerText").await;
        for part in [
            "2 of 13 scenarios failed",
            "a_large_order_keeps_its_count",
            "1000 was expected",
            "tests/orders.rs:61",
            &long,
        ] {
            assert!(seen.contains(part), "{part} in {seen}");
        }
        browser.assert_fits(screen).await;
        let beyond = "[...document.querySelectorAll('.fallback *')].filter((one) => one.scrollWidth > one.clientWidth && one.clientWidth > 0).map((one) => one.outerHTML)";
        assert_eq!(browser.run(beyond).await, json!([]));
        browser.open(&report).await;
        assert_eq!(browser.count(".fallback").await, 0);
    })
    .await;
}

/// Keeps what is in the document when the browser prints: of each test its name, and whether its evidence is there.
const LISTEN: &str = "(addEventListener('beforeprint', () => { window.printed = [...document.querySelectorAll('main .test-detail, .paper .test-detail')] \
    .map((one) => [one.querySelector('h2').textContent, one.querySelector('.card.red .payload')?.textContent.includes('REJECTED') ?? false]); \
    window.brief = document.querySelectorAll('.paper > section:not(:has(.test-detail))').length; \
    window.misses = [...document.querySelectorAll('.miss-head .sub4')].map((one) => one.textContent.replaceAll('\u{a0}', ' ')); \
    const ids = [...document.querySelectorAll('[id]')].map((one) => one.id); window.twice = ids.length - new Set(ids).size; }), true)";

async fn ready_to_print(browser: &Browser) {
    browser
        .until("document.documentElement.dataset.printable === 'true'")
        .await;
    browser.run(LISTEN).await;
}

#[tokio::test]
async fn on_paper_every_failure_is_unfolded() {
    on_every_screen(async |browser, screen| {
        browser.open(&made::many(12, &[2, 5, 9])).await;
        let folded = browser.count("main details:not([open])").await;
        ready_to_print(browser).await;
        browser.print(&format!("printed-{screen}")).await;
        let of = |names: &[&str]| json!(names.iter().map(|name| (name, true)).collect::<Vec<_>>());
        assert_eq!(
            browser.run("window.printed").await,
            of(&["scenario_2", "scenario_5", "scenario_9"])
        );
        assert_eq!(browser.run("window.twice").await, 0);
        // What was made for the printer is gone.
        assert_eq!(browser.count(".paper *").await, 0);
        assert_eq!(
            browser.count("main details:not([open])").await,
            folded,
            "folds are as they were"
        );
        // What one looks at comes first, and a search leaves out what it leaves out.
        browser.search("scenario_5").await;
        browser
            .run("(location.hash = 'q=-scenario_5&t=shop::orders::scenario_9', true)")
            .await;
        browser
            .until("document.querySelector('.test-head h2').textContent === 'scenario_9'")
            .await;
        browser.print(&format!("printed-search-{screen}")).await;
        assert_eq!(
            browser.run("window.printed").await,
            of(&["scenario_9", "scenario_2"])
        );
        // The near miss that one has stepped to is that of one test.
        let mut two = fixture("wrong-value");
        let failed = two.tests.iter().find(|test| test.outcome.is_failure());
        let mut another = failed.expect("a failure").clone();
        another.nodeid.push_str("_too");
        two.tests.push(another);
        browser.open(&two).await;
        ready_to_print(browser).await;
        browser.click("[data-step='1']").await;
        browser.print(&format!("printed-near-miss-{screen}")).await;
        assert_eq!(
            browser.run("window.misses").await,
            json!(["Near miss 2 of 3", "Closest of 3 near misses"])
        );
        browser.assert_no_problems().await;
        // The other pages are printed as they are seen.
        browser.open_at(&made::many(3, &[1]), "#page=latency").await;
        ready_to_print(browser).await;
        browser.print(&format!("printed-latency-{screen}")).await;
        assert_eq!(browser.run("window.printed").await, json!([]));
        // Of very many failures, the last are told by their causes.
        let tall = Screen {
            height: 2_500,
            ..screen
        };
        browser.resize(tall).await;
        let all: Vec<usize> = (0..210).collect();
        browser.open(&made::many(210, &all)).await;
        ready_to_print(browser).await;
        browser
            .run("(dispatchEvent(new Event('beforeprint')), true)")
            .await;
        assert_eq!(browser.run("window.printed.length").await, 200);
        assert_eq!(browser.run("window.brief").await, 10);
        let media = json!({ "media": "print" });
        browser.dev_tools("Emulation.setEmulatedMedia", media).await;
        let shown = "getComputedStyle(document.querySelector('SELECTOR')).display";
        for (selector, display) in [("#side", "none"), (".paper", "block")] {
            let script = shown.replace("SELECTOR", selector);
            assert_eq!(browser.text(&script).await, display, "{selector}");
        }
        browser.screenshot(&format!("paper-{screen}")).await;
    })
    .await;
}

#[tokio::test]
async fn a_comparison_says_what_the_command_says() {
    let slow = |test: &mut Test, latency: u64| {
        let handle = &mut test.scenarios[0].handles[0];
        handle.outcome = HandleOutcome::Slow;
        handle.verdict = Some(Outcome::Slow);
        handle.latency_ms = Some(made::micros(latency));
    };
    let mut before = made::many(24, &[1, 2, 3]);
    let mut now = made::many(22, &[3, 4, 17]);
    let latency = |report: &mut Report, number: usize, latency: u64| {
        report.tests[number].scenarios[0].handles[0].latency_ms = Some(made::micros(latency));
    };
    now.tests[1].outcome = TestOutcome::Skipped;
    now.tests[1].scenarios.clear();
    // Twice as long, and not slower by much; both; over the budget by a little.
    for (number, then, after) in [(6, 2_000, 5_000), (7, 8_000, 17_000), (8, 49_500, 49_900)] {
        latency(&mut before, number, then);
        latency(&mut now, number, after);
    }
    slow(&mut now.tests[9], 50_100);
    latency(&mut before, 9, 49_900);
    // A topic by its median.
    for number in 10..16 {
        for (report, latency) in [(&mut before, 10_000), (&mut now, 13_000)] {
            let scenario = &mut report.tests[number].scenarios[0];
            scenario.handles[0].topic = "orders.priced".to_owned();
            scenario.handles[0].latency_ms = Some(made::micros(latency));
        }
    }
    // Of several with one id the last counts.
    let mut again = now.tests[4].clone();
    again.outcome = TestOutcome::Passed;
    now.tests.push(again);
    now.tests.push(made::test("scenario_new", 4_000, false));
    let mut again = before.tests[5].clone();
    again.outcome = TestOutcome::Failed;
    before.tests.push(again);

    let diff = compare(&before, &now, &Rule::default());
    let name = |test: &Test| test.name.clone();
    let changes = |of: &[Change<'_>]| of.iter().map(|one| name(one.after)).collect::<Vec<_>>();
    let slower = diff.slower.iter().map(|slower| name(slower.test));
    let topics = diff.slower_topics.iter().map(|one| one.topic.to_owned());
    let expected = [
        ("broken", changes(&diff.new_failures)),
        ("fixed", changes(&diff.fixed)),
        ("skipped", changes(&diff.now_skipped)),
        ("still", changes(&diff.still_failing)),
        ("slower", slower.collect()),
        ("topics", topics.collect()),
        ("added", diff.added.iter().map(|test| name(test)).collect()),
        ("gone", diff.removed.iter().map(|test| name(test)).collect()),
    ];
    let sizes = expected.each_ref().map(|(_, names)| names.len());
    assert_eq!(sizes, [1, 2, 1, 1, 2, 1, 1, 2], "{expected:?}");

    on_every_screen(async |browser, screen| {
        browser.open(&now).await;
        let json = serde_json::to_string(&before).expect("JSON");
        drop_file(browser, &json, "results.json").await;
        browser
            .until("document.querySelector('.change') !== null")
            .await;
        for (list, names) in &expected {
            let script = format!(
                "[...document.querySelectorAll('.change-{list} li > :first-child')].map((one) => one.textContent).toSorted()"
            );
            let mut names = names.clone();
            names.sort();
            assert_eq!(browser.run(&script).await, json!(names), "{list}");
        }
        browser.screenshot(&format!("compare-all-{screen}")).await;
    })
    .await;
}

/// As a person who drops a file on the page.
async fn drop_file(browser: &Browser, text: &str, name: &str) {
    let script = format!(
        "(() => {{ const transfer = new DataTransfer(); transfer.items.add(new File([{}], {})); \
         document.dispatchEvent(new DragEvent('drop', {{ dataTransfer: transfer, bubbles: true, cancelable: true }})); return true; }})()",
        json!(text),
        json!(name)
    );
    browser.run(&script).await;
}

#[tokio::test]
async fn the_view_stays_when_another_test_is_opened() {
    on_every_screen(async |browser, _| {
        let report = fixture("wrong-value");
        browser.open_at(&report, "#q=order").await;
        browser.press("v").await;
        browser.click(".test:not([aria-current])").await;
        assert_eq!(browser.count("[data-mode=waterfall]").await, 1);
        browser.click("[data-seg=sequence]").await;
        browser.click(".test:not([aria-current])").await;
        assert_eq!(browser.count("[data-mode=sequence]").await, 1);
        browser.open_at(&report, "#page=latency").await;
        browser.press("v").await;
        browser.click(".slowest tbody a").await;
        assert_eq!(browser.count("[data-mode=waterfall]").await, 1);
        assert!(browser.hash().await.contains("view=waterfall"));
    })
    .await;
}

#[tokio::test]
async fn an_empty_run_and_a_broken_file_say_so() {
    on_every_screen(async |browser, screen| {
        browser.open(&golden("empty-run")).await;
        assert_eq!(browser.text_of("#verdict").await, "No test ran.");
        browser.screenshot(&format!("empty-{screen}")).await;
        let path = browser.write(&made::many(3, &[1]));
        let page = std::fs::read_to_string(&path).expect("the page");
        let (before, rest) = page.split_once("id=\"choreo-index\">").expect("the index");
        let cut = format!("{before}id=\"choreo-index\">{}", &rest[40..]);
        std::fs::write(&path, cut).expect("a file");
        browser.go(&path, "").await;
        browser
            .until("document.querySelector('#banners .bad') !== null")
            .await;
        assert!(
            browser
                .text_of("#banners")
                .await
                .contains("This report cannot be shown")
        );
        assert_eq!(
            browser.text_of("#verdict").await,
            "1 of 3 scenarios failed."
        );
    })
    .await;
}
