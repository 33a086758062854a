//! The saga as a process: `saga <NATS URL>`.
#![expect(clippy::print_stdout, reason = "it talks to whoever started it")]

use std::error::Error;

use futures_util::StreamExt as _;
use futures_util::stream::SelectAll;
use saga::{Saga, TOPICS};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "nats://127.0.0.1:4222".to_owned());
    let client = async_nats::connect(url).await?;
    let mut messages = SelectAll::new();
    for topic in TOPICS {
        messages.push(client.subscribe(topic).await?);
    }
    // The server has the subscriptions before anyone hears that the service is ready.
    client.flush().await?;
    println!("ready");

    let mut saga = Saga::default();
    while let Some(message) = messages.next().await {
        for (topic, answer) in saga.on_message(&message.subject, &message.payload) {
            client.publish(topic, answer.to_string().into()).await?;
        }
    }
    Ok(())
}
