//! Reports made for a test: of any size, and with names that are out to break a page.

use std::time::Duration;

use choreo_report::model::{
    Action, Cause, CauseKind, Difference, Direction, Encoding, Event, Handle, Message, Millis,
    MismatchKind, NearMiss, Outcome, Report, Run, Scenario, Source, Test, TestOutcome, Timestamp,
};
use choreo_report::partial::{Header, Planned};
use serde_json::{Value, json};

/// Microseconds as the reports' milliseconds.
#[must_use]
pub fn micros(micros: u64) -> Millis {
    Duration::from_micros(micros).into()
}

/// A run of these tests, with their totals.
#[must_use]
pub fn run_of(tests: Vec<Test>) -> Report {
    let begin: Timestamp = "2026-11-21T09:14:02Z".parse().expect("a time");
    let mut run = Run::new(
        begin,
        begin.after(Duration::from_secs(3)),
        micros(3_000_000),
    );
    run.project_name = Some("shop".to_owned());
    tests.iter().for_each(|test| run.totals.add(test.outcome));
    Report::new(run, tests)
}

fn event(id: usize, at: u64, action: Action, topic: &str) -> Event {
    let begin: Timestamp = "2026-11-21T09:14:02Z".parse().expect("a time");
    let mut event = Event::new(micros(at), begin.after(Duration::from_micros(at)), action);
    event.id = Some(format!("e{id}"));
    event.topic = Some(topic.to_owned());
    if id > 1 {
        event.parent = Some(format!("e{}", id - 1));
    }
    event
}

/// A scenario that sends one message and gets one back: five events. `wrong` makes it fail.
#[must_use]
pub fn scenario(name: &str, from: &str, to: &str, latency: u64, wrong: bool) -> Scenario {
    let outcome = if wrong { Outcome::Fail } else { Outcome::Pass };
    let mut scenario = Scenario::new(name, outcome, micros(latency + 100));
    let payload = json!({ "order_id": format!("ORD-{latency}"), "status": if wrong { "REJECTED" } else { "COMPLETED" } });
    let mut sent = Message::new("m1", from, Direction::Out, micros(40), 21, Encoding::Json);
    let mut came = Message::new("m2", to, Direction::In, micros(latency), 48, Encoding::Json);
    for (message, payload) in [
        (&mut sent, json!({ "item_id": "ITEM-42" })),
        (&mut came, payload),
    ] {
        message.transport = Some("nats".to_owned());
        message.payload = Some(payload);
    }
    let mut handle = Handle::new(to, outcome);
    handle.id = Some("h1".to_owned());
    handle.latency_ms = Some(micros(latency));
    handle.budget_ms = Some(micros(50_000));
    handle.matcher_description = r#"{ status: "COMPLETED", .. }"#.to_owned();
    handle.expected = json!({ "status": "COMPLETED" });
    let judged = if wrong {
        let mut difference = Difference::new("status", MismatchKind::Mismatch);
        difference.expected = Some(json!("\"COMPLETED\""));
        difference.actual = Some(json!("REJECTED"));
        let mut miss = NearMiss::new(vec![difference]);
        miss.message = Some("m2".to_owned());
        handle.near_misses.push(miss);
        handle.attempts = 1;
        handle.cause = Some(Cause::new(
            CauseKind::WrongValue,
            format!("`status` on `{to}` was REJECTED, COMPLETED was expected"),
        ));
        Action::Mismatched
    } else {
        handle.matched.push("m2".to_owned());
        Action::Matched
    };
    scenario.handles.push(handle);
    scenario.messages = vec![sent, came];
    scenario.timeline = vec![
        event(1, 40, Action::Published, from),
        event(2, latency - 900, Action::Received, "orders.audit"),
        event(3, latency - 800, Action::Replied, "orders.audited"),
        event(4, latency, Action::Received, to),
        event(5, latency + 20, judged, to),
    ];
    scenario.timeline[1].source = Some(Source::Reply);
    scenario
}

