//! Stages over every ordered pair of brokers: `nats_to_redis`, …
//!
//! The race that stages of other tools lose: a scenario expects on one broker, is triggered at once on the
//! other, and something outside carries the message over. Every subscription is new in its round.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use choreo::prelude::*;
use choreo::transport::{
    Connection, ConnectionEvents, Delivery, Outgoing, Transport, TransportError,
};
use choreo_test_brokers::{StartError, TestError};
use choreo_test_contract::{
    JetStreamBroker, KafkaBroker, NatsBroker, RabbitBroker, RedisBroker, RedisStreamsBroker,
    TestBroker, judge,
};
use libtest_mimic::{Arguments, Completion, Trial};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Rounds of each pair.
const ROUNDS: usize = 500;
/// Rounds that run at a time, each on a topic that no other uses meanwhile.
const AT_ONCE: usize = 25;
/// Topics that take turns, for each of them: a broker that makes a log for each topic would spend the test
/// on that. A topic is given up before its turn comes again.
const TURNS: usize = 2;
/// Of one scenario. Far above what any takes.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Of one pair.
const BOUND: Duration = Duration::from_secs(240);

#[derive(Stage)]
struct Pair {
    from: Harness,
    to: Harness,
}

/// A broker of each kind for the whole process, started when a trial first needs it.
trait Shared: TestBroker {
    fn cell() -> &'static Cell<Self>;
}

type Cell<B> = Mutex<Option<Result<Arc<B>, Arc<StartError>>>>;

macro_rules! shared {
    ($($broker:ty),*) => {
        $(
            impl Shared for $broker {
                fn cell() -> &'static Cell<Self> {
                    static CELL: Cell<$broker> = Mutex::new(None);
                    &CELL
                }
            }
        )*

        /// What is in a static is not dropped when the process ends, and a broker that is not dropped lives on.
        fn stop_all() {
            $(drop(locked::<$broker>().take());)*
        }
    };
}

shared!(
    NatsBroker,
    JetStreamBroker,
    KafkaBroker,
    RabbitBroker,
    RedisBroker,
    RedisStreamsBroker
);

fn locked<B: Shared>() -> MutexGuard<'static, Option<Result<Arc<B>, Arc<StartError>>>> {
    B::cell().lock().unwrap_or_else(PoisonError::into_inner)
}

fn broker<B: Shared>() -> Result<Arc<B>, TestError> {
    let started = locked::<B>()
        .get_or_insert_with(|| B::start(None).map(Arc::new).map_err(Arc::new))
        .clone();
    started.map_err(|error| match &*error {
        // Not installed has to stay recognisable: that is a skip.
        &StartError::NotInstalled { program, remedy } => {
            StartError::NotInstalled { program, remedy }.into()
        }
        other => other.to_string().into(),
    })
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Pairs share their brokers, and the machine.
    arguments.test_threads.get_or_insert(2);
    let mut trials = Vec::new();
    from::<NatsBroker>("nats", &mut trials);
    from::<JetStreamBroker>("jetstream", &mut trials);
    from::<KafkaBroker>("kafka", &mut trials);
    from::<RabbitBroker>("rabbitmq", &mut trials);
    from::<RedisBroker>("redis", &mut trials);
    from::<RedisStreamsBroker>("redis_streams", &mut trials);
    let conclusion = libtest_mimic::run(&arguments, trials);
    stop_all();
    conclusion.exit_code()
}

fn from<A: Shared>(name: &'static str, trials: &mut Vec<Trial>) {
    to::<A, NatsBroker>(name, "nats", trials);
    to::<A, JetStreamBroker>(name, "jetstream", trials);
    to::<A, KafkaBroker>(name, "kafka", trials);
    to::<A, RabbitBroker>(name, "rabbitmq", trials);
    to::<A, RedisBroker>(name, "redis", trials);
    to::<A, RedisStreamsBroker>(name, "redis_streams", trials);
}

fn to<A: Shared, B: Shared>(from: &'static str, to: &'static str, trials: &mut Vec<Trial>) {
    if from == to {
        return;
    }
    let name = format!("{from}_to_{to}");
    trials.push(Trial::ignorable_test(name.clone(), move || {
        judge(run::<A, B>(&name, to).map(|()| Completion::Completed))
    }));
}

