//! The system under test: a shop of a few tasks, which knows brokers and no scenarios. It has the faults that the
//! scenarios find.

use std::sync::Arc;
use std::time::Duration;

use choreo::Value;
use choreo::broker::NatsServer;
use choreo::prelude::*;
use choreo::serde_json;
use choreo::transport::{
    Connection, ConnectionEvents, Delivery, Envelope, Memory, Outgoing, Transport, TransportError,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// What the shop listens to.
const TOPICS: [&str; 11] = [
    "orders.created",
    "orders.cancelled",
    "orders.paid",
    "orders.returned",
    "orders.express",
    "payments.due",
    "prices.changed",
    "vouchers.entered",
    "parcels.packed",
    "addresses.entered",
    "map.answered",
];

/// How long a busy warehouse looks for an item.
const SEARCH: Duration = Duration::from_millis(120);

/// How long the payment provider is waited for before it is asked again.
const RETRY: Duration = Duration::from_millis(25);

/// How long a charge takes.
const CHARGE: Duration = Duration::from_millis(3);

/// A message that the shop sends, after some work.
struct Answer {
    work: Duration,
    topic: &'static str,
    payload: Value,
    /// Whose conversation it belongs to. Every answer has to copy it.
    id: Value,
}

/// Runs until it is dropped.
pub(crate) struct Shop {
    _task: JoinSet<()>,
}

impl Shop {
    pub(crate) async fn open(broker: &impl Transport) -> Result<Self, TransportError> {
        let broker = Arc::new(broker.connect(quiet()).await?);
        let (sender, mut messages) = mpsc::unbounded_channel();
        let mut subscriptions = Vec::new();
        for topic in TOPICS {
            subscriptions.push(broker.subscribe(topic, into(&sender)).await?);
        }
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut work = JoinSet::new();
            while let Some((topic, message)) = messages.recv().await {
                let broker = Arc::clone(&broker);
                // An order that takes its time holds up no other.
                work.spawn(async move {
                    for answer in answers(&topic, &message) {
                        work_for(answer.work).await;
                        send(&*broker, answer).await;
                    }
                });
                while work.try_join_next().is_some() {}
            }
            drop(subscriptions);
        });
        Ok(Self { _task: task })
    }
}

/// Between the shop and its bank: asks on one broker and answers on the other.
pub(crate) struct Bridge {
    _task: JoinSet<()>,
}

impl Bridge {
    pub(crate) async fn open(nats: &Nats, bank: &Memory) -> Result<Self, TransportError> {
        let (nats, bank) = (nats.connect(quiet()).await?, bank.connect(quiet()).await?);
        let (sender, mut messages) = mpsc::unbounded_channel();
        let subscriptions = (
            nats.subscribe("orders.abroad", into(&sender)).await?,
            bank.subscribe("fraud.result", into(&sender)).await?,
        );
        let mut task = JoinSet::new();
        task.spawn(async move {
            while let Some((topic, message)) = messages.recv().await {
                let id = &message["order_id"];
                if &*topic == "orders.abroad" {
                    // The bank wants a number of cents.
                    let amount = format!(
                        "{} {}",
                        message["total"],
                        message["currency"].as_str().unwrap_or_default()
                    );
                    let check = json!({ "order_id": id, "amount": amount });
                    send(&bank, answer(&message, "fraud.check", check)).await;
                } else {
                    let approved = json!({ "order_id": id });
                    send(&nats, answer(&message, "orders.approved", approved)).await;
                }
            }
            drop(subscriptions);
        });
        Ok(Self { _task: task })
    }
}

/// A shop on the machine of its broker, which loses its power with the first parcel.
pub(crate) struct NightShift {
    _task: JoinSet<()>,
}

impl NightShift {
    pub(crate) async fn open(nats: &Nats, mut server: NatsServer) -> Result<Self, TransportError> {
        let broker = nats.connect(quiet()).await?;
        let (sender, mut messages) = mpsc::unbounded_channel();
        let subscription = broker.subscribe("parcels.packed", into(&sender)).await?;
        let mut task = JoinSet::new();
        task.spawn(async move {
            if messages.recv().await.is_some() {
                // A server that lives on is what the scenario would wait for.
                let _ = server.kill();
            }
            // The shop does not notice: it waits for the next one.
            let _ = messages.recv().await;
            drop((subscription, broker, server));
        });
        Ok(Self { _task: task })
    }
}

