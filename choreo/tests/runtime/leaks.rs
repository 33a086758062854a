//! Whatever ends a scenario, and wherever: nothing is left.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::OnceLock;
use std::task::Poll;
use std::time::Duration;

use choreo::__private::{Body, BodyEnd, BoxFuture, HarnessFn, body_end, connect_with};
use choreo::prelude::*;
use choreo::stage::{BridgeError, CorrelationBridge};
use choreo::transport::{
    Capabilities, Connection, ConnectionEvents, Delivery, Endpoint, MemoryConnection,
    MemorySubscriptionGuard, Outgoing, Transport, TransportError,
};
use choreo::{CorrelationId, Value};
use tokio::task::yield_now;

use crate::running::run_on;
use crate::support::{World, world};

/// The broker in memory, where a publication is an await point as well: before the message is out, and after.
struct Waiting(Memory);

struct WaitingConnection(MemoryConnection);

impl Transport for Waiting {
    type Connection = WaitingConnection;

    fn name(&self) -> &str {
        "Waiting"
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        self.0.endpoints()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn connect(&self, events: ConnectionEvents) -> Result<WaitingConnection, TransportError> {
        Ok(WaitingConnection(self.0.connect(events).await?))
    }
}

impl Connection for WaitingConnection {
    type Subscription = MemorySubscriptionGuard;

    async fn subscribe(
        &self,
        topic: &str,
        delivery: Delivery,
    ) -> Result<MemorySubscriptionGuard, TransportError> {
        yield_now().await;
        let subscription = self.0.subscribe(topic, delivery).await;
        yield_now().await;
        subscription
    }

    async fn publish(&self, message: Outgoing) -> Result<(), TransportError> {
        yield_now().await;
        let published = self.0.publish(message).await;
        yield_now().await;
        published
    }

