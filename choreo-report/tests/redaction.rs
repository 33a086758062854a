//! A secret in every spot of a report where one can stand, and in none of the files that come of it.
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use choreo_report::export::{markdown, v1_3};
use choreo_report::model::{
    Action, CaseRow, Cause, CauseKind, Difference, Direction, Encoding, Event, Handle,
    MatchFailure, Message, MismatchKind, NearMiss, Notice, NoticeKind, Outcome, Reply, ReplyState,
    Report, Run, Scenario, ScenarioError, Test, TestOutcome, Timestamp, TransportUse, Violation,
};
use choreo_report::redact::{Redactor, hold_secrets, remember_secret};
use choreo_report::write;
use serde_json::{Value, json};

use self::page::unpacked;

#[path = "support/page.rs"]
mod page;

const SENTINEL: &str = "s3ntinel-of-the-report";
/// `u:s3ntinel-of-the-report`
const BASIC: &str = "dTpzM250aW5lbC1vZi10aGUtcmVwb3J0";

/// Why the redactor finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// It says so itself: by its name or its look.
    Look,
    /// Only because the run resolved it.
    Run,
}

type Place = fn(&mut Parts, &str);

/// The places of a report that can be filled.
struct Parts {
    run: Run,
    test: Test,
    scenario: Scenario,
    handle: Handle,
    reply: Reply,
    message: Message,
    event: Event,
}

