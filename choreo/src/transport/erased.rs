//! Transports behind `dyn`, so that a harness has no type parameter for its broker.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use choreo_runner::BoxFuture;

use super::{
    Capabilities, Connection, ConnectionEvents, Delivery, Endpoint, Outgoing, Transport,
    TransportError,
};

/// Keeps a subscription of any transport alive.
pub(crate) type DynSubscription = Box<dyn Any + Send + Sync>;

pub(crate) trait DynTransport: Send + Sync {
    fn name(&self) -> &str;
    fn endpoints(&self) -> Vec<Endpoint>;
    fn capabilities(&self) -> Capabilities;
    fn connect(
        &self,
        events: ConnectionEvents,
    ) -> BoxFuture<'_, Result<Arc<dyn DynConnection>, TransportError>>;
}

pub(crate) trait DynConnection: Send + Sync {
    fn check_topic(&self, topic: &str) -> Result<(), String>;
    fn subscribe<'a>(
        &'a self,
        topic: &'a str,
        delivery: Delivery,
    ) -> BoxFuture<'a, Result<DynSubscription, TransportError>>;
    fn publish(&self, message: Outgoing) -> BoxFuture<'_, Result<(), TransportError>>;
    fn ping(&self) -> BoxFuture<'_, Result<(), TransportError>>;
    fn inbox(&self) -> Option<String>;
    fn unread_topics(&self, since: Instant) -> Option<Vec<Arc<str>>>;
    fn close(&self) -> BoxFuture<'_, ()>;
}

impl<T: Transport> DynTransport for T {
    fn name(&self) -> &str {
        Transport::name(self)
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        Transport::endpoints(self)
    }

    fn capabilities(&self) -> Capabilities {
        Transport::capabilities(self)
    }

    fn connect(
        &self,
        events: ConnectionEvents,
    ) -> BoxFuture<'_, Result<Arc<dyn DynConnection>, TransportError>> {
        Box::pin(async move {
            let connection = Transport::connect(self, events).await?;
            Ok(Arc::new(connection) as Arc<dyn DynConnection>)
        })
    }
}

impl<C: Connection> DynConnection for C {
    fn check_topic(&self, topic: &str) -> Result<(), String> {
        Connection::check_topic(self, topic)
    }

    fn subscribe<'a>(
        &'a self,
        topic: &'a str,
        delivery: Delivery,
    ) -> BoxFuture<'a, Result<DynSubscription, TransportError>> {
        Box::pin(async move {
            let subscription = Connection::subscribe(self, topic, delivery).await?;
            Ok(Box::new(subscription) as DynSubscription)
        })
    }

    fn publish(&self, message: Outgoing) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(Connection::publish(self, message))
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(Connection::ping(self))
    }

    fn inbox(&self) -> Option<String> {
        Connection::inbox(self)
    }

    fn unread_topics(&self, since: Instant) -> Option<Vec<Arc<str>>> {
        Connection::unread_topics(self, since)
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(Connection::close(self))
    }
}
