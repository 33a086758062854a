//! Harness and stage functions of the test programs, one for each setting.

use choreo::HarnessBuilder;
use choreo::prelude::*;
use choreo::transport::Transport;

use crate::{Pair, PairBuilder};

fn builder(transport: impl Transport) -> HarnessBuilder {
    Harness::builder(transport).correlation(FieldCorrelation::new("correlation_id"))
}

fn server() -> Result<Nats> {
    let url = std::env::var("SERVER");
    let url = url.map_err(|_| Error::harness("the variable SERVER is missing"))?;
    Ok(Nats::new(&url))
}

/// On a broker in the process.
#[choreo::harness]
pub async fn on_memory() -> Result<Harness> {
    builder(Memory::new()).connect().await
}

/// On the nats-server of the variable `SERVER`.
#[choreo::harness]
pub async fn on_nats() -> Result<Harness> {
    builder(server()?).connect().await
}

/// On both.
#[choreo::stage]
pub async fn on_both() -> Result<Stage<Pair>> {
    Stage::builder(PairBuilder {
        memory: builder(Memory::new()),
        nats: builder(server()?),
    })
    .connect()
    .await
}
