//! Brokers and futures that hang, or that nobody waits for any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use choreo::__private::{Body, BodyEnd, BoxFuture, HarnessFn, body_end, connect_with};
use choreo::matchers::satisfies;
use choreo::prelude::*;
use choreo::transport::{
    Capabilities, Connection, ConnectionEvents, Delivery, Endpoint, MemoryConnection,
    MemorySubscriptionGuard, Outgoing, Transport, TransportError,
};
use choreo::{ScenarioErrorKind, TimelineAction, Value};

use super::running::run_on;

/// What of a broker hangs.
#[derive(Default)]
pub(crate) struct Switches {
    pub(crate) connects: AtomicBool,
    publishes: AtomicBool,
    pings: AtomicBool,
    /// Panics when it is asked for a sign of life.
    panics: AtomicBool,
    /// The order was seen that a message brings about before it is refused.
    seen: AtomicBool,
    /// How often it was asked for a sign of life.
    asked: AtomicUsize,
}

impl Switches {
    async fn pass(switch: &AtomicBool) {
        if switch.load(Ordering::Acquire) {
            std::future::pending::<()>().await;
        }
    }
}

/// The broker in memory, with parts that hang.
#[derive(Default)]
pub(crate) struct Hanging {
    broker: Memory,
    switches: Arc<Switches>,
}

pub(crate) struct HangingConnection {
    inner: MemoryConnection,
    switches: Arc<Switches>,
}

impl Transport for Hanging {
    type Connection = HangingConnection;

    fn name(&self) -> &str {
        "Hanging"
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        self.broker.endpoints()
    }

    fn capabilities(&self) -> Capabilities {
        self.broker.capabilities()
    }

    async fn connect(&self, events: ConnectionEvents) -> Result<HangingConnection, TransportError> {
        Switches::pass(&self.switches.connects).await;
        Ok(HangingConnection {
            inner: self.broker.connect(events).await?,
            switches: Arc::clone(&self.switches),
        })
    }
}

impl Connection for HangingConnection {
    type Subscription = MemorySubscriptionGuard;

    async fn subscribe(
        &self,
        topic: &str,
        delivery: Delivery,
    ) -> Result<MemorySubscriptionGuard, TransportError> {
        assert_ne!(topic, "panics", "a transport of the user's");
        self.inner.subscribe(topic, delivery).await
    }

    async fn publish(&self, message: Outgoing) -> Result<(), TransportError> {
        match &*message.topic {
            "panics" => panic!("a transport of the user's"),
            "hangs" => std::future::pending().await,
            "refused" => {
                let orders = Outgoing::new("orders", message.payload);
                self.inner.publish(orders).await?;
                while !self.switches.seen.load(Ordering::Acquire) {
                    tokio::task::yield_now().await;
                }
                Err(TransportError::Publish {
                    topic: "refused".to_owned(),
                    reason: "after all".to_owned(),
                })
            }
            _ => {
                Switches::pass(&self.switches.publishes).await;
                self.inner.publish(message).await
            }
        }
    }

    async fn ping(&self) -> Result<(), TransportError> {
        self.switches.asked.fetch_add(1, Ordering::Relaxed);
        assert!(
            !self.switches.panics.load(Ordering::Acquire),
            "a transport of the user's"
        );
        Switches::pass(&self.switches.pings).await;
        self.inner.ping().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

pub(crate) fn hanging() -> (Hanging, Arc<Switches>) {
    let transport = Hanging::default();
    let switches = Arc::clone(&transport.switches);
    (transport, switches)
}

/// One that works, and does not say whom a message reached.
pub(crate) fn hanging_on(broker: Memory) -> Hanging {
    Hanging {
        broker,
        switches: Arc::default(),
    }
}

pub(crate) fn builder(transport: impl Transport) -> choreo::HarnessBuilder {
    Harness::builder(transport)
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(Duration::from_secs(20))
}

async fn world() -> (Harness, Arc<Switches>) {
    let (transport, switches) = hanging();
    let harness = builder(transport).connect().await.unwrap();
    (harness, switches)
}

fn text_of(result: &choreo::ScenarioResult) -> String {
    let text = result.failure_text();
    let durations = regex::Regex::new(r" *\+\d+(\.\d+)? (ns|µs|ms|s)\b|[\d.]+ (ns|µs)\b").unwrap();
    let text = durations.replace_all(&text, " <time>");
    let places = regex::Regex::new(r"hangs\.rs:\d+").unwrap();
    places.replace_all(&text, "hangs.rs:<line>").into_owned()
}

#[tokio::test]
async fn the_silence_of_a_broker_that_hangs_proves_nothing() {
    let (harness, switches) = world().await;
    switches.pings.store(true, Ordering::Release);
    let mut scope = harness.scenario("no refund").open();
    let s = scope.arrange();
    let none = never!(s, "refunds", { order: "ORD-42" }, for 20ms);
    begin!(s);
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Error);
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Lost);
    assert_ne!(result[none].outcome(), Outcome::Pass);
    insta::assert_snapshot!(text_of(&result));

