//! What a message costs, counted: however many scenarios are open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use choreo::codec::{Bytes, Codec, JsonCodec};
use choreo::correlation::{Correlation, CorrelationError};
use choreo::prelude::*;
use choreo::{CorrelationId, Draft, Envelope, Incoming, Value};

const MESSAGES: usize = 10;

#[derive(Stage)]
struct Gateway {
    nats: Harness,
    kafka: Harness,
}

/// A codec and a policy that count how often they look at a message.
#[derive(Clone)]
struct Counting {
    policy: FieldCorrelation,
    decoded: Arc<AtomicUsize>,
    read: Arc<AtomicUsize>,
}

impl Counting {
    fn new() -> Self {
        Self {
            policy: FieldCorrelation::new("id"),
            decoded: Arc::default(),
            read: Arc::default(),
        }
    }

    /// How often since it was asked last: decoded, and read for its id.
    fn take(&self) -> [usize; 2] {
        [&self.decoded, &self.read].map(|count| count.swap(0, Ordering::Relaxed))
    }
}

impl Codec for Counting {
    fn name(&self) -> &str {
        "counting"
    }

    fn encode(&self, value: &Value, draft: &Draft) -> Result<Bytes, String> {
        JsonCodec.encode(value, draft)
    }

    fn decode(&self, envelope: &Envelope) -> Result<Value, String> {
        self.decoded.fetch_add(1, Ordering::Relaxed);
        JsonCodec.decode(envelope)
    }
}

impl Correlation for Counting {
    fn new_id(&self) -> Option<CorrelationId> {
        self.policy.new_id()
    }

    fn stamp(&self, draft: &mut Draft, id: &CorrelationId) -> Result<bool, CorrelationError> {
        self.policy.stamp(draft, id)
    }

    fn extract(&self, message: &Incoming) -> Option<CorrelationId> {
        self.read.fetch_add(1, Ordering::Relaxed);
        self.policy.extract(message)
    }

    fn describe(&self) -> String {
        self.policy.describe()
    }
}

#[tokio::test]
async fn a_message_is_decoded_once_however_many_scopes_are_open() {
    let brokers = [Memory::new(), Memory::new()];
    let counts = [Counting::new(), Counting::new()];
    let harness = |index: usize| {
        let counting: &Counting = &counts[index];
        Harness::builder(brokers[index].clone())
            .codec(counting.clone())
            .correlation(counting.clone())
    };
    let stage = Stage::<Gateway>::builder(GatewayBuilder {
        nats: harness(0),
        kafka: harness(1),
    });
    let stage = stage.connect().await.unwrap();
    for open in [1, 1_000] {
        let mut scopes = Vec::new();
        for _ in 0..open {
            let scope = stage.scenario("open").timeout(Duration::from_secs(60));
            scopes.push(scope.open().await.unwrap());
        }
        let mut scenarios = Vec::new();
        for scope in &mut scopes {
            let s = scope.arrange();
            // Two that look at each message.
            expect!(s.nats, "orders", { n: _ }, times (MESSAGES));
            expect!(s.nats, "orders", { n: 3 });
            expect!(s.kafka, "orders", { n: _ }, times (MESSAGES));
            begin!(s);
            scenarios.push(s);
        }
        let s = scenarios[open / 2];
        let id = s.correlation_id().unwrap().as_str();
        for n in 0..MESSAGES {
            let message = json!({ "id": id, "n": n }).to_string();
            for broker in &brokers {
                let sent = broker.client().publish("orders", message.clone()).await;
                sent.unwrap();
            }
        }
        settle!(s).assert_passed();
        for counting in &counts {
            assert_eq!(counting.take(), [MESSAGES; 2], "with {open} open");
        }
    }
}
