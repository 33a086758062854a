//! Snapshots of messages. What `insta` does depends on the environment, and it writes files: a test program is
//! run, whose workspace is a temporary folder for `insta`.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use choreo_test_brokers::{BrokerTests, NatsServer, TestError};

use crate::program;

const PROGRAM: &str = env!("CARGO_BIN_EXE_snapshots");

/// Beside the program's source.
const FOLDER: &str = "tests/features/src/snapshots";

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .embedded_test("snapshot::memory", || run("memory", None))
        .test("snapshot::nats", || async {
            run("nats", Some(NatsServer::builder().start()?)).await
        })
        .test("snapshot::stage", || async {
            run("stage", Some(NatsServer::builder().start()?)).await
        })
}

/// In front of a snapshot in its file, and what ends it.
const HEAD: &str = "---\nsource: tests/features/src/snapshots.rs";
const HEAD_ENDS: &str = "\n---\n";

/// The snapshot of an order, as `insta` writes it.
fn of_order(status: &str) -> String {
    format!(
        r#"{{
  "correlation_id": "[id]",
  "lines": [
    {{
      "at": "[time]",
      "sku": "A"
    }}
  ],
  "status": "{status}"
}}
"#
    )
}

/// The message that is as it was passes; of one that is not, and of one that was never stored, the scenario says so
/// and `insta` keeps it for review, redacted.
async fn run(setting: &str, server: Option<NatsServer>) -> Result<(), TestError> {
    let root = tempfile::tempdir()?;
    let folder = root.path().join(FOLDER);
    fs::create_dir_all(&folder)?;
    let file = |name: &str| format!("snapshots__{setting}__{name}");
    let stored = ["as_it_was.snap", "changed.snap"].map(|name| (file(name), of_order("PAID")));
    for (name, text) in &stored {
        fs::write(folder.join(name), format!("{HEAD}{HEAD_ENDS}{text}"))?;
    }

    let variables = [
        ("INSTA_WORKSPACE_ROOT", root.path().as_os_str()),
        ("INSTA_UPDATE", OsStr::new("new")),
        ("INSTA_OUTPUT", OsStr::new("none")),
    ];
    let text = program::run(PROGRAM, setting, server.as_ref(), &variables).await?;
    program::assert_says("snapshot", setting, &text);

    let kept = [
        (file("changed.snap.new"), of_order("LOST")),
        (file("not_stored_yet.snap.new"), of_order("PAID")),
    ];
    assert_eq!(
        snapshots(&folder)?,
        stored.into_iter().chain(kept).collect()
    );
    Ok(())
}

/// What each file holds behind its head.
fn snapshots(folder: &Path) -> Result<BTreeMap<String, String>, TestError> {
    let mut snapshots = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(&path)?;
        let (_, snapshot) = text.split_once(HEAD_ENDS).ok_or("a head")?;
        snapshots.insert(name.into_owned(), snapshot.to_owned());
    }
    Ok(snapshots)
}