    // It answers again.
    switches.pings.store(false, Ordering::Release);
    let mut scope = harness.scenario("no refund").open();
    let s = scope.arrange();
    never!(s, "refunds", { order: "ORD-42" }, for 20ms);
    begin!(s);
    settle!(s).assert_passed();
}

#[tokio::test]
async fn nor_does_it_prove_that_a_deadline_was_missed() {
    let (harness, switches) = world().await;
    let mut scope = harness
        .scenario("an order")
        .timeout(Duration::from_secs(60))
        .open();
    let s = scope.arrange();
    let out = expect!(s, "orders", deadline 20ms);
    begin!(s);
    switches.pings.store(true, Ordering::Release);
    let result = settle!(s);
    let error = result.error().expect("it ended as error");
    assert_eq!(error.kind, ScenarioErrorKind::Lost);
    let text = "nothing came, and the connection to Hanging is down";
    assert!(error.text.contains(text), "{error}");
    let text = result.failure_text();
    assert!(text.contains("undecided"), "{text}");
    assert!(result[out].try_message().is_none());
}

#[tokio::test]
async fn nor_does_it_prove_that_there_is_no_duplicate() {
    let (harness, switches) = world().await;
    switches.pings.store(true, Ordering::Release);
    let mut scope = harness.scenario("charged once").open();
    let s = scope.arrange();
    expect!(s, "payments", { order: "ORD-42" }, exactly_once, for 20ms);
    publish!(s, "payments", { order: "ORD-42" });
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Error);
    insta::assert_snapshot!(text_of(&result));
}

#[derive(Stage)]
struct Pair {
    one: Harness,
    two: Harness,
}

#[tokio::test]
async fn on_a_stage_the_transport_that_hangs_is_named() {
    let (transport, switches) = hanging();
    let stage = Stage::<Pair>::builder(PairBuilder {
        one: builder(Memory::new()),
        two: builder(transport),
    })
    .connect()
    .await
    .unwrap();
    switches.pings.store(true, Ordering::Release);
    // Its own window, or the trigger that it may not have taken.
    for window in [true, false] {
        let mut scope = stage.scenario("no refund").open().await.unwrap();
        let s = scope.arrange();
        let (none, result) = if window {
            let none = never!(s.two, "refunds", for 20ms);
            publish!(s.one, "orders", { id: 1 });
            (none, settle!(s))
        } else {
            let none = never!(s.one, "refunds", for 20ms);
            publish!(s.two, "orders", { id: 1 });
            (none, settle!(s))
        };
        assert_ne!(result[none].outcome(), Outcome::Pass);
        let error = result.error().expect("it ended as error");
        assert!(error.text.contains("two (Hanging) is down"), "{error}");
    }
    // It has no part in this one.
    let mut scope = stage.scenario("no refund").open().await.unwrap();
    let s = scope.arrange();
    never!(s.one, "refunds", for 20ms);
    publish!(s.one, "orders", { id: 1 });
    settle!(s).assert_passed();
}

