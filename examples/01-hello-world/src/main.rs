//! The order service as a process: `hello-world <NATS URL>`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it talks to whoever started it"
)]

use std::error::Error;

use futures_util::StreamExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "nats://127.0.0.1:4222".to_owned());
    let client = async_nats::connect(url).await?;
    let mut orders = client.subscribe(hello_world::CREATED).await?;
    // The server has the subscription before anyone hears that the service is ready.
    client.flush().await?;
    println!("ready");

    while let Some(message) = orders.next().await {
        let client = client.clone();
        // One order that takes long does not hold up the others.
        tokio::spawn(async move {
            if let Err(error) = answer(&client, &message.payload).await {
                eprintln!("an order was dropped: {error}");
            }
        });
    }
    Ok(())
}

async fn answer(client: &async_nats::Client, order: &[u8]) -> Result<(), Box<dyn Error>> {
    let processed = hello_world::process(order).await?;
    client
        .publish(hello_world::PROCESSED, processed.into())
        .await?;
    Ok(())
}