    fn inbox(&self) -> Option<String> {
        self.0.inbox()
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

/// The step that is under way.
type Step = RefCell<&'static str>;

async fn every_step(harness: &Harness, step: &Step) {
    let mut scope = harness
        .scenario("test")
        .timeout(Duration::from_secs(20))
        .open();
    let s = scope.arrange();
    reply!(s, "ask" => "asked", async |trigger: Value| {
        yield_now().await;
        trigger
    });
    expect!(s, "asked");
    expect!(s, "out");
    step.replace("trigger");
    publish!(s, "ask", {});
    step.replace("publish");
    publish!(s, "out", {});
    step.replace("next_act");
    let s = next_act!(s);
    reply!(s, "prices.get" => _, { price: 7 });
    expect!(s, s.inbox(), { price: 7 });
    step.replace("begin");
    begin!(s);
    step.replace("request");
    request!(s, "prices.get", {});
    step.replace("settle");
    settle!(s).assert_passed();
}

#[derive(Stage)]
struct Pair {
    one: Harness,
    two: Harness,
}

/// Gives the same id everywhere, and takes its time.
struct Patient;

impl CorrelationBridge for Patient {
    async fn fresh(&self) -> Result<CorrelationId, BridgeError> {
        yield_now().await;
        Ok(CorrelationId::random(""))
    }

    async fn to_wire(&self, id: &CorrelationId, _: &str) -> Result<String, BridgeError> {
        yield_now().await;
        Ok(id.to_string())
    }
}

async fn every_step_of_a_stage(stage: &Stage<Pair>, step: &Step) {
    step.replace("open");
    let scope = stage.scenario("test").timeout(Duration::from_secs(20));
    let mut scope = scope.open().await.unwrap();
    let s = scope.arrange();
    reply!(s.one, "ask" => s.two, "asked", async |trigger: Value| {
        yield_now().await;
        trigger
    });
    expect!(s.two, "asked");
    expect!(s.one, "out");
    step.replace("trigger");
    publish!(s.one, "ask", {});
    step.replace("publish");
    publish!(s.one, "out", {});
    step.replace("next_act");
    let s = next_act!(s);
    reply!(s.two, "prices.get" => _, { price: 7 });
    expect!(s.two, s.inbox_on(&s.two), { price: 7 });
    step.replace("begin");
    begin!(s);
    step.replace("request");
    request!(s.two, "prices.get", {});
    step.replace("settle");
    settle!(s).assert_passed();
}

/// When a future is dropped that has been polled so many times.
#[derive(Debug, Clone, Copy)]
enum Dropped {
    /// While what it waits for has not happened.
    Waiting,
    /// When that has happened, and it would go on.
    Woken,
}

/// `true` when it ended before.
async fn poll_times<F: Future>(future: F, times: usize, dropped: Dropped) -> bool {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|cx| {
        if left > 0 {
            left -= 1;
            if future.as_mut().poll(cx).is_ready() {
                return Poll::Ready(true);
            }
            if left > 0 || matches!(dropped, Dropped::Woken) {
                return Poll::Pending;
            }
        }
        Poll::Ready(false)
    })
    .await
}

fn left_in(harness: &Harness) -> (usize, usize) {
    (harness.registration_count(), harness.open_scenario_count())
}

fn assert_nothing_left(harness: &Harness) {
    assert_eq!(left_in(harness), (0, 0));
}

/// Runs a scenario again and again in a world of its own, whose subscriptions are pending at first, and drops it at
/// each of its await points in turn. Gives the steps that were dropped.
async fn drop_everywhere<W>(
    open: impl AsyncFn() -> W,
    scenario: impl AsyncFn(&W, &Step),
    left: impl Fn(&W) -> (usize, usize),
) -> BTreeSet<&'static str> {
    let mut steps = BTreeSet::new();
    for dropped in [Dropped::Waiting, Dropped::Woken] {
        let mut times = 0;
        loop {
            let world = open().await;
            let step = Step::new("nothing");
            let ended = poll_times(scenario(&world, &step), times, dropped).await;
            let step = step.into_inner();
            assert_eq!(left(&world), (0, 0), "in {step}, {dropped:?} after {times}");
            // What was under way for it registers nothing either.
            for _ in 0..10 {
                yield_now().await;
            }
            assert_eq!(
                left(&world),
                (0, 0),
                "behind {step}, {dropped:?} after {times}"
            );
            if ended {
                break;
            }
            steps.insert(step);
            times += 1;
            assert!(times < 1000, "the scenario never ends");
        }
    }
    steps
}

#[tokio::test]
async fn dropping_at_any_await_point_leaves_nothing() {
    let open = async || world().await.harness;
    let steps = drop_everywhere(open, every_step, left_in).await;
    // A publication that is no trigger is in the broker's queue at once.
    let expected = ["begin", "next_act", "nothing", "settle", "trigger"];
    assert_eq!(steps, BTreeSet::from(expected));
}

#[tokio::test]
async fn nor_does_it_where_every_publication_waits() {
    let open = async || waiting().connect().await.unwrap();
    let steps = drop_everywhere(open, every_step, left_in).await;
    let expected = [
        "begin", "next_act", "nothing", "publish", "request", "settle", "trigger",
    ];
    assert_eq!(steps, BTreeSet::from(expected));
}

#[tokio::test]
async fn nor_does_it_on_a_stage() {
    let open = async || {
        let (one, two) = (waiting(), waiting());
        let stage = Stage::<Pair>::builder(PairBuilder { one, two });
        stage.bridge(Patient).connect().await.unwrap()
    };
    let left = |stage: &Stage<Pair>| {
        let Pair { one, two } = stage.transports();
        let (one, two) = (left_in(one), left_in(two));
        (one.0 + two.0, one.1 + two.1)
    };
    let steps = drop_everywhere(open, every_step_of_a_stage, left).await;
    let expected = [
        "begin", "next_act", "nothing", "open", "publish", "request", "settle", "trigger",
    ];
    assert_eq!(steps, BTreeSet::from(expected));
}

fn waiting() -> choreo::HarnessBuilder {
    Harness::builder(Waiting(Memory::new())).correlation(FieldCorrelation::new("correlation_id"))
}

#[tokio::test]
async fn a_panic_leaves_nothing() {
    let world = std::sync::Arc::new(world().await);
    let in_task = std::sync::Arc::clone(&world);
    let task = tokio::spawn(async move {
        let mut scope = in_task.scope(1000);
        let s = scope.arrange();
        expect!(s, "out");
        publish!(s, "in", {});
        let _ = s;
        panic!("by design");
    });
    assert!(task.await.unwrap_err().is_panic());
    assert_nothing_left(&world.harness);
}

/// Returns before it has settled: with `?`, as functions do.
async fn returns_early(world: &World) -> Result<(), std::num::ParseIntError> {
    let mut scope = world.scope(1000);
    let s = scope.arrange();
    expect!(s, "out");
    reply!(s, "ask" => "asked", {});
    publish!(s, "in", {});
    assert_ne!(left_in(&world.harness), (0, 0));
    let _: u32 = "by design".parse()?;
    settle!(s).assert_passed();
    Ok(())
}

#[tokio::test]
async fn an_early_return_leaves_nothing() {
    let world = world().await;
    assert!(returns_early(&world).await.is_err());
    assert_nothing_left(&world.harness);
}

#[tokio::test]
async fn nor_does_a_body_under_the_runner() {
    static SHARED: OnceLock<Harness> = OnceLock::new();
    static HARNESS: HarnessFn = HarnessFn::new("memory", "leaks", file!(), line!(), || {
        connect_with(async { Ok::<_, Error>(SHARED.get().expect("set first").clone()) })
    });
    fn returns_an_error(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "out");
            publish!(s, "in", {});
            let _ = s;
            body_end("by design".parse::<u32>().map(drop))
        })
    }
    fn returns_before_the_trigger(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "out");
            body_end(())
        })
    }
    fn panics(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "out");
            publish!(s, "in", {});
            let _ = s;
            panic!("by design")
        })
    }
    let shared = world().await.harness;
    let harness = SHARED.get_or_init(|| shared);
    let bodies: [Body; 3] = [returns_an_error, returns_before_the_trigger, panics];
    for body in bodies {
        let record = run_on(&HARNESS, body).await;
        assert!(record.failure.is_some(), "{:?}", record.outcome);
        assert_nothing_left(harness);
    }
}