#[tokio::test]
async fn nor_does_it_when_the_time_is_up_first() {
    let (harness, switches) = world().await;
    for is_answering in [true, false] {
        for switch in [&switches.publishes, &switches.pings] {
            switch.store(false, Ordering::Release);
        }
        let mut scope = harness
            .scenario("no refund")
            .timeout(Duration::from_millis(60))
            .open();
        let s = scope.arrange();
        let hangs = Arc::clone(&switches);
        reply!(s, "asked" => "answered", move |_| {
            hangs.publishes.store(true, Ordering::Release);
            hangs.pings.store(true, Ordering::Release);
            json!({})
        });
        let none = never!(s, "refunds", for 10ms);
        // Beside an answer that is under way, or a message that has not come.
        let result = if is_answering {
            publish!(s, "asked", {});
            settle!(s)
        } else {
            expect!(s, "orders", { id: 2 });
            publish!(s, "orders", { id: 1 });
            switches.pings.store(true, Ordering::Release);
            settle!(s)
        };
        let error = result.error().expect("it ended as error");
        assert_eq!(error.kind, ScenarioErrorKind::Lost);
        assert!(error.text.contains("proves nothing"), "{error}");
        assert_eq!(result[none].outcome(), Outcome::Timeout);
    }
}

/// It holds up the scenario to the timeout and no longer; the window runs to its end.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_out_cuts_no_window_off() {
    let (harness, switches) = world().await;
    let mut scope = harness
        .scenario("no refund")
        .timeout(Duration::from_millis(100))
        .open();
    let s = scope.arrange();
    reply!(s, "asked" => "answered", {});
    never!(s, "refunds", for 300ms);
    let once = expect!(s, "asked", exactly_once, for 300ms);
    publish!(s, "asked", {});
    switches.publishes.store(true, Ordering::Release);
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(result[once].count(), 1);
    assert!(s.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_broker_that_hangs_speaks_for_its_own_silence_only() {
    let (transport, switches) = hanging();
    let stage = Stage::<Pair>::builder(PairBuilder {
        one: builder(Memory::new()),
        two: builder(transport),
    })
    .connect()
    .await
    .unwrap();
    switches.pings.store(true, Ordering::Release);
    let mut scope = stage
        .scenario("charged once")
        .timeout(Duration::from_millis(60))
        .open()
        .await
        .unwrap();
    let s = scope.arrange();
    let once = expect!(s.one, "payments", exactly_once, for 10ms);
    let none = never!(s.two, "refunds", for 10ms);
    expect!(s.two, "orders");
    publish!(s.one, "payments", { order: 1 });
    let result = settle!(s);
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Lost);
    assert_eq!(result[once].outcome(), Outcome::Pass);
    assert_eq!(result[none].outcome(), Outcome::Timeout);

    // What no message could break needs no sign of life.
    let mut scope = stage.scenario("paid").open().await.unwrap();
    let s = scope.arrange();
    let some = expect!(s.two, "payments", at_least 1, for 10ms);
    never!(s.two, "refunds", for 10ms);
    publish!(s.two, "payments", { order: 1 });
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Error);
    assert_eq!(result[some].outcome(), Outcome::Pass);
}

