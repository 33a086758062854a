//! The service as a task of the test process, on a broker in memory.

use choreo::prelude::*;
use choreo::transport::{MemoryClient, TransportError};

/// One broker and one service for the whole run, shared by all scenarios.
#[choreo::harness]
pub async fn orders() -> choreo::Result<Harness> {
    let broker = Memory::new();
    serve(broker.client()).await?;
    Harness::builder(broker)
        .correlation(FieldCorrelation::new("correlation_id"))
        .connect()
        .await
}

async fn serve(client: MemoryClient) -> Result<(), TransportError> {
    let mut created = client.subscribe(hello_world::CREATED).await?;
    tokio::spawn(async move {
        while let Some(order) = created.next().await {
            if let Ok(processed) = hello_world::process(&order.payload).await {
                // The broker is gone only when the test run is over.
                let _ = client.publish(hello_world::PROCESSED, processed).await;
            }
        }
    });
    Ok(())
}
