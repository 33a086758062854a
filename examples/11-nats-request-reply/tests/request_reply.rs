//! The test asks the service as any client would, and plays the supplier that the service asks.
//!
//! ```sh
//! cargo test -p nats-request-reply
//! ```

use choreo::broker::Broker;
use choreo::prelude::*;

/// A private nats-server, or the one in `CHOREO_NATS_URL`, and the service.
#[choreo::harness]
async fn prices() -> Result<Harness> {
    let broker = Broker::nats().start().await?;
    let service = env!("CARGO_BIN_EXE_nats-request-reply");
    let service = example_support::start(service, &[broker.url()]).await?;
    Harness::builder(Nats::new(broker.url()))
        .correlation(FieldCorrelation::new("correlation_id"))
        .keep(service)
        .keep(broker)
        .connect()
        .await
}

/// The answer comes to an inbox that this scenario alone has.
#[choreo::scenario(prices, timeout = 5s)]
async fn a_listed_price_is_answered_at_once(s: Scenario<'_>) {
    expect!(s, s.inbox(), { price: 120 }, within 50ms);
    request!(s, "prices.get", { item: "pen" });
}

/// `_` answers whoever asked.
#[choreo::scenario(prices, timeout = 5s)]
async fn an_unlisted_price_comes_from_the_supplier(s: Scenario<'_>) {
    reply!(s, "supplier.price", { item: "lamp" } => _, { price: 4_500 });
    expect!(s, s.inbox(), { price: 4_500 });
    request!(s, "prices.get", { item: "lamp" });
}

fn main() {
    choreo::main!()
}