#[tokio::test]
async fn unused_subscriptions_end() {
    let broker = Memory::new();
    let harness = Harness::builder(broker.clone())
        .correlation(test_namespace())
        .linger(Duration::from_millis(1))
        .connect()
        .await
        .unwrap();
    for number in 0..20 {
        let mut scope = harness.scenario("s").open();
        let s = scope.arrange();
        let topic = format!("topic.{number}");
        expect!(s, &topic);
        publish!(s, &topic, {});
        settle!(s).assert_passed();
    }
    let gone = async {
        while harness.subscription_count() + broker.subscription_count().await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone)
        .await
        .unwrap();
}

#[tokio::test]
async fn closing_the_harness_ends_its_scenarios_and_subscriptions() {
    let world = world().await;
    let mut scope = world.scope(60_000);
    let s = scope.arrange();
    expect!(s, "out");
    publish!(s, "in", {});
    world.harness.close().await;
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Error);
    assert!(result.failure_text().contains("the harness was closed"));
    drop(scope);
    assert_eq!(world.broker.subscription_count().await, 0);
}

#[tokio::test]
async fn dropping_the_harness_ends_its_tasks() {
    let before = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    let world = world().await;
    every_step(&world.harness, &Step::default()).await;
    drop(world);
    let gone = async {
        while tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
            > before
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone)
        .await
        .unwrap();
}
