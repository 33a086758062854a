//! Snapshots of messages. What `insta` does depends on the environment, so each scenario runs in a process of its
//! own: this test binary, called for the one test that plays it.
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use choreo::prelude::*;
use choreo::{Outcome, ScenarioResult, Value};

/// Where the child keeps its snapshots.
const FOLDER: &str = "CHOREO_TEST_SNAPSHOTS";
/// What it publishes, as a JSON list.
const MESSAGES: &str = "CHOREO_TEST_MESSAGES";
/// In front of what it says.
const OUTCOME: &str = "outcome: ";
/// As `insta` names the file.
const FILE: &str = "snapshot__an order is stored.snap";

async fn harness() -> Harness {
    Harness::builder(Memory::new())
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(Duration::from_millis(80))
        .connect()
        .await
        .unwrap()
}

fn in_folder(folder: &str) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings
}

/// The scenario of a child.
#[tokio::test]
#[ignore = "the others run it, with an environment"]
#[expect(clippy::print_stdout, reason = "how it tells its parent")]
async fn child() {
    let folder = std::env::var(FOLDER).unwrap();
    let messages: Vec<Value> =
        choreo::serde_json::from_str(&std::env::var(MESSAGES).unwrap()).unwrap();
    let harness = harness().await;
    let mut scope = harness.scenario("an order is stored").open();
    let s = scope.arrange();
    in_folder(&folder).bind(|| {
        expect!(s, "orders", snapshot {
            ".correlation_id" => "[id]",
            ".items[].at" => "[time]",
        }, headers { "x-source": "test" })
    });
    begin!(s);
    for message in &messages {
        let source = message["source"].as_str().unwrap_or("test");
        publish!(s, "orders", (message.clone()), headers { "x-source": (source) });
    }
    println!("\n{OUTCOME}{}", told(&*settle!(s)));
}

fn told(result: &ScenarioResult) -> String {
    match result.outcome() {
        Outcome::Pass => "pass".to_owned(),
        _ => result.failure_text(),
    }
}

struct Child {
    folder: tempfile::TempDir,
}

impl Child {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn stored(&self) -> PathBuf {
        self.folder.path().join(FILE)
    }

    fn new_file(&self) -> PathBuf {
        self.stored().with_extension("snap.new")
    }