const SPOTS: &[(&str, By, Place)] = &[
    ("field of a payload", By::Look, |parts, secret| {
        parts.message.payload = Some(json!({ "order": { "user_password": secret } }));
    }),
    ("text in a payload", By::Run, |parts, secret| {
        parts.message.payload = Some(json!(["the word is", secret]));
    }),
    ("JSON text in a payload", By::Look, |parts, secret| {
        let inner = json!({ "apiKey": secret, "n": 1 }).to_string();
        parts.message.payload = Some(json!({ "body": inner }));
    }),
    ("key of a payload", By::Run, |parts, secret| {
        parts.message.payload = Some(json!({ secret: 1 }));
    }),
    ("binary payload", By::Run, |parts, _| {
        parts.message.encoding = Encoding::Base64;
        parts.message.payload = Some(json!(format!("AAAA{BASIC}")));
    }),
    ("payload as a list of bytes", By::Run, |parts, secret| {
        parts.message.payload = Some(json!({ "bytes": secret.as_bytes() }));
    }),
    ("header", By::Look, |parts, secret| {
        let headers = &mut parts.message.headers;
        headers.insert("X-Auth-Token".to_owned(), json!(secret));
        headers.insert(
            "set-cookie".to_owned(),
            json!([format!("sid={secret}; Secure")]),
        );
    }),
    ("metadata of a message", By::Look, |parts, secret| {
        parts
            .message
            .metadata
            .insert("client_secret".to_owned(), json!(secret));
    }),
    ("key of a message", By::Run, |parts, secret| {
        parts.message.key = Some(format!("customer-{secret}"));
    }),
    ("topic", By::Run, |parts, secret| {
        parts.message.topic = format!("inbox.{secret}");
    }),
    ("endpoint", By::Look, |parts, secret| {
        let mut transport = TransportUse::new("nats", "nats");
        transport.endpoint = Some(format!("nats://bob:{secret}@broker:4222"));
        parts.scenario.transports.push(transport);
    }),
    ("panic", By::Look, |parts, secret| {
        parts.scenario.body_error = Some(format!(
            "panicked at a.rs:1:2:\nlogin with password={secret} failed"
        ));
    }),
    ("error of a scenario", By::Look, |parts, secret| {
        let text = format!("refused: Authorization: Bearer {secret}");
        parts.scenario.error = Some(ScenarioError::new("publish", text));
    }),
    ("matcher text", By::Look, |parts, secret| {
        parts.handle.matcher_description = format!("{{ token: =~ r\"^{secret}$\", .. }}");
    }),
    ("expected value", By::Look, |parts, secret| {
        parts.handle.expected = json!({ "login.password": secret });
        parts.handle.actual = json!({ "login": { "password": secret } });
    }),
    ("condition of a pattern", By::Look, |parts, secret| {
        parts.handle.expected = json!({ "all_of": [
            { "exact": { "password": secret } },
            { "login": { "token": { "any_of": [{ "prefix": secret }, { "matches": secret }] } } },
            { "payload": { "at": { "/auth/user": { "eq": [secret] } } }, "headers": { "x-api-key": secret } },
            { "path": { "$.credentials[*]": { "any_element": secret } } },
            { "cut": format!("{{ password: \"{secret}\", apiKey: \"{secret}") },
        ] });
    }),
    ("payload of a pattern", By::Look, |parts, secret| {
        let login = format!("\u{1}password={secret}");
        let mut hex = data_encoding::HEXLOWER.encode(login.as_bytes());
        hex.push_str("ff");
        parts.handle.expected = json!({ "any_of": [
            { "payload_hex": hex },
            { "not": { "payload_contains_hex": hex.to_uppercase() } },
            { "payload_text": login },
        ] });
        parts.handle.reason = login;
    }),
    (
        "words of a matcher in a pattern",
        By::Run,
        |parts, secret| {
            parts.handle.expected =
                json!({ "id": { "matcher": format!("an id such as {secret}") } });
        },
    ),
    ("reason", By::Look, |parts, secret| {
        parts.handle.reason = format!("password: expected \"{secret}\", got nothing");
    }),
    ("leaf of a failure tree", By::Look, |parts, secret| {
        let leaf = MatchFailure::new(
            MismatchKind::Mismatch,
            "user.passphrase",
            json!(secret),
            Value::Null,
        );
        let mut tree =
            MatchFailure::new(MismatchKind::Composed, "all_of", Value::Null, Value::Null);
        tree.children.push(leaf);
        parts.handle.failures.push(tree.clone());
        parts.handle.failure = Some(tree);
    }),
    ("difference of a near miss", By::Look, |parts, secret| {
        let mut difference = Difference::new("headers.x-api-key", MismatchKind::Mismatch);
        difference.expected = Some(json!("=~ r\"^k-\""));
        difference.actual = Some(json!(secret));
        parts
            .handle
            .near_misses
            .push(NearMiss::new(vec![difference]));
    }),
    ("cause", By::Run, |parts, secret| {
        let text = format!("a message came with {secret}");
        parts.handle.cause = Some(Cause::new(CauseKind::WrongValue, text));
    }),
    ("violation", By::Run, |parts, secret| {
        parts.handle.violation = Some(Violation::new(format!("it said {secret}")));
    }),
    ("detail of an event", By::Look, |parts, secret| {
        parts.event.detail = format!("session_id: \"{secret}\" differs");
    }),
    ("error of a reply", By::Look, |parts, secret| {
        parts.reply.error_text = Some(format!(
            "https://api.example/?access_token={secret}&page=2 is gone"
        ));
    }),
    ("failure text", By::Look, |parts, secret| {
        parts.test.failure_text = Some(format!(
            "FAIL  a\n    password  expected \"x\"  got \"{secret}\"\n  payload  {{\"idToken\":\"{secret}"
        ));
    }),
    ("traceback", By::Look, |parts, secret| {
        parts.test.traceback = Some(format!(
            "User {{ name: \"bob\", password: Some(\"{secret}\") }}"
        ));
    }),
    ("captured output", By::Look, |parts, secret| {
        parts.test.stdout = format!("curl -H 'X-Api-Key: {secret}' https://x");
        parts.test.stderr = format!("(\"db\", \"password\"): \"{secret}\"");
        parts.test.log = format!("Authorization: Basic {BASIC}");
    }),
    ("skip reason", By::Look, |parts, secret| {
        parts.test.skip_reason = Some(format!("no broker at redis://:{secret}@host"));
    }),
    ("environment", By::Look, |parts, secret| {
        let environment = json!({ "DB_PASSWORD": secret, "AWS_SECRET_ACCESS_KEY": secret });
        parts.run.extra.insert("env".to_owned(), environment);
    }),
    ("command line", By::Look, |parts, secret| {
        parts.run.command_line = vec![
            "run".into(),
            "--db-password".into(),
            secret.to_owned(),
            format!("--token={secret}"),
        ];
    }),
    ("file of rows", By::Run, |parts, secret| {
        let file = format!("tests/{secret}.csv");
        parts.test.case = Some(CaseRow::new(1, file, 2));
    }),
    ("command to run a test again", By::Look, |parts, secret| {
        parts.test.rerun = Some(format!("API_TOKEN={secret} cargo test -- a"));
    }),
    ("notice", By::Run, |parts, secret| {
        parts
            .run
            .notices
            .push(Notice::new(NoticeKind::Cut, format!("{secret} was cut"), 1));
    }),
    ("address of the CI job", By::Look, |parts, secret| {
        let ci = json!({ "provider": "x", "url": format!("https://ci.example/1?sig={secret}") });
        parts.run.ci = Some(serde_json::from_value(ci).unwrap());
    }),
    ("percent-encoded", By::Run, |parts, secret| {
        let encoded: String = secret.bytes().map(|byte| format!("%{byte:02x}")).collect();
        parts.event.detail = format!("/path/{encoded}/end");
    }),
    ("with JSON escapes", By::Run, |parts, secret| {
        let escaped: String = secret
            .chars()
            .map(|c| format!("\\u{:04x}", u32::from(c)))
            .collect();
        parts.event.detail = format!("{{\"a\":\"{escaped}\"}}");
    }),
    ("field that nobody knows", By::Look, |parts, secret| {
        parts
            .scenario
            .extra
            .insert("credentials".to_owned(), json!({ "x": [secret] }));
    }),
];

