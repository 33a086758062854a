//! Stages over every ordered pair of brokers: `nats_to_redis`, …
//!
//! The race that stages of other tools lose: a scenario expects on one broker, is triggered at once on the
//! other, and something outside carries the message over. Every subscription is new in its round.

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use choreo::prelude::*;
use choreo::transport::{
    Connection, ConnectionEvents, Delivery, Outgoing, Transport, TransportError,
};
use choreo_test_brokers::{StartError, TestError};
use choreo_test_contract::{
    JetStreamBroker, KafkaCluster, NatsBroker, RabbitBroker, RedisBroker, RedisStreamsBroker,
    TestBroker, judge,
};
use libtest_mimic::{Arguments, Completion, Trial};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Rounds of each pair.
const ROUNDS: usize = 500;
/// Topics that take turns: a broker that makes a log for each topic would spend the test on that. Each is
/// given up long before its turn comes again.
const TOPICS: usize = 50;
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
    fn cell() -> &'static OnceLock<Result<Self, Arc<StartError>>>;
}

macro_rules! shared {
    ($($broker:ty),*) => {$(
        impl Shared for $broker {
            fn cell() -> &'static OnceLock<Result<Self, Arc<StartError>>> {
                static CELL: OnceLock<Result<$broker, Arc<StartError>>> = OnceLock::new();
                &CELL
            }
        }
    )*};
}

shared!(
    NatsBroker,
    JetStreamBroker,
    KafkaCluster,
    RabbitBroker,
    RedisBroker,
    RedisStreamsBroker
);

fn broker<B: Shared>() -> Result<&'static B, TestError> {
    match B::cell().get_or_init(|| B::start(None).map_err(Arc::new)) {
        Ok(broker) => Ok(broker),
        // Not installed has to stay recognisable: that is a skip.
        Err(error) => match &**error {
            StartError::NotInstalled { program, remedy } => {
                Err(StartError::NotInstalled { program, remedy }.into())
            }
            other => Err(other.to_string().into()),
        },
    }
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Pairs share their brokers, and the machine.
    arguments.test_threads.get_or_insert(2);
    let mut trials = Vec::new();
    from::<NatsBroker>("nats", &mut trials);
    from::<JetStreamBroker>("jetstream", &mut trials);
    from::<KafkaCluster>("kafka", &mut trials);
    from::<RabbitBroker>("rabbitmq", &mut trials);
    from::<RedisBroker>("redis", &mut trials);
    from::<RedisStreamsBroker>("redis_streams", &mut trials);
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn from<A: Shared>(name: &'static str, trials: &mut Vec<Trial>) {
    to::<A, NatsBroker>(name, "nats", trials);
    to::<A, JetStreamBroker>(name, "jetstream", trials);
    to::<A, KafkaCluster>(name, "kafka", trials);
    to::<A, RabbitBroker>(name, "rabbitmq", trials);
    to::<A, RedisBroker>(name, "redis", trials);
    to::<A, RedisStreamsBroker>(name, "redis_streams", trials);
}

fn to<A: Shared, B: Shared>(from: &'static str, to: &'static str, trials: &mut Vec<Trial>) {
    if from == to {
        return;
    }
    let name = format!("{from}_to_{to}");
    let topics = name.replace('_', "-");
    trials.push(Trial::ignorable_test(name, move || {
        judge(run::<A, B>(&topics).map(|()| Completion::Completed))
    }));
}

fn run<A: Shared, B: Shared>(name: &str) -> Result<(), TestError> {
    let (a, b) = (broker::<A>()?, broker::<B>()?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let ended = runtime
        .block_on(async { timeout(BOUND, race(name, || a.transport(), || b.transport())).await });
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended.unwrap_or_else(|_| Err(format!("the pair took longer than {BOUND:?}").into()))
}

async fn race<A: Transport, B: Transport>(
    name: &str,
    from: impl Fn() -> A,
    to: impl Fn() -> B,
) -> Result<(), TestError> {
    let input = format!("contract.{name}-in");
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
    for round in 0..ROUNDS {
        let output = format!("contract.{name}-{}", round % TOPICS);
        let mut scope = stage.scenario("race").open().await?;
        let s = scope.arrange();
        let carried = expect!(s.to, output.clone(), { round: (round) });
        publish!(s.from, input.clone(), { round: (round), output: (output.clone()) });
        let result = settle!(s);
        if result[carried].outcome() > Outcome::Slow {
            let text = result.failure_text();
            return Err(format!("round {round} of {ROUNDS}:\n{text}").into());
        }
    }
    stage.close().await;
    bridge.close().await;
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
        let (sender, mut messages) = mpsc::unbounded_channel();
        let delivery = Delivery::new(move |envelope| {
            // Nobody carries any more when the trial ends.
            let _ = sender.send(envelope);
        });
        let subscription = from.subscribe(input, delivery).await?;
        let mut carrying = JoinSet::new();
        carrying.spawn(async move {
            while let Some(envelope) = messages.recv().await {
                let value: choreo::Value = match choreo::serde_json::from_slice(&envelope.payload) {
                    Ok(value) => value,
                    Err(_) => continue,
                };
                let Some(output) = value["output"].as_str() else {
                    break;
                };
                let message = Outgoing::new(output, envelope.payload.clone());
                // What is lost here is what the scenario waits for: it tells.
                let _ = to.publish(message).await;
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
