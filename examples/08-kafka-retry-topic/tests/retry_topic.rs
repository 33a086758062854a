//! Every hop of a payment: tried, retried, given up.
//!
//! ```sh
//! cargo test -p kafka-retry-topic
//! ```

use choreo::broker::Broker;
use choreo::prelude::*;

/// The mock cluster of Kafka's client library, or the cluster in `CHOREO_KAFKA_URL`, and the service.
#[choreo::harness]
async fn payments() -> Result<Harness> {
    let broker = Broker::kafka().start().await?;
    let service = env!("CARGO_BIN_EXE_kafka-retry-topic");
    let service = example_support::start(service, &[broker.url()]).await?;
    Harness::builder(Kafka::new(broker.url()))
        .correlation(FieldCorrelation::new("correlation_id"))
        .keep(service)
        .keep(broker)
        .connect()
        .await
}

// A consumer group takes seconds to meet, so the first message waits for it: hence the timeouts.

#[choreo::scenario(payments, timeout = 30s)]
async fn a_payment_is_done_at_the_first_attempt(s: Scenario<'_>) {
    expect!(s, "payments.done", { id: 1, attempt: 1, error: absent });
    publish!(s, "payments", { id: 1 });
}

#[choreo::scenario(payments, timeout = 30s)]
async fn a_payment_that_fails_once_comes_back_over_the_retry_topic(s: Scenario<'_>) {
    let retried = expect!(s, "payments.retry", { id: 2, attempt: 1, error: =~ "bank" });
    expect!(s, "payments.done", { id: 2, attempt: 2 }, since retried);
    publish!(s, "payments", { id: 2, bank_answers_at: 2 });
}

#[choreo::scenario(payments, timeout = 30s)]
async fn a_payment_that_never_works_is_given_up_after_three_attempts(s: Scenario<'_>) {
    expect!(s, "payments.retry", { id: 3, attempt: 1 });
    expect!(s, "payments.retry", { id: 3, attempt: 2 });
    expect!(s, "payments.dead", { id: 3, attempt: 3, error: =~ "bank" });
    publish!(s, "payments", { id: 3, bank_answers_at: 100 });
}

fn main() {
    choreo::main!()
}
