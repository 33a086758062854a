//! A harness on one broker, and a stage on two; each with the system under test.

use std::time::Duration;

use choreo::HarnessBuilder;
use choreo::prelude::*;
use choreo::transport::Transport;
use choreo_test_brokers::{NatsServer, TestError};

use crate::System;

/// Of scenarios that pass. Far above what any takes.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A plain harness on one transport.
#[derive(Debug)]
pub struct One {
    /// What scenarios are opened on.
    pub harness: Harness,
    _system: System,
    _server: Option<NatsServer>,
}

impl One {
    /// On a broker in the process.
    ///
    /// # Errors
    ///
    /// When something cannot be connected.
    pub async fn memory() -> Result<Self, TestError> {
        let memory = Memory::new();
        Self::on(memory.clone(), &memory, None).await
    }

    /// On a real nats-server.
    ///
    /// # Errors
    ///
    /// When the server cannot be started or connected.
    pub async fn nats() -> Result<Self, TestError> {
        let server = NatsServer::builder().start()?;
        let nats = Nats::new(server.url());
        Self::on(nats, &Nats::new(server.url()), Some(server)).await
    }

    async fn on<T: Transport>(
        transport: T,
        same: &T,
        server: Option<NatsServer>,
    ) -> Result<Self, TestError> {
        Ok(Self {
            _system: System::between(same, same).await?,
            harness: builder(transport).connect().await?,
            _server: server,
        })
    }
}

/// The transports of [`Two`].
#[derive(Debug, Stage)]
pub struct Pair {
    /// A broker in the process.
    pub memory: Harness,
    /// A real nats-server.
    pub nats: Harness,
}

/// A stage of two transports. The system listens on each, and answers on the other.
#[derive(Debug)]
pub struct Two {
    /// What scenarios are opened on.
    pub stage: Stage<Pair>,
    _systems: [System; 2],
    _server: NatsServer,
}

impl Two {
    /// Starts the server and connects.
    ///
    /// # Errors
    ///
    /// When the server cannot be started or connected.
    pub async fn start() -> Result<Self, TestError> {
        let server = NatsServer::builder().start()?;
        let (memory, nats) = (Memory::new(), Nats::new(server.url()));
        let systems = [
            System::between(&memory, &nats).await?,
            System::between(&nats, &memory).await?,
        ];
        let stage = Stage::builder(PairBuilder {
            memory: builder(memory),
            nats: builder(nats),
        });
        Ok(Self {
            stage: stage.connect().await?,
            _systems: systems,
            _server: server,
        })
    }
}

fn builder(transport: impl Transport) -> HarnessBuilder {
    Harness::builder(transport)
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(TIMEOUT)
}