fn report(fill: impl Fn(&mut Parts)) -> Report {
    let start: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
    let second = Duration::from_secs(1);
    let mut parts = Parts {
        run: Run::new(start, start, second),
        test: Test::new("shop::a", "tests/shop.rs", "a", TestOutcome::Failed, second),
        scenario: Scenario::new("a", Outcome::Fail, second),
        handle: Handle::new("orders", Outcome::Fail),
        reply: Reply::new("asked", "answered", ReplyState::ReplyFailed),
        message: Message::new("m1", "orders", Direction::In, second, 9, Encoding::Json),
        event: Event::new(second, start, Action::Mismatched),
    };
    parts.run.totals.add(TestOutcome::Failed);
    fill(&mut parts);
    let mut scenario = parts.scenario;
    scenario.handles.push(parts.handle);
    scenario.replies.push(parts.reply);
    scenario.messages.push(parts.message);
    scenario.timeline.push(parts.event);
    parts.test.scenarios.push(scenario);
    Report::new(parts.run, vec![parts.test])
}

/// Every way in which the sentinel could be read in a file.
fn leaks(text: &str) -> bool {
    let lower = text.to_lowercase();
    let bytes: Vec<_> = SENTINEL.bytes().map(|byte| byte.to_string()).collect();
    [
        SENTINEL.to_owned(),
        // Also half of it.
        SENTINEL[..12].to_owned(),
        BASIC.to_lowercase(),
        SENTINEL
            .bytes()
            .map(|byte| format!("%{byte:02x}"))
            .collect(),
        SENTINEL
            .chars()
            .map(|c| format!("\\u{:04x}", u32::from(c)))
            .collect(),
        SENTINEL
            .chars()
            .map(|c| format!("\\\\u{:04x}", u32::from(c)))
            .collect(),
        bytes.join(","),
        data_encoding::HEXLOWER.encode(SENTINEL.as_bytes()),
    ]
    .iter()
    .any(|form| lower.contains(form))
}

/// Writes everything that can be made of a report.
fn write_all(report: &Report, folder: &Path) {
    write::to_path(&folder.join("results.json"), report).unwrap();
    fs::write(folder.join("report.md"), markdown::render(report)).unwrap();
    #[cfg(feature = "junit")]
    {
        let text = choreo_report::export::junit::render(report).unwrap();
        fs::write(folder.join("junit.xml"), text).unwrap();
    }
    let mut page = choreo_report::html::write(Vec::new(), report).unwrap();
    page.extend(unpacked(std::str::from_utf8(&page).unwrap()));
    fs::write(folder.join("index.html"), page).unwrap();
    let old = v1_3::export(report.clone()).report;
    fs::write(folder.join("v1.3.json"), serde_json::to_vec(&old).unwrap()).unwrap();
}

#[test]
fn every_spot_would_leak_and_does_not() {
    let holding = hold_secrets();
    remember_secret(SENTINEL);
    assert!(SPOTS.len() >= 20);
    for (spot, by, place) in SPOTS {
        let mut report = report(|parts| place(parts, SENTINEL));
        let before = serde_json::to_string(&report).unwrap();
        assert!(leaks(&before), "{spot}: the test places nothing");
        let mut redactor = match by {
            By::Look => Redactor::new(),
            By::Run => Redactor::of_process(),
        };
        redactor.report(&mut report);
        let after = serde_json::to_string(&report).unwrap();
        assert!(!leaks(&after), "{spot}: {after}");
        let markers = after.matches("<redacted:").count() as u64;
        let counted: u64 = report.run.redactions.rules.values().sum();
        assert_eq!(counted, markers, "{spot}: {after}");
        let redactions = &report.run.redactions;
        assert_eq!(
            redactions.fields + redactions.stream_matches,
            counted,
            "{spot}"
        );

        let once = report.clone();
        redactor.report(&mut report);
        assert_eq!(report, once, "{spot}: to redact twice is to redact once");
    }
    drop(holding);
}

#[test]
fn no_file_holds_a_secret() {
    let holding = hold_secrets();
    remember_secret(SENTINEL);
    let scratch = tempfile::tempdir().unwrap();
    for (number, (spot, _, place)) in SPOTS.iter().enumerate() {
        let folder = scratch.path().join(number.to_string());
        fs::create_dir(&folder).unwrap();
        let mut report = report(|parts| place(parts, SENTINEL));
        Redactor::of_process().report(&mut report);
        write_all(&report, &folder);
        let mut files = 0;
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            assert!(!leaks(&text), "{spot}, {}: {text}", path.display());
            files += 1;
        }
        assert!(files >= 4, "{spot}");
    }
    drop(holding);
}
