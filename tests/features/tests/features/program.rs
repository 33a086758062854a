//! Test programs: scenarios as users write them, run in one setting.

use std::env;
use std::ffi::OsStr;
use std::time::Duration;

use choreo_test_brokers::{NatsServer, TestError};
use choreo_test_features::normalised;
use tokio::process::Command;

/// Below the bound of a test.
const BOUND: Duration = Duration::from_secs(50);

/// What a program with scenarios that fail says before its summary.
pub(crate) async fn run(
    program: &str,
    setting: &str,
    server: Option<&NatsServer>,
    variables: &[(&str, &OsStr)],
) -> Result<String, TestError> {
    let mut program = Command::new(program);
    program
        .args([&format!("{setting}::"), "--test-threads=1"])
        .kill_on_drop(true);
    // What terminals, nextest, CI and we ourselves are told is not meant for it.
    program.env_clear();
    let kept = [
        "PATH",
        "TMPDIR",
        "CARGO_MANIFEST_DIR",
        "CARGO_PKG_NAME",
        "CHOREO_REPORT_DIR",
        "CHOREO_RUN_ID",
    ];
    program.envs(
        kept.iter()
            .filter_map(|name| Some((name, env::var_os(name)?))),
    );
    // The report of the whole suite has failures of every kind; in no other is one that is meant to be.
    if env::var_os("CHOREO_REPORT_DIR").is_none() {
        program.args(["--report", "off"]);
    }
    program.envs(variables.iter().copied());
    if let Some(server) = server {
        program.env("SERVER", server.url());
    }
    let run = tokio::time::timeout(BOUND, program.output()).await??;
    let output = String::from_utf8(run.stdout)?;
    assert!(!run.status.success(), "{output}");
    let (text, _) = output.split_once("\nchoreo summary").ok_or("a summary")?;
    Ok(normalised(text))
}

/// Compares what a program said with `NAME@SETTING`: the names of its scenarios have the setting in them.
pub(crate) fn assert_says(name: &str, setting: &str, text: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(format!("{name}@{setting}"), text);
    });
}
