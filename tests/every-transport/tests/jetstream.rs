//! The scenarios of `examples/01-hello-world` over JetStream.

use choreo::broker::Broker;
use choreo::prelude::*;
use choreo_test_every_transport::with_service;

/// The one thing that differs.
#[choreo::harness]
async fn orders() -> Result<Harness> {
    let broker = Broker::nats().start().await?;
    with_service(
        JetStream::new(broker.url()).stream("ORDERS", ["orders.>"]),
        broker,
    )
    .await
}

include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));
