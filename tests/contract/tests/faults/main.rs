//! What running scenarios, later scenarios and the process see when a broker or the network fails:
//! `nats::killed`, `kafka::network_half_open`, …
//!
//! Each trial runs in a process of its own (this program again, with [`TRIAL`] set), so that it can count
//! its threads.

mod fault;
mod left;
mod world;

use std::env;
use std::io::{self, Write};
use std::process::{Command, ExitCode};

use choreo_test_brokers::TestError;
use choreo_test_contract::{
    JetStreamBroker, KafkaBroker, NatsBroker, RabbitBroker, RedisBroker, RedisStreamsBroker,
    TestBroker, in_words, is_skip, skips_are_denied,
};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use self::fault::Fault;

/// Names the trial that this process is to run.
const TRIAL: &str = "CHOREO_FAULT_TRIAL";
/// How such a process says that a broker is missing.
const SKIPPED: u8 = 77;
/// Trials mostly wait, so more run at a time than there are cores.
const AT_ONCE: usize = 4;

struct Entry {
    name: String,
    run: Box<dyn Fn() -> Result<(), TestError>>,
}

fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    add::<NatsBroker>("nats", &mut entries);
    add::<JetStreamBroker>("jetstream", &mut entries);
    add::<KafkaBroker>("kafka", &mut entries);
    add::<RabbitBroker>("rabbitmq", &mut entries);
    add::<RedisBroker>("redis", &mut entries);
    add::<RedisStreamsBroker>("redis_streams", &mut entries);
    entries
}

fn add<B: TestBroker>(broker: &str, entries: &mut Vec<Entry>) {
    for fault in Fault::ALL {
        entries.push(Entry {
            name: format!("{broker}::{}", fault.name()),
            run: Box::new(move || world::run::<B>(fault)),
        });
    }
}

fn main() -> ExitCode {
    if let Ok(name) = env::var(TRIAL) {
        return trial(&name);
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let trials = entries().into_iter().map(|entry| {
        let name = entry.name;
        Trial::ignorable_test(name.clone(), move || in_a_process(&name))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// This process is a trial.
fn trial(name: &str) -> ExitCode {
    let entry = entries().into_iter().find(|entry| entry.name == name);
    let result = entry.map_or_else(
        || Err(format!("there is no trial `{name}`").into()),
        |entry| (entry.run)(),
    );
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    // Whoever closed the pipe wants to know no more.
    let _ = writeln!(io::stdout(), "{}", in_words(&error));
    ExitCode::from(if is_skip(&error) { SKIPPED } else { 1 })
}

fn in_a_process(name: &str) -> Result<Completion, Failed> {
    let output = Command::new(env::current_exe()?)
        .env(TRIAL, name)
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    match output.status.code() {
        Some(0) => Ok(Completion::Completed),
        Some(code) if code == i32::from(SKIPPED) && !skips_are_denied() => {
            Ok(Completion::ignored_with(format!("skipped: {said}")))
        }
        _ => {
            let log = String::from_utf8_lossy(&output.stderr);
            Err(Failed::from(format!("{said}{log}({})", output.status)))
        }
    }
}