fn run<A: Shared, B: Shared>(name: &str, to: &str) -> Result<(), TestError> {
    let (a, b) = (broker::<A>()?, broker::<B>()?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let since = Instant::now();
    let race = async { timeout(BOUND, race(name, to, || a.transport(), || b.transport())).await };
    let ended = runtime.block_on(race);
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended.unwrap_or_else(|_| Err(format!("the pair took longer than {BOUND:?}").into()))?;
    let took = since.elapsed().as_secs_f64();
    // The figures are for people; a closed stderr changes nothing.
    let _ = writeln!(io::stderr(), "{name}: {ROUNDS} of {ROUNDS} in {took:.1} s");
    Ok(())
}

async fn race<A: Transport, B: Transport>(
    name: &str,
    to_name: &str,
    from: impl Fn() -> A,
    to: impl Fn() -> B,
) -> Result<(), TestError> {
    let input = format!("contract.{}-in", name.replace('_', "-"));
    let mut bridge = Bridge::open(&input, &from(), &to()).await?;
    let stage = Stage::<Pair>::builder(PairBuilder {
        from: Harness::builder(from()).correlation(FieldCorrelation::new("correlation_id")),
        to: Harness::builder(to())
            .correlation(FieldCorrelation::new("correlation_id"))
            .linger(Duration::ZERO),
    })
    .timeout(TIMEOUT)
    .connect()
    .await?;
    let begun = Arc::new(AtomicUsize::new(0));
    let mut runners = JoinSet::new();
    for runner in 0..AT_ONCE {
        let (stage, begun, input) = (stage.clone(), Arc::clone(&begun), input.clone());
        let topics = format!("contract.to-{}-{runner}", to_name.replace('_', "-"));
        runners.spawn(async move {
            for turn in 0.. {
                let round = begun.fetch_add(1, Ordering::Relaxed);
                if round >= ROUNDS {
                    break;
                }
                let output = format!("{topics}-{}", turn % TURNS);
                self::round(&stage, round, &input, output).await?;
            }
            Ok::<_, TestError>(())
        });
    }
    // The first that loses ends the others: they are dropped with the set.
    while let Some(ended) = runners.join_next().await {
        ended??;
    }
    stage.close().await;
    bridge.close().await;
    Ok(())
}

async fn round(
    stage: &Stage<Pair>,
    round: usize,
    input: &str,
    output: String,
) -> Result<(), TestError> {
    let mut scope = stage.scenario("race").open().await?;
    let s = scope.arrange();
    let carried = expect!(s.to, output.clone(), { round: (round) });
    publish!(s.from, input, { round: (round), output: (output) });
    let result = settle!(s);
    if result[carried].outcome() > Outcome::Slow {
        let text = result.failure_text();
        return Err(format!("round {round} of {ROUNDS}:\n{text}").into());
    }
    Ok(())
}

/// Something outside: takes messages from one broker and publishes them on the other, where they ask to.
struct Bridge {
    carrying: JoinSet<()>,
}

impl Bridge {
    async fn open<A: Transport, B: Transport>(
        input: &str,
        from: &A,
        to: &B,
    ) -> Result<Self, TransportError> {
        let quiet = || ConnectionEvents::new(|_| {});
        let (from, to) = (from.connect(quiet()).await?, to.connect(quiet()).await?);
        let to = Arc::new(to);
        let (sender, mut messages) = mpsc::unbounded_channel();
        let delivery = Delivery::new(move |envelope| {
            // Nobody carries any more when the trial ends.
            let _ = sender.send(envelope);
        });
        let subscription = from.subscribe(input, delivery).await?;
        let mut carrying = JoinSet::new();
        carrying.spawn(async move {
            let mut publishing = JoinSet::new();
            while let Some(envelope) = messages.recv().await {
                let value: choreo::Value = match choreo::serde_json::from_slice(&envelope.payload) {
                    Ok(value) => value,
                    Err(_) => continue,
                };
                let Some(output) = value["output"].as_str() else {
                    break;
                };
                let message = Outgoing::new(output, envelope.payload.clone());
                let to = Arc::clone(&to);
                // What is lost here is what the scenario waits for: it tells.
                publishing.spawn(async move { to.publish(message).await });
                while publishing.try_join_next().is_some() {}
            }
            drop(subscription);
            from.close().await;
            to.close().await;
        });
        Ok(Self { carrying })
    }

    async fn close(&mut self) {
        self.carrying.shutdown().await;
    }
}