/// A test of one such scenario.
#[must_use]
pub fn test(name: &str, latency: u64, wrong: bool) -> Test {
    let outcome = if wrong {
        TestOutcome::Failed
    } else {
        TestOutcome::Passed
    };
    let mut test = Test::new(
        format!("shop::orders::{name}"),
        "tests/orders.rs",
        name,
        outcome,
        micros(latency + 300),
    );
    test.traceback = wrong.then(String::new);
    test.scenarios.push(scenario(
        name,
        "orders.created",
        "orders.processed",
        latency,
        wrong,
    ));
    test
}

/// `count` tests; the one at each place of `wrong` fails.
#[must_use]
pub fn many(count: usize, wrong: &[usize]) -> Report {
    let one = |number| {
        let latency = 2000 + (number as u64 * 7919) % 30_000;
        let mut one = test(
            &format!("scenario_{number}"),
            latency,
            wrong.contains(&number),
        );
        one.file = format!("tests/part_{}.rs", number / 500);
        one
    };
    run_of((0..count).map(one).collect())
}

/// Names that break pages which trust names.
pub const HOSTILE: &[&str] = &[
    "constructor",
    "__proto__",
    "hasOwnProperty",
    "toString",
    "</script><script>window.broken = true</script>",
    "<img src=x onerror=\"window.broken = true\">",
    "<!--<script>",
    "]]>&amp;\"'`",
    "``` it's `$HOME` ````",
    "\u{202e}gnp.exe\u{202c}",
    "مرحبا بالعالم",
    "👩‍👩‍👧‍👦 emoji 🏳️‍🌈",
    "nul\0nul",
    "line\u{2028}sep\u{2029}\r\n\ttab",
    "\u{fffd}\u{feff}\u{7f}",
    "{{index}} {{script}}",
    "%00#t=x&q=y",
    "",
];

/// The command that runs the test of this name again, as a runner writes it.
fn rerun(name: &str) -> Option<String> {
    let planned = Planned::new(name, "tests/orders.rs", 7);
    let header = Header::new(7, "orders", run_of(Vec::new()).run, vec![planned]);
    header.test(0, TestOutcome::Failed, micros(5300))?.rerun
}

/// A run in which every name is hostile: of tests, files, topics, transports, tags, headers, fields.
#[must_use]
pub fn hostile() -> Report {
    let mut tests = Vec::new();
    for (number, name) in HOSTILE.iter().enumerate() {
        let mut scenario = scenario(name, name, name, 5000, true);
        let fields: Value = [
            ("__proto__", json!({ "x": 1 })),
            (name, json!(name)),
            ("constructor", json!([name])),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect::<serde_json::Map<_, _>>()
        .into();
        for message in &mut scenario.messages {
            message.payload = Some(fields.clone());
            message.key = Some((*name).to_owned());
            message.headers.insert((*name).to_owned(), json!(name));
        }
        let handle = &mut scenario.handles[0];
        handle.transport = Some((*name).to_owned());
        handle.matcher_description = (*name).to_owned();
        handle.expected = fields;
        handle.near_misses[0].differences[0].path = (*name).to_owned();
        handle.near_misses[0].differences[0].actual = Some(json!(name));
        handle.cause = Some(Cause::new(CauseKind::WrongValue, *name));
        let mut test = test(&format!("h{number}"), 5000, true);
        test.nodeid = format!("{name}::{number}");
        test.name = (*name).to_owned();
        test.file = (*name).to_owned();
        test.tags = vec![(*name).to_owned()];
        test.failure_text = Some((*name).to_owned());
        test.rerun = rerun(name);
        test.scenarios = vec![scenario];
        tests.push(test);
    }
    let mut long = test("long", 5000, true);
    let text = "ä".repeat(512 * 1024);
    long.name.clone_from(&text);
    long.nodeid.clone_from(&text);
    long.rerun = rerun(&text);
    long.scenarios[0].messages[1].payload = Some(json!({ "blob": text }));
    tests.push(long);
    let mut report = run_of(tests);
    report.run.project_name = Some(HOSTILE[4].to_owned());
    report.run.git_branch = Some(HOSTILE[5].to_owned());
    report
}
