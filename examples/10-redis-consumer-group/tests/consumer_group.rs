//! Two workers share the jobs, and take over what one of them left lying.
//!
//! ```sh
//! cargo test -p redis-consumer-group
//! ```

use choreo::broker::Broker;
use choreo::prelude::*;

/// A private Redis, or the one in `CHOREO_REDIS_URL`, and two workers. They write flat fields, so the fields
/// of an entry together are the payload.
#[choreo::harness]
async fn printers() -> Result<Harness> {
    let broker = Broker::redis().start().await?;
    let worker = env!("CARGO_BIN_EXE_redis-consumer-group");
    let left = example_support::start(worker, &[broker.url(), "left"]).await?;
    let right = example_support::start(worker, &[broker.url(), "right"]).await?;
    Harness::builder(RedisStreams::new(broker.url()).fields_as_json())
        .correlation(FieldCorrelation::new("correlation_id"))
        .keep((left, right))
        .keep(broker)
        .connect()
        .await
}

#[choreo::scenario(printers, timeout = 5s)]
async fn one_of_the_two_prints_a_document(s: Scenario<'_>) {
    expect!(s, "jobs.done", { document: "a.pdf", printed_by: in ["left", "right"], taken_over: "no" });
    publish!(s, "jobs", { document: "a.pdf" });
}

#[choreo::scenario(printers, timeout = 5s)]
async fn two_documents_are_printed(s: Scenario<'_>) {
    expect!(s, "jobs.done", { document: "b.pdf" });
    expect!(s, "jobs.done", { document: "c.pdf" });
    publish!(s, "jobs", { document: "b.pdf" });
    publish!(s, "jobs", { document: "c.pdf" });
}

/// The worker that took it never acknowledges it; after 100 ms it is taken over.
#[choreo::scenario(printers, timeout = 5s)]
async fn a_job_that_a_worker_left_is_taken_over(s: Scenario<'_>) {
    expect!(s, "jobs.done", { document: "d.pdf", taken_over: "yes" }, within 1s);
    publish!(s, "jobs", { document: "d.pdf", jams: true });
}

fn main() {
    choreo::main!()
}
