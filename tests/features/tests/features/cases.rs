//! Rows of values: a program with the same rows in each setting is run, and what it says is compared.

use choreo_test_brokers::{BrokerTests, NatsServer, TestError};

use crate::program;

const PROGRAM: &str = env!("CARGO_BIN_EXE_rows");

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
async fn run(setting: &str, server: Option<NatsServer>) -> Result<(), TestError> {
    let text = program::run(PROGRAM, setting, server.as_ref(), &[]).await?;
    program::assert_says("cases", setting, &text);
    Ok(())
}
