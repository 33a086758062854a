//! The scenarios of `examples/01-hello-world` over Redis Streams.

use choreo::broker::Broker;
use choreo::prelude::*;
use choreo_test_every_transport::with_service;

/// The one thing that differs.
#[choreo::harness]
async fn orders() -> Result<Harness> {
    let broker = Broker::redis().start().await?;
    with_service(RedisStreams::new(broker.url()), broker).await
}

include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));