#[tokio::test]
async fn who_trusts_no_silence_asks_for_no_sign_of_life() {
    let (harness, switches) = world().await;
    let mut scope = harness.scenario("no window").open();
    let s = scope.arrange();
    expect!(s, "orders", { id: _ }, times 2);
    expect!(s, "orders", at_least 1, for 10ms);
    begin!(s);
    publish!(s, "orders", { id: 1 });
    publish!(s, "orders", { id: 2 });
    settle!(s).assert_passed();
    assert_eq!(switches.asked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn one_question_serves_all_windows_that_ended_before_it() {
    let (harness, switches) = world().await;
    let mut scopes: Vec<_> = (0..3).map(|_| harness.scenario("quiet").open()).collect();
    let mut quiet = Vec::new();
    for scope in &mut scopes {
        let s = scope.arrange();
        never!(s, "refunds", for 10ms);
        never!(s, "orders.cancelled", for 20ms);
        begin!(s);
        quiet.push(s);
    }
    // Every window has ended when the first settles.
    while quiet
        .iter()
        .any(|s| s.elapsed() < Duration::from_millis(30))
    {
        tokio::task::yield_now().await;
    }
    for s in quiet {
        settle!(s).assert_passed();
    }
    assert_eq!(switches.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_trigger_that_was_given_up_ends_the_scenario() {
    let (harness, switches) = world().await;
    switches.publishes.store(true, Ordering::Release);
    let mut scope = harness.scenario("given up").open();
    let s = scope.arrange();
    expect!(s, "orders");
    let sending = async move {
        publish!(s, "orders", { id: 1 });
        settle!(s)
    };
    let given_up = tokio::time::timeout(Duration::from_millis(20), sending).await;
    assert!(given_up.is_err());
    let s = scope.arrange();
    begin!(s);
    let result = settle!(s);
    let error = result.error().expect("it ended as error");
    assert_eq!(error.kind, ScenarioErrorKind::Publish);
    assert!(error.text.contains("`orders` was given up"), "{error}");
}

#[tokio::test]
async fn a_transport_that_panics_refuses() {
    let (harness, _) = world().await;
    let mut scope = harness.scenario("panics").open();
    let s = scope.arrange();
    expect!(s, "panics");
    begin!(s);
    let result = tokio::time::timeout(Duration::from_secs(10), async { settle!(s) });
    let result = result.await.expect("it ends by itself");
    let error = result.error().expect("it ended as error");
    assert_eq!(error.kind, ScenarioErrorKind::Subscribe);
    assert!(error.text.contains("the transport panicked"), "{error}");
}

#[tokio::test]
async fn a_transport_that_panicked_when_it_was_asked_is_asked_again() {
    let (harness, switches) = world().await;
    let mut scopes: Vec<_> = (0..2).map(|_| harness.scenario("quiet").open()).collect();
    let mut quiet = Vec::new();
    for scope in &mut scopes {
        let s = scope.arrange();
        never!(s, "refunds", for 10ms);
        begin!(s);
        quiet.push(s);
    }
    while quiet
        .iter()
        .any(|s| s.elapsed() < Duration::from_millis(20))
    {
        tokio::task::yield_now().await;
    }
    let (first, second) = (quiet[0], quiet[1]);
    switches.panics.store(true, Ordering::Release);
    let result = settle!(first);
    let error = result.error().expect("it ended as error");
    assert!(error.text.contains("a transport of the user's"), "{error}");
    switches.panics.store(false, Ordering::Release);
    settle!(second).assert_passed();
}

static HARNESS: HarnessFn = HarnessFn::new("hanging", "hangs", file!(), line!(), || {
    connect_with(async { builder(Hanging::default()).connect().await })
});

fn publishes_in_a_panic(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        expect!(s, "orders");
        publish!(s, "panics", { id: 1 });
        let _ = s;
        body_end(())
    })
}

fn goes_on_while_an_answer_is_held_up(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        reply!(s, "asked" => "hangs", {});
        expect!(s, "asked");
        publish!(s, "asked", {});
        while s.elapsed() < Duration::from_millis(60) {
            tokio::task::yield_now().await;
        }
        panic!("the end of the body");
    })
}

// One test: the harness is a static, and lives on the runtime of its first use.
#[tokio::test]
async fn a_body_ends_by_itself_and_its_panic_is_told() {
    for (body, text) in [
        (publishes_in_a_panic as Body, "a transport of the user's"),
        (goes_on_while_an_answer_is_held_up, "the end of the body"),
    ] {
        let record = run_on(&HARNESS, body).await;
        let failure = record.failure.expect("it failed");
        assert_eq!(record.outcome, Outcome::Fail, "{failure}");
        assert!(failure.contains(text), "{failure}");
        assert!(!failure.contains("given up"), "{failure}");
    }
}

#[tokio::test]
async fn a_message_that_is_refused_is_not_told_as_published() {
    let (harness, switches) = world().await;
    let mut scope = harness.scenario("refused").open();
    let s = scope.arrange();
    let matcher = satisfies("a matcher of the user's", move |_: &Value| {
        switches.seen.store(true, Ordering::Release);
        panic!("a matcher of the user's")
    });
    expect!(s, "orders", => matcher);
    begin!(s);
    publish!(s, "refused", {});
    let result = settle!(s);
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Matcher);
    let mut actions = result.timeline().iter().map(|entry| entry.action);
    assert!(!actions.any(|action| action == TimelineAction::Published));
}