/// What the shop says to a message.
fn answers(topic: &str, message: &Value) -> Vec<Answer> {
    let say = |topic, payload| answer(message, topic, payload);
    let order_id = &message["order_id"];
    match topic {
        "orders.created" => created(message),
        "orders.cancelled" => vec![say(
            "stock.released",
            json!({ "item_id": message["item_id"], "count": message["count"] }),
        )],
        "orders.paid" => vec![say("invoices.sent", message.clone())],
        "orders.returned" => vec![say("refunds.booked", message.clone())],
        "orders.express" => {
            let id = json!({ "order_id": order_id });
            let mut paid = say("payments.settled", id.clone());
            paid.work = CHARGE;
            vec![say("parcels.shipped", id), paid]
        }
        "payments.due" => {
            let mut again = say("payments.charged", message.clone());
            again.work = RETRY;
            vec![say("payments.charged", message.clone()), again]
        }
        "prices.changed" => vec![say("catalogue.updated", message.clone())],
        "vouchers.entered" if message["code"] == "WINTER" => vec![say(
            "vouchers.refused",
            json!({ "code": "WINTER", "reason": "it expired on 1 March" }),
        )],
        "vouchers.entered" => vec![say(
            "vouchers.redeemed",
            json!({ "code": message["code"], "saved_cents": 500 }),
        )],
        "parcels.packed" => vec![say(
            "parcels.announced",
            json!({ "order_id": order_id, "days": 2 }),
        )],
        "addresses.entered" => vec![say("map.asked", json!({ "street": message["street"] }))],
        "map.answered" => vec![say(
            "addresses.checked",
            json!({ "street": message["street"], "deliverable": message["known"] }),
        )],
        _ => Vec::new(),
    }
}

fn created(order: &Value) -> Vec<Answer> {
    let count = order["count"].as_u64().unwrap_or(1);
    let processed = |status: &str, count: Value| {
        let order_of = json!({ "item_id": order["item_id"], "count": count, "unit_cents": 1990 });
        let payload = json!({ "order_id": "ORD-42", "status": status, "order": order_of });
        answer(order, "orders.processed", payload)
    };
    let mut done = processed("COMPLETED", count.into());
    if order["channel"] == "phone" {
        done.id = Value::Null;
    }
    if order["channel"] == "import" {
        done = processed("COMPLETED", count.to_string().into());
    }
    if order["warehouse"] == "busy" {
        done.work = SEARCH;
    }
    let accepted = json!({ "order_id": "ORD-42", "status": "ACCEPTED" });
    let priced = json!({ "total_cents": 1990 * count, "currency": "EUR" });
    let mut said = vec![
        answer(order, "orders.accepted", accepted),
        answer(order, "orders.priced", priced),
    ];
    if count < 1000 {
        said.push(done);
        return said;
    }
    // Orders that one warehouse cannot fill are split, and the parts are counted wrongly.
    said.push(processed("PENDING", 300.into()));
    said.push(processed("COMPLETED", (count - 1).into()));
    let mut refused = processed("REJECTED", 0.into());
    refused.payload["error"] = "nothing is left".into();
    said.push(refused);
    said
}

fn answer(message: &Value, topic: &'static str, payload: Value) -> Answer {
    Answer {
        work: Duration::ZERO,
        topic,
        payload,
        id: message["correlation_id"].clone(),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "work takes time; nothing is waited for"
)]
async fn work_for(time: Duration) {
    tokio::time::sleep(time).await;
}

/// An answer that is lost is what a scenario waits for.
async fn send(broker: &impl Connection, answer: Answer) {
    let Answer {
        topic,
        mut payload,
        id,
        ..
    } = answer;
    if id.is_null() {
        if let Some(fields) = payload.as_object_mut() {
            fields.remove("correlation_id");
        }
    } else {
        payload["correlation_id"] = id;
    }
    let _ = broker
        .publish(Outgoing::new(topic, payload.to_string()))
        .await;
}

/// Messages of one subscription into a queue; what cannot be read is dropped.
fn into(queue: &mpsc::UnboundedSender<(Arc<str>, Value)>) -> Delivery {
    let queue = queue.clone();
    Delivery::new(move |envelope: Envelope| {
        if let Ok(message) = serde_json::from_slice(&envelope.payload) {
            // Nobody takes any more when the shop is being closed.
            let _ = queue.send((envelope.topic, message));
        }
    })
}

/// What happens to its connection does not interest the shop.
fn quiet() -> ConnectionEvents {
    ConnectionEvents::new(|_| {})
}
