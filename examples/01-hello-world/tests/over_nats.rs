//! The same service as a process of its own, behind a real NATS server. Payloads are typed here.
//!
//! The server is private to this run. Where `nats-server` is missing the scenarios are skipped.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use choreo::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(topic = "orders.created")]
struct OrderCreated {
    item_id: String,
    count: u32,
    gift: bool,
    channel: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(topic = "orders.processed")]
struct OrderProcessed {
    order_id: String,
    status: Status,
    order: Line,
    error: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Completed,
    Rejected,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    item_id: String,
    count: u32,
}

fn main() {
    choreo::main!()
}
