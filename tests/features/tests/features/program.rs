//! Test programs: scenarios as users write them, run in one setting.

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
        .env_remove("NEXTEST")
        .env_remove("NEXTEST_RUN_ID")
        .kill_on_drop(true);
    // They say what becomes of our snapshots, not of the program's.
    let of_insta = |name: &OsStr| name.to_string_lossy().starts_with("INSTA_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| of_insta(name)) {
        program.env_remove(name);
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
