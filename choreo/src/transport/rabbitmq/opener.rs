//! Connecting, for the first time and again: credentials, session, exchange.

use std::sync::Arc;
use std::time::Duration;

use lapin::ExchangeKind;
use lapin::options::ExchangeDeclareOptions;
use lapin::types::FieldTable;

use super::auth::RabbitAuth;
use super::plan::Topology;
use super::runtime::Threads;
use super::session::{Request, Session, Watch};
use super::url::Place;
use super::words;
use crate::secret::Credentials;
use crate::transport::{Tls, TransportError};

/// How to connect, and to connect again.
pub(super) struct Opener {
    pub(super) place: Place,
    pub(super) tls: Option<Tls>,
    pub(super) credentials: Option<Credentials<RabbitAuth>>,
    pub(super) address: String,
    pub(super) topology: Topology,
    pub(super) mandatory: bool,
    pub(super) bound: Duration,
    pub(super) threads: Threads,
}

impl Opener {
    /// Connects, and makes sure of the exchange.
    async fn open(&self) -> Result<(Arc<Session>, Watch), TransportError> {
        let failed = |reason: String| TransportError::Connect {
            endpoint: self.address.clone(),
            reason,
        };
        let auth = match &self.credentials {
            None => Arc::new(RabbitAuth::guest()),
            Some(credentials) => credentials
                .resolve()
                .await
                .map_err(|error| failed(error.to_string()))?,
        };
        if auth.is_external() && self.tls.as_ref().is_none_or(|tls| tls.client().is_none()) {
            return Err(failed(
                "EXTERNAL needs the client's certificate: `.tls(Tls::new().client_cert(…))`".into(),
            ));
        }
        let request = Request {
            place: self.place.clone(),
            tls: self.tls.clone(),
            auth,
            address: self.address.clone(),
        };
        let (session, watch) = Session::open(request, &self.threads).await?;
        match self.exchange(&session).await {
            Ok(()) => Ok((session, watch)),
            Err(reason) => {
                session.close().await;
                Err(failed(reason))
            }
        }
    }

    /// Declares the exchange, or makes sure that it is there.
    async fn exchange(&self, session: &Session) -> Result<(), String> {
        let Topology {
            exchange, existing, ..
        } = &self.topology;
        let declare = async {
            let channel = session.channel().await?;
            let options = ExchangeDeclareOptions {
                passive: *existing,
                ..ExchangeDeclareOptions::default()
            };
            let name = exchange.as_str().into();
            channel
                .exchange_declare(name, ExchangeKind::Topic, options, FieldTable::default())
                .await
        };
        declare.await.map_err(|error: lapin::Error| {
            let words = words::of(&error);
            match words::code(&error) {
                Some(words::PRECONDITION_FAILED) => format!(
                    "{words}. It is there already and is not as this transport would declare it: use \
                     `.existing_exchange({exchange:?})`"
                ),
                Some(words::NOT_FOUND) => format!(
                    "{words}. Start what declares it first, or let this transport: `.exchange({exchange:?})`"
                ),
                _ => words,
            }
        })
    }

    pub(super) fn too_late(&self) -> TransportError {
        TransportError::Connect {
            endpoint: self.address.clone(),
            reason: format!(
                "it took longer than {:?} (see `connect_timeout`)",
                self.bound
            ),
        }
    }

    /// As [`open`](Self::open), within the bound.
    pub(super) async fn open_in_time(&self) -> Result<(Arc<Session>, Watch), TransportError> {
        match tokio::time::timeout(self.bound, self.open()).await {
            Ok(result) => result,
            Err(_) => Err(self.too_late()),
        }
    }
}
