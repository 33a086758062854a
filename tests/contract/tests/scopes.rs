//! Many scopes of a stage at once, on the same topics of two shared brokers: each gets its own message on both
//! legs, and no other; none is lost, and nothing is left.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use choreo::prelude::*;
use choreo::transport::{Connection, ConnectionEvents, Delivery, Envelope, Outgoing, Transport};
use choreo::{CorrelationId, SurpriseClass, Value};
use choreo_test_brokers::TestError;
use choreo_test_contract::{
    JetStreamBroker, KafkaCluster, NatsBroker, RabbitBroker, RedisBroker, RedisStreamsBroker,
    TestBroker, judge,
};
use libtest_mimic::{Arguments, Completion, Trial};
use tokio::sync::{Barrier, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Of one scenario: far above what any takes.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Of one trial.
const BOUND: Duration = Duration::from_secs(60);

const ORDERS: &str = "contract.orders";
const HANDLED: &str = "contract.handled";
const RECEIPTS: &str = "contract.receipts";
const DONE: &str = "contract.done";

#[derive(Stage)]
struct Pair {
    from: Harness,
    to: Harness,
}

/// What ids look like on the two transports.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ids {
    /// The same, in the same field.
    Same,
    /// Each in a form and a field of its own; and what carries the form of the other transport is nobody's.
    Mapped,
}

