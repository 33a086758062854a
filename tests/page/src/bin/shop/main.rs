//! A shop and its scenarios, of which eight fail, each of its own cause: `tests/eight.rs` runs them and looks at the
//! pages that they leave.
//!
//! A program and no test, because a test that fails on purpose is no test of ours.

use choreo::broker::NatsServer;
use choreo::prelude::*;

use crate::service::{Bridge, NightShift, Shop};

mod orders;
mod parcels;
mod payments;
mod service;

/// The shop on a private NATS server.
#[choreo::harness]
async fn shop() -> Result<Harness> {
    let server = NatsServer::builder().start()?;
    let nats = Nats::new(server.url());
    let shop = Shop::open(&nats).await?;
    Harness::builder(nats)
        .correlation(FieldCorrelation::new("correlation_id"))
        .keep(shop)
        .keep(server)
        .connect()
        .await
}

/// A shop whose server does not survive the first parcel.
#[choreo::harness]
async fn night_shift() -> Result<Harness> {
    let server = NatsServer::builder().start()?;
    let nats = Nats::new(server.url());
    let night_shift = NightShift::open(&nats, server).await?;
    Harness::builder(nats)
        .correlation(FieldCorrelation::new("correlation_id"))
        .keep(night_shift)
        .connect()
        .await
}

/// The shop's broker, and that of the bank behind it.
#[derive(Stage)]
struct Abroad {
    nats: Harness,
    memory: Harness,
}

/// Orders come over NATS, and are checked by a bank whose broker is in this process.
#[choreo::stage]
async fn abroad() -> Result<Stage<Abroad>> {
    let server = NatsServer::builder().start()?;
    let (nats, memory) = (Nats::new(server.url()), Memory::new());
    let bridge = Bridge::open(&nats, &memory).await?;
    let correlation = || FieldCorrelation::new("correlation_id");
    Stage::builder(AbroadBuilder {
        nats: Harness::builder(nats)
            .correlation(correlation())
            .keep(bridge)
            .keep(server),
        memory: Harness::builder(memory).correlation(correlation()),
    })
    .connect()
    .await
}

fn main() {
    choreo::main!()
}