    fn names(&self) -> Vec<String> {
        let files = fs::read_dir(&self.folder).unwrap();
        let mut names: Vec<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// What the child said, with times and places replaced.
    fn run(&self, update: &str, force_pass: bool, messages: &Value) -> String {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--nocapture"])
            .env(FOLDER, self.folder.path())
            .env(MESSAGES, messages.to_string())
            .env("INSTA_UPDATE", update)
            .env("INSTA_FORCE_PASS", if force_pass { "1" } else { "0" })
            .env("INSTA_OUTPUT", "none")
            .env_remove("INSTA_PENDING_DIR")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (_, said) = text.split_once(OUTCOME).unwrap_or_else(|| {
            panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
        });
        let (said, _) = said.split_once("\ntest child").unwrap_or((said, ""));
        self.normal(said)
    }

    fn normal(&self, text: &str) -> String {
        let text = text.replace(&self.folder.path().display().to_string(), "<folder>");
        let durations = regex::Regex::new(r" *\+?\d+(\.\d+)? (ns|µs|ms|s)\b").unwrap();
        let text = durations.replace_all(&text, " <time>");
        let ids = regex::Regex::new("[0-9a-f]{32}").unwrap();
        let text = ids.replace_all(&text, "<id>");
        let places = regex::Regex::new(r"snapshot\.rs:\d+").unwrap();
        let text = places.replace_all(&text, "snapshot.rs:<line>");
        text.trim_end().to_owned()
    }
}

/// What a snapshot's file holds behind its head.
fn content(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    let (_, content) = text.trim_start_matches("---").split_once("---").unwrap();
    choreo::serde_json::from_str(content).unwrap()
}

fn order(status: &str, at: &str) -> Value {
    json!({ "status": status, "items": [{ "sku": "A", "at": at }] })
}

fn redacted(status: &str) -> Value {
    json!({
        "correlation_id": "[id]",
        "status": status,
        "items": [{ "sku": "A", "at": "[time]" }],
    })
}

#[test]
fn the_first_run_fails_and_leaves_the_message_for_review() {
    let child = Child::new();
    let said = child.run("new", false, &json!([order("STORED", "today")]));
    insta::assert_snapshot!(said);
    assert_eq!(child.names(), [format!("{FILE}.new")]);
    assert_eq!(content(&child.new_file()), redacted("STORED"));
    let text = fs::read_to_string(child.new_file()).unwrap();
    assert!(text.contains("source: choreo/tests/snapshot.rs"), "{text}");
    assert!(text.contains("expression: \"\\\"orders\\\"\""), "{text}");

    // What `cargo insta accept` does.
    fs::rename(child.new_file(), child.stored()).unwrap();
    let said = child.run("new", false, &json!([order("STORED", "tomorrow")]));
    assert_eq!(said, "pass");
    assert_eq!(child.names(), [FILE]);
}

#[test]
fn a_message_that_differs_is_a_near_miss_and_a_later_one_may_match() {
    let child = Child::new();
    child.run("always", false, &json!([order("STORED", "today")]));
    assert_eq!(child.names(), [FILE]);

    let messages = json!([{ "status": 7 }, order("LOST", "today"), { "other": true }]);
    insta::assert_snapshot!(child.run("new", false, &messages));
    // The closest one, not the last.
    assert_eq!(content(&child.new_file()), redacted("LOST"));
    assert_eq!(content(&child.stored()), redacted("STORED"));

    let messages = json!([order("LOST", "today"), order("STORED", "today")]);
    assert_eq!(child.run("new", false, &messages), "pass");
    assert_eq!(child.names(), [FILE], "a stale file is gone, none is new");
}

#[test]
fn the_environment_decides_what_insta_does() {
    let child = Child::new();
    let messages = json!([order("STORED", "today")]);
    insta::assert_snapshot!(child.run("no", false, &messages));
    assert!(child.names().is_empty());

    assert_eq!(child.run("new", true, &messages), "pass");
    assert_eq!(child.names(), [format!("{FILE}.new")]);

    assert_eq!(child.run("always", false, &messages), "pass");
    assert_eq!(content(&child.stored()), redacted("STORED"));
    assert_eq!(
        child.run("always", false, &json!([order("PAID", "today")])),
        "pass"
    );
    assert_eq!(content(&child.stored()), redacted("PAID"));
}

#[test]
fn nothing_is_stored_of_a_message_with_wrong_headers_nor_without_a_message() {
    let child = Child::new();
    let wrong = json!([{ "status": "STORED", "source": "load" }]);
    let said = child.run("always", false, &wrong);
    assert!(said.starts_with("FAIL"), "{said}");
    let said = child.run("always", false, &json!([]));
    assert!(said.starts_with("TIMEOUT"), "{said}");
    assert!(child.names().is_empty());
}

#[test]
fn a_large_message_is_stored_whole() {
    let child = Child::new();
    let large = "x".repeat(100_000);
    let messages = json!([{ "status": "STORED", "text": large }]);
    assert_eq!(child.run("always", false, &messages), "pass");
    assert_eq!(content(&child.stored())["text"], json!(large));
}

/// No file is written: the names show in what is expected.
#[tokio::test]
async fn names_are_those_of_the_scenario_or_of_the_test() {
    let folder = tempfile::tempdir().unwrap();
    let harness = harness().await;
    let mut scope = harness.scenario("orders::snapshot::stored").open();
    let s = scope.arrange();
    let own = String::from("my own/name");
    let mut settings = in_folder(folder.path().to_str().unwrap());
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        expect!(s, "a", snapshot);
        expect!(s, "b", snapshot, within 50ms);
        expect!(s, "c", snapshot (own) {});
        settings.clone().bind(|| {
            let mut suffixed = insta::Settings::clone_current();
            suffixed.set_snapshot_suffix("v2");
            suffixed.bind(|| expect!(s, "d", snapshot "given"));
        });
        expect!(s, "e", snapshot);
    });
    begin!(s);
    let text = settle!(s).failure_text();
    let root = folder.path().display();
    for name in [
        "orders__snapshot__stored",
        "orders__snapshot__stored-2",
        "my own__name",
        "given@v2",
        "orders__snapshot__stored-3",
    ] {
        let expected = format!("expected the snapshot `{root}/{name}.snap`\n");
        assert!(text.contains(&expected), "{name}: {text}");
    }
}
