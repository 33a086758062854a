//! The saga as a task of the test process, on a broker in memory.
//!
//! ```sh
//! cargo test -p saga --test in_memory -- --nocapture
//! ```

use choreo::prelude::*;
use choreo::transport::{MemoryClient, TransportError};
use saga::{Saga, TOPICS};
use tokio::sync::mpsc;

mod scenarios;

#[choreo::harness]
async fn shop() -> Result<Harness> {
    let broker = Memory::new();
    serve(broker.client()).await?;
    Harness::builder(broker)
        .correlation(FieldCorrelation::new("correlation_id"))
        .connect()
        .await
}

/// The saga on the in-memory broker.
async fn serve(client: MemoryClient) -> Result<(), TransportError> {
    let (sender, mut messages) = mpsc::unbounded_channel();
    for topic in TOPICS {
        let mut subscription = client.subscribe(topic).await?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while let Some(message) = subscription.next().await {
                // The saga is gone only when the run is over.
                let _ = sender.send(message);
            }
        });
    }
    tokio::spawn(async move {
        let mut saga = Saga::default();
        while let Some(message) = messages.recv().await {
            for (topic, answer) in saga.on_message(&message.topic, &message.payload) {
                // The broker is gone only when the run is over.
                let _ = client.publish(topic, answer.to_string()).await;
            }
        }
    });
    Ok(())
}

fn main() {
    choreo::main!()
}
