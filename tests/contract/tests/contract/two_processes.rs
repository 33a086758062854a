//! Scenarios of two processes on one topic of one broker.

use std::process::Stdio;
use std::time::Duration;

use choreo::transport::contract::Subject;
use choreo_test_brokers::TestError;
use choreo_test_contract::{Met, TestBroker, meet};
use libtest_mimic::Completion;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use super::lent::Lent;

const BOUND: Duration = Duration::from_secs(60);

pub(crate) fn run<B: TestBroker>(name: &str, lent: &Lent<B>) -> Result<Completion, TestError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let result = runtime.block_on(async { tokio::time::timeout(BOUND, both(name, lent)).await });
    runtime.shutdown_timeout(Duration::from_secs(1));
    result.map_err(|_| format!("the processes did not end within {BOUND:?}"))??;
    Ok(Completion::Completed)
}

async fn both<B: TestBroker>(name: &str, lent: &Lent<B>) -> Result<(), TestError> {
    let topic = lent.topic("processes");
    let mut other = Command::new(env!("CARGO_BIN_EXE_second-process"))
        .args([name, &lent.port().to_string(), &topic])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (Some(mut input), Some(output)) = (other.stdin.take(), other.stdout.take()) else {
        return Err("the second process has no pipes".into());
    };
    let mut output = BufReader::new(output).lines();
    let mine = meet(lent.transport(), &topic, async || {
        match output.next_line().await? {
            Some(line) if line == "there" => Ok(input.write_all(b"go\n").await?),
            Some(line) => Err(format!("the second process: {line}").into()),
            None => Err("the second process ended".into()),
        }
    })
    .await?;
    let mut theirs = String::new();
    while let Some(line) = output.next_line().await? {
        theirs += &line;
    }
    other.wait().await?;
    let Met { passed, foreign } = Met::ALL;
    if mine != Met::ALL || theirs != format!("{passed} passed, {foreign} foreign") {
        return Err(format!("this process: {mine:?}, the second one: {theirs}").into());
    }
    Ok(())
}
