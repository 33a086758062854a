//! The other one of two processes on one broker: `second-process TRANSPORT PORT TOPIC`.
//!
//! Says `there` when it is subscribed, waits for a line, runs its scenarios, and says how many passed and
//! how many messages of the other process it saw.

use std::env;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use choreo_test_brokers::TestError;
use choreo_test_contract::{
    JetStreamBroker, KafkaBroker, Met, NatsBroker, RabbitBroker, RedisBroker, RedisStreamsBroker,
    TestBroker, meet,
};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    match run().await {
        Ok(Met { passed, foreign }) => {
            say(&format!("{passed} passed, {foreign} foreign"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&format!("{error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<Met, TestError> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [transport, port, topic] = arguments.as_slice() else {
        return Err("usage: second-process TRANSPORT PORT TOPIC".into());
    };
    let port = port.parse()?;
    match transport.as_str() {
        "nats" => run_over::<NatsBroker>(port, topic).await,
        "jetstream" => run_over::<JetStreamBroker>(port, topic).await,
        "kafka" | "kafka_mock" => run_over::<KafkaBroker>(port, topic).await,
        "rabbitmq" => run_over::<RabbitBroker>(port, topic).await,
        "redis" => run_over::<RedisBroker>(port, topic).await,
        "redis_streams" => run_over::<RedisStreamsBroker>(port, topic).await,
        other => Err(format!("there is no transport `{other}`").into()),
    }
}

async fn run_over<B: TestBroker>(port: u16, topic: &str) -> Result<Met, TestError> {
    meet(B::at(port), topic, async || {
        say("there");
        let mut line = String::new();
        tokio::task::spawn_blocking(move || io::stdin().lock().read_line(&mut line)).await??;
        Ok(())
    })
    .await
}

fn say(line: &str) {
    let mut out = io::stdout().lock();
    // Whoever closed the pipe wants to know no more.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
