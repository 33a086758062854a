//! The same scenarios with the saga as a process of its own, behind a real NATS server: a private one, or the
//! one in `CHOREO_NATS_URL`.
//!
//! ```sh
//! cargo test -p saga --test over_nats
//! ```

use choreo::broker::Broker;
use choreo::prelude::*;

mod scenarios;

#[choreo::harness]
async fn shop() -> Result<Harness> {
    let broker = Broker::nats().start().await?;
    let saga = example_support::start(env!("CARGO_BIN_EXE_saga"), &[broker.url()]).await?;
    Harness::builder(Nats::new(broker.url()))
        .correlation(FieldCorrelation::new("correlation_id"))
        .keep(saga)
        .keep(broker)
        .connect()
        .await
}

fn main() {
    choreo::main!()
}
