//! Answers requests on `prices.get`. What it does not have on its list it asks the supplier for, on
//! `supplier.price`.
//!
//! `nats-request-reply <NATS URL>`
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it talks to whoever started it"
)]

use std::error::Error;

use async_nats::{Client, Message};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "nats://127.0.0.1:4222".to_owned());
    let client = async_nats::connect(url).await?;
    let mut requests = client.subscribe("prices.get").await?;
    // The server has the subscription before anyone hears that the service is ready.
    client.flush().await?;
    println!("ready");

    while let Some(request) = requests.next().await {
        let client = client.clone();
        // A supplier that takes long does not hold up the others.
        tokio::spawn(async move {
            if let Err(error) = answer(&client, request).await {
                eprintln!("a request was dropped: {error}");
            }
        });
    }
    Ok(())
}

async fn answer(client: &Client, request: Message) -> Result<(), Box<dyn Error>> {
    let inbox = request.reply.ok_or("it asks for no answer")?;
    let question: Value = serde_json::from_slice(&request.payload)?;
    let price = match question["item"].as_str() {
        Some("pen") => json!(120),
        Some(item) => ask_supplier(client, item, &question["correlation_id"]).await?,
        None => Value::Null,
    };
    let answer = json!({ "price": price, "correlation_id": question["correlation_id"] });
    client.publish(inbox, answer.to_string().into()).await?;
    Ok(())
}

async fn ask_supplier(client: &Client, item: &str, id: &Value) -> Result<Value, Box<dyn Error>> {
    let question = json!({ "item": item, "correlation_id": id });
    let answer = client
        .request("supplier.price", question.to_string().into())
        .await?;
    let answer: Value = serde_json::from_slice(&answer.payload)?;
    Ok(answer["price"].clone())
}
