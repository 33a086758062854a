//! A broker that hangs in a quiet window (the socket is open, and nothing comes) is no proof that nothing was
//! sent: `nats_never`, `redis_never`, … and a stage of two.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use choreo::prelude::*;
use choreo::{HarnessBuilder, ScenarioErrorKind, ScenarioResult, Value, matchers};
use choreo_test_brokers::{Network, Proxy, TestError};
use choreo_test_contract::{
    JetStreamBroker, KafkaBroker, NatsBroker, RabbitBroker, RedisBroker, RedisStreamsBroker,
    TestBroker, judge,
};
use libtest_mimic::{Arguments, Completion, Trial};
use tokio::sync::Notify;
use tokio::time::timeout;

/// Of one trial.
const BOUND: Duration = Duration::from_secs(50);
const TOPIC: &str = "contract.quiet";

#[derive(Stage)]
struct Pair {
    hangs: Harness,
    works: Harness,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    add::<NatsBroker>("nats", &mut trials);
    add::<JetStreamBroker>("jetstream", &mut trials);
    add::<KafkaBroker>("kafka", &mut trials);
    add::<RabbitBroker>("rabbitmq", &mut trials);
    add::<RedisBroker>("redis", &mut trials);
    add::<RedisStreamsBroker>("redis_streams", &mut trials);
    trials.push(Trial::ignorable_test("nats_exactly_once", || {
        judge(run(exactly_once))
    }));
    trials.push(Trial::ignorable_test("stage_where_the_window_is", || {
        judge(run(|| stage(true)))
    }));
    trials.push(Trial::ignorable_test("stage_where_the_trigger_is", || {
        judge(run(|| stage(false)))
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn add<B: TestBroker>(broker: &str, trials: &mut Vec<Trial>) {
    trials.push(Trial::ignorable_test(format!("{broker}_never"), || {
        judge(run(never::<B>))
    }));
}

fn run<F: Future<Output = Result<(), TestError>>>(
    trial: impl FnOnce() -> F,
) -> Result<Completion, TestError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async { timeout(BOUND, trial()).await });
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended.map_err(|_| format!("the trial took longer than {BOUND:?}"))??;
    Ok(Completion::Completed)
}

/// A broker behind a network that can hang.
struct World<B> {
    _broker: B,
    proxy: Proxy,
}

impl<B: TestBroker> World<B> {
    fn start() -> Result<Self, TestError> {
        let proxy = Proxy::start()?;
        let broker = B::start(Some(&proxy.address()))?;
        proxy.lead_to(broker.port());
        Ok(Self {
            _broker: broker,
            proxy,
        })
    }

    fn builder(&self) -> HarnessBuilder {
        Harness::builder(B::at(self.proxy.port()))
            .correlation(FieldCorrelation::new("correlation_id"))
            .timeout(Duration::from_secs(20))
    }
}

async fn never<B: TestBroker>() -> Result<(), TestError> {
    let world = World::<B>::start()?;
    let harness = world.builder().connect().await?;
    for hangs in [false, true] {
        let mut scope = harness.scenario("quiet").open();
        let s = scope.arrange();
        never!(s, TOPIC, { number: 8 }, for 200ms);
        // Somebody has to get the trigger: RabbitMQ refuses what nobody gets.
        expect!(s, "contract.trigger", { number: 7 });
        publish!(s, "contract.trigger", { number: 7 });
        if hangs {
            world.proxy.set(Network::Stalled);
        }
        let result = settle!(s);
        judged(&result, hangs, world.proxy.port())?;
    }
    world.proxy.set(Network::Up);
    harness.close().await;
    Ok(())
}

/// The message comes, and whether it came again nobody knows.
async fn exactly_once() -> Result<(), TestError> {
    let world = World::<NatsBroker>::start()?;
    let harness = world.builder().connect().await?;
    for hangs in [false, true] {
        let seen = Arc::new(Notify::new());
        let tell = Arc::clone(&seen);
        let told = matchers::satisfies("a message that is reported", move |_: &Value| {
            tell.notify_one();
            true
        });
        let mut scope = harness.scenario("once").open();
        let s = scope.arrange();
        expect!(s, TOPIC, { number: => told }, exactly_once, for 400ms);
        publish!(s, TOPIC, { number: 7 });
        seen.notified().await;
        if hangs {
            world.proxy.set(Network::Stalled);
        }
        let result = settle!(s);
        judged(&result, hangs, world.proxy.port())?;
    }
    world.proxy.set(Network::Up);
    harness.close().await;
    Ok(())
}

/// The broker that hangs is the one of the window, or the one that the trigger went to.
async fn stage(window_hangs: bool) -> Result<(), TestError> {
    let world = World::<NatsBroker>::start()?;
    let redis = RedisBroker::start(None)?;
    let works = Harness::builder(redis.transport());
    let stage = Stage::<Pair>::builder(PairBuilder {
        hangs: world.builder(),
        works: works.correlation(FieldCorrelation::new("correlation_id")),
    })
    .connect()
    .await?;
    for hangs in [false, true] {
        let mut scope = stage.scenario("quiet").open().await?;
        let s = scope.arrange();
        let result = if window_hangs {
            never!(s.hangs, TOPIC, for 200ms);
            publish!(s.works, "contract.trigger", { number: 7 });
            if hangs {
                world.proxy.set(Network::Stalled);
            }
            settle!(s)
        } else {
            never!(s.works, TOPIC, for 200ms);
            begin!(s);
            if hangs {
                world.proxy.set(Network::Stalled);
            }
            publish!(s.hangs, "contract.trigger", { number: 7 });
            settle!(s)
        };
        judged(&result, hangs, world.proxy.port())?;
        if hangs && !result.failure_text().contains("hangs (NATS)") {
            let text = result.failure_text();
            return Err(format!("the transport is not named:\n{text}").into());
        }
    }
    world.proxy.set(Network::Up);
    stage.close().await;
    Ok(())
}

fn judged(result: &ScenarioResult, hangs: bool, port: u16) -> Result<(), TestError> {
    let text = result.failure_text();
    if !hangs {
        return match result.outcome() {
            Outcome::Pass => Ok(()),
            _ => Err(format!("with a broker that works:\n{text}").into()),
        };
    }
    match result.error() {
        Some(error)
            if result.outcome() == Outcome::Error
                && error.kind == ScenarioErrorKind::Lost
                && error.text.contains(&port.to_string()) =>
        {
            Ok(())
        }
        _ => Err(format!("with a broker that hangs:\n{text}").into()),
    }
}
