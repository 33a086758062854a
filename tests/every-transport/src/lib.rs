//! What the harness functions share: the order service of `examples/01-hello-world` on any transport.
//!
//! Each test target is one harness function and the scenarios of the example, word for word.

use std::sync::Arc;

use choreo::prelude::*;
use choreo::transport::{
    Connection, ConnectionEvents, Delivery, Outgoing, Transport, TransportError,
};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::{JoinHandle, JoinSet};

/// The order service and one connection for the scenarios; both end with the run, and the broker after them.
///
/// # Errors
///
/// When one of them cannot connect.
pub async fn with_service<T>(transport: T, broker: impl Send + 'static) -> Result<Harness>
where
    T: Transport + Clone,
{
    let service = serve(&transport).await?;
    Harness::builder(transport)
        .correlation(FieldCorrelation::new("correlation_id"))
        .keep(service)
        .keep(broker)
        .connect()
        .await
}

/// A running service; ends when dropped.
struct Service(JoinHandle<()>);

impl Drop for Service {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn serve(transport: &impl Transport) -> Result<Service, TransportError> {
    let connection = transport.connect(ConnectionEvents::new(|_| {})).await?;
    let (sender, mut orders) = unbounded_channel();
    let delivery = Delivery::new(move |order| drop(sender.send(order)));
    let subscription = connection.subscribe(hello_world::CREATED, delivery).await?;
    let connection = Arc::new(connection);
    Ok(Service(tokio::spawn(async move {
        let _subscription = subscription;
        let mut answers = JoinSet::new();
        while let Some(order) = orders.recv().await {
            let connection = Arc::clone(&connection);
            // One order that takes long does not hold up the others.
            answers.spawn(async move {
                if let Ok(processed) = hello_world::process(&order.payload).await {
                    // What the broker refuses does not come, and the scenario says so.
                    let answer = Outgoing::new(hello_world::PROCESSED, processed);
                    let _ = connection.publish(answer).await;
                }
            });
        }
    })))
}