impl Ids {
    /// The field on the other transport.
    fn field(self) -> &'static str {
        match self {
            Self::Same => "id",
            Self::Mapped => "trace",
        }
    }
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each fills the machine by itself.
    arguments.test_threads.get_or_insert(1);
    let trials = vec![
        trial::<NatsBroker, RedisBroker>("a_thousand_over_nats_and_redis", 1_000, Ids::Same),
        trial::<NatsBroker, RedisBroker>("a_thousand_mapped", 1_000, Ids::Mapped),
        trial::<KafkaCluster, RabbitBroker>("a_hundred_over_kafka_and_rabbitmq", 100, Ids::Same),
        trial::<JetStreamBroker, RedisStreamsBroker>("a_hundred_over_streams", 100, Ids::Mapped),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial<A: TestBroker, B: TestBroker>(name: &str, count: usize, ids: Ids) -> Trial {
    Trial::ignorable_test(name, move || {
        judge(run::<A, B>(count, ids).map(|()| Completion::Completed))
    })
}

fn run<A: TestBroker, B: TestBroker>(count: usize, ids: Ids) -> Result<(), TestError> {
    let (from, to) = (A::start(None)?, B::start(None)?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let scopes = async { timeout(BOUND, scopes(&from, &to, count, ids)).await };
    let ended = runtime.block_on(scopes);
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended.unwrap_or_else(|_| Err(format!("the trial took longer than {BOUND:?}").into()))
}

async fn scopes<A: TestBroker, B: TestBroker>(
    from: &A,
    to: &B,
    count: usize,
    ids: Ids,
) -> Result<(), TestError> {
    let _service = Service::open(&from.transport(), &to.transport(), ids).await?;
    let builder = Stage::<Pair>::builder(PairBuilder {
        from: Harness::builder(from.transport()).correlation(FieldCorrelation::new("id")),
        to: Harness::builder(to.transport()).correlation(FieldCorrelation::new(ids.field())),
    });
    let builder = match ids {
        Ids::Same => builder,
        Ids::Mapped => builder.bridge(
            MappedBridge::new()
                .map("from", |id| format!("f-{id}"))
                .map("to", |id| format!("t-{id}")),
        ),
    };
    let stage = builder.timeout(TIMEOUT).connect().await?;
    let all_wait = Arc::new(Barrier::new(count));
    let mut running = JoinSet::new();
    for number in 0..count {
        let (stage, all_wait) = (stage.clone(), Arc::clone(&all_wait));
        running.spawn(async move { scope(&stage, number, ids, &all_wait).await });
    }
    let mut seen = Vec::with_capacity(count);
    while let Some(ended) = running.join_next().await {
        seen.push(ended??);
    }
    seen.sort_unstable();
    seen.dedup();
    if seen.len() != count {
        return Err(format!("{} of {count} scopes had an id of their own", seen.len()).into());
    }
    let harnesses = [&stage.transports().from, &stage.transports().to];
    for (harness, strays) in harnesses.into_iter().zip([0, strays(count, ids)]) {
        let (surprises, dropped) = harness.surprises();
        let unclaimed = u64::try_from(surprises.len())? + dropped;
        if unclaimed != strays
            || surprises
                .iter()
                .any(|other| other.class != SurpriseClass::UnknownId)
        {
            let what = surprises.first();
            let text = format!("{unclaimed} messages were nobody's, and not {strays}: {what:?}");
            return Err(text.into());
        }
        let left = (harness.open_scenario_count(), harness.registration_count());
        if left != (0, 0) {
            return Err(format!("scenarios and registrations are left: {left:?}").into());
        }
    }
    stage.close().await;
    Ok(())
}

fn strays(count: usize, ids: Ids) -> u64 {
    match ids {
        Ids::Same => 0,
        Ids::Mapped => count as u64,
    }
}

/// One scope: an order on one broker is handled on the other, and done on the first when the scope has sent
/// its receipt. The patterns take any message: only ids keep scopes apart.
async fn scope(
    stage: &Stage<Pair>,
    number: usize,
    ids: Ids,
    all_wait: &Barrier,
) -> Result<CorrelationId, TestError> {
    let mut scope = stage.scenario(format!("scope {number}")).open().await?;
    let s = scope.arrange();
    let handled = expect!(s.to, HANDLED, exactly_once, for 150ms);
    let done = expect!(s.from, DONE, exactly_once, for 150ms);
    reply!(s.to, HANDLED => s.to, RECEIPTS, |message| json!({ "number": message["number"] }));
    begin!(s);
    // All are open, and all listen, before the first publishes.
    all_wait.wait().await;
    publish!(s.from, ORDERS, { number: (number) });
    let result = settle!(s);
    if result.outcome() != Outcome::Pass {
        return Err(format!("scope {number}:\n{}", result.failure_text()).into());
    }
    let legs = [
        ("from", "id", &result[done]),
        ("to", ids.field(), &result[handled]),
    ];
    for (label, field, report) in legs {
        let message = report.message();
        let id = result.correlation_id_on(label).map(CorrelationId::as_str);
        if report.count() != 1
            || message["number"] != json!(number)
            || message[field].as_str() != id
        {
            let text = format!("scope {number} got on `{label}`: {message}");
            return Err(text.into());
        }
    }
    let id = result.correlation_id().cloned();
    id.ok_or_else(|| format!("scope {number} has no id").into())
}

/// The system under test: it hands orders on to the other broker and receipts back, each with the id in the
/// form of that side.
struct Service {
    _serving: JoinSet<()>,
}

impl Service {
    async fn open<A: Transport, B: Transport>(
        from: &A,
        to: &B,
        ids: Ids,
    ) -> Result<Self, TestError> {
        let quiet = || ConnectionEvents::new(|_| {});
        let from = Arc::new(from.connect(quiet()).await?);
        let to = Arc::new(to.connect(quiet()).await?);
        let (queue, orders) = mpsc::unbounded_channel();
        let taking_orders = from.subscribe(ORDERS, into(queue)).await?;
        let (queue, receipts) = mpsc::unbounded_channel();
        let taking_receipts = to.subscribe(RECEIPTS, into(queue)).await?;
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            // Lives as long as the tasks below are polled.
            let _taking = (taking_orders, taking_receipts);
            let forth = carry(orders, &*to, HANDLED, |value| {
                let id = value["id"].as_str().unwrap_or_default();
                let number = &value["number"];
                match ids {
                    Ids::Same => vec![json!({ "number": number, "id": id })],
                    Ids::Mapped => {
                        let bare = id.trim_start_matches("f-");
                        vec![
                            json!({ "number": number, "trace": id }),
                            json!({ "number": number, "trace": format!("t-{bare}") }),
                        ]
                    }
                }
            });
            let back = carry(receipts, &*from, DONE, |value| {
                let id = value[ids.field()].as_str().unwrap_or_default();
                let id = match ids {
                    Ids::Same => id.to_owned(),
                    Ids::Mapped => format!("f-{}", id.trim_start_matches("t-")),
                };
                vec![json!({ "number": value["number"], "id": id })]
            });
            tokio::join!(forth, back);
        });
        Ok(Self { _serving: serving })
    }
}

fn into(queue: mpsc::UnboundedSender<Envelope>) -> Delivery {
    Delivery::new(move |envelope| {
        // Nobody serves any more when the trial ends.
        let _ = queue.send(envelope);
    })
}

async fn carry<C: Connection>(
    mut messages: mpsc::UnboundedReceiver<Envelope>,
    to: &C,
    topic: &str,
    answers: impl Fn(&Value) -> Vec<Value>,
) {
    while let Some(envelope) = messages.recv().await {
        let Ok(value) = choreo::serde_json::from_slice::<Value>(&envelope.payload) else {
            continue;
        };
        for answer in answers(&value) {
            // What is lost here is what a scope waits for: it tells.
            let _ = to.publish(Outgoing::new(topic, answer.to_string())).await;
        }
    }
}
