//! The scenarios of `examples/01-hello-world` over NATS.

use choreo::broker::Broker;
use choreo::prelude::*;
use choreo_test_every_transport::with_service;

/// The one thing that differs.
#[choreo::harness]
async fn orders() -> Result<Harness> {
    let broker = Broker::nats().start().await?;
    with_service(Nats::new(broker.url()), broker).await
}

include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));
