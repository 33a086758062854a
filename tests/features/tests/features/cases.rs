//! Rows of values: a program with the same rows in each setting is run, and what it says is compared.

use std::time::Duration;

use choreo_test_brokers::{BrokerTests, NatsServer, TestError};
use choreo_test_features::normalised;
use tokio::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_rows");

/// Below the bound of a test.
const BOUND: Duration = Duration::from_secs(50);

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .embedded_test("cases::rows::memory", || run("memory", None))
        .test("cases::rows::nats", || async {
            run("nats", Some(NatsServer::builder().start()?)).await
        })
        .test("cases::rows::stage", || async {
            run("stage", Some(NatsServer::builder().start()?)).await
        })
}

/// Each row is a test by its own name: those that hold pass, and the text of one that does not is its own.
async fn run(setting: &'static str, server: Option<NatsServer>) -> Result<(), TestError> {
    let mut program = Command::new(PROGRAM);
    program
        .args([&format!("{setting}::"), "--test-threads=1"])
        .env_remove("NEXTEST")
        .env_remove("NEXTEST_RUN_ID")
        .kill_on_drop(true);
    if let Some(server) = &server {
        program.env("SERVER", server.url());
    }
    let run = tokio::time::timeout(BOUND, program.output()).await??;
    let output = String::from_utf8(run.stdout)?;
    assert!(!run.status.success(), "{output}");
    let (text, _) = output.split_once("\nchoreo summary").ok_or("a summary")?;
    let text = normalised(text);
    // Their names have the setting in them.
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(format!("cases@{setting}"), text);
    });
    Ok(())
}
