//! `choreo report push`, against a server of our own.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use choreo_report::model::Outcome;
use serde_json::Value;

use crate::support::{Done, choreo, command, golden, report, run, save};

const TOKEN: &str = "s3ntinel-token-of-the-test";

/// What a server was sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    head: String,
    body: Vec<u8>,
}

impl Sent {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// Answers one request after the other with these, and tells what it was sent.
fn server(answers: Vec<&'static str>) -> (String, Receiver<Sent>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api/v1/reports", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(30)))
                .unwrap();
            let sent = receive(&mut BufReader::new(&stream));
            let _ = (&stream).write_all(answer.as_bytes());
            if sender.send(sent).is_err() {
                return;
            }
        }
    });
    (url, receiver)
}

pub(crate) fn receive(reader: &mut impl BufRead) -> Sent {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
    }
    let mut sent = Sent {
        head: head.replace('\r', ""),
        body: Vec::new(),
    };
    let length = sent.header("content-length").unwrap().parse().unwrap();
    sent.body = vec![0; length];
    reader.read_exact(&mut sent.body).unwrap();
    sent
}

pub(crate) const TAKEN: &str =
    "HTTP/1.1 201 Created\r\nContent-Length: 8\r\nConnection: close\r\n\r\nrun 4711";
const BUSY: &str =
    "HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

fn push(url: &str, more: &[&str]) -> (Done, Vec<u8>) {
    let scratch = tempfile::tempdir().unwrap();
    let file = save(
        &report(&[("pays", Outcome::Pass, 10)]),
        scratch.path(),
        "results.json",
    );
    let mut command = command();
    command
        .args(["report", "push", url, &file, "--tenant", "shop"])
        .args(more);
    let done = run(command.env("CHOREO_CHRONICLE_TOKEN", TOKEN));
    assert!(
        !done.out.contains(TOKEN) && !done.err.contains(TOKEN),
        "{done:?}"
    );
    (done, std::fs::read(file).unwrap())
}

fn next(receiver: &Receiver<Sent>) -> Sent {
    receiver.recv_timeout(Duration::from_secs(30)).unwrap()
}

#[test]
fn a_report_is_sent_as_it_is() {
    let (url, sent) = server(vec![TAKEN]);
    let (done, file) = push(&url, &[]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.out, format!("sent 1 test to {url}: run 4711\n"));
    let sent = next(&sent);
    assert!(
        sent.head.starts_with("POST /api/v1/reports HTTP/1.1\n"),
        "{sent:?}"
    );
    assert_eq!(sent.header("x-chronicle-tenant"), Some("shop"));
    assert_eq!(sent.header("content-type"), Some("application/json"));
    let bearer = format!("Bearer {TOKEN}");
    assert_eq!(sent.header("authorization"), Some(&*bearer));
    let key = sent.header("idempotency-key").unwrap();
    assert!(key.starts_with("sha256-") && key.len() == 71, "{key}");
    assert_eq!(sent.body, file);
}

#[test]
fn what_is_sent_is_strict_json() {
    let (url, sent) = server(vec![TAKEN]);
    let file = golden("not-strict-json/nan-infinity.json");
    let file = file.display().to_string();
    let done = choreo(&["report", "push", &url, &file, "--tenant", "shop"]);
    assert_eq!(done.code, 0, "{done:?}");
    let report: Value = serde_json::from_slice(&next(&sent).body).unwrap();
    let handle = &report["tests"][0]["scenarios"][0]["handles"][0];
    assert_eq!(handle["actual"]["x"], "NaN");
}

#[test]
fn a_busy_server_is_asked_again_with_the_same_key() {
    let (url, sent) = server(vec![BUSY, BUSY, TAKEN]);
    let (done, _) = push(&url, &[]);
    assert_eq!(done.code, 0, "{done:?}");
    let first = next(&sent);
    assert_eq!(first, next(&sent));
    assert_eq!(first, next(&sent));
    assert!(
        done.err.contains("status 503; trying again in 0 s, 2 of 3"),
        "{done:?}"
    );
}

#[test]
fn retries_end() {
    let (url, sent) = server(vec![BUSY, BUSY, TAKEN]);
    let (done, _) = push(&url, &["--retries", "1"]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(
        done.err.contains("refused the report (status 503)"),
        "{done:?}"
    );
    next(&sent);
    next(&sent);
    assert!(sent.try_recv().is_err(), "two attempts were asked for");
}

#[test]
fn what_the_server_will_never_take_is_sent_once() {
    const UNKNOWN: &str = "HTTP/1.1 422 No\r\nContent-Length: 45\r\nConnection: close\r\n\r\n{\"error\":\"bad run\",\"password\":\"hunter2\"} \u{1b}[2J";
    const DENIED: &str = "HTTP/1.1 401 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    const MOVED: &str = "HTTP/1.1 307 Moved\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    for (answer, says) in [
        (
            UNKNOWN,
            "refused the report (status 422): {\"error\":\"bad run\",\"password\":\"<redacted:assignment>\"}",
        ),
        (
            DENIED,
            "does not accept the token for tenant `shop` (status 401); it is taken from CHOREO_CHRONICLE_TOKEN",
        ),
        (
            MOVED,
            "sends us elsewhere (status 307), and nothing was sent there; give that address itself: http://elsewhere.example/",
        ),
    ] {
        let (url, sent) = server(vec![answer, TAKEN]);
        let (done, _) = push(&url, &[]);
        assert_eq!(done.code, 1, "{done:?}");
        assert!(done.err.contains(says), "{done:?}");
        assert!(!done.err.contains('\u{1b}'), "{done:?}");
        next(&sent);
        assert!(sent.try_recv().is_err(), "one attempt is enough");
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let (done, _) = push(&url, &["--retries", "0"]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(
        done.err.contains(&format!("{url} cannot be reached")),
        "{done:?}"
    );
    assert!(done.err.contains("(1 attempt)"), "{done:?}");
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (done, _) = push(&url, &["--retries", "0", "--timeout", "1"]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.err.contains("cannot be reached: timeout"), "{done:?}");
}

#[test]
fn a_dry_run_sends_nothing_and_shows_no_token() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (done, file) = push(&url, &["--dry-run"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.out
            .contains(&format!("({} bytes, 1 test) to {url}", file.len())),
        "{done:?}"
    );
    assert!(
        done.out.contains("Authorization: Bearer <redacted>"),
        "{done:?}"
    );
    assert!(listener.accept().is_err(), "nobody called");
}

#[test]
fn secrets_are_kept_from_addresses_and_from_open_networks() {
    let (done, _) = push("http://chronicle.example/", &["--dry-run"]);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("use https"), "{done:?}");
    let (done, _) = push("https://bob:s3ntinel@chronicle.example/", &["--dry-run"]);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(!done.err.contains("s3ntinel"), "{done:?}");
}

#[test]
fn what_is_missing_is_named() {
    let done = choreo(&["report", "push", "http://127.0.0.1:1/"]);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("CHOREO_CHRONICLE_TENANT"), "{done:?}");
    let named = [
        "report",
        "push",
        "http://127.0.0.1:1/",
        "--tenant",
        "t",
        "--token-env",
        "NOT_SET",
    ];
    let done = choreo(&named);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("`NOT_SET` is not set"), "{done:?}");
}
