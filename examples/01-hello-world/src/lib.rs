//! The order service: it takes orders from `orders.created` and answers on `orders.processed`.
//!
//! It knows nothing of Choreo, and this part of it nothing of a broker.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Where orders come from.
pub const CREATED: &str = "orders.created";

/// Where the answers go.
pub const PROCESSED: &str = "orders.processed";

/// How long it takes to wrap a gift.
const WRAPPING: Duration = Duration::from_millis(80);

/// An order as a shop sends it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrderCreated {
    /// What is ordered.
    pub item_id: String,
    /// How many of it.
    pub count: u32,
    /// Whether it is a gift. Wrapping takes its time.
    #[serde(default)]
    pub gift: bool,
    /// The shop's system, when it is an old one.
    #[serde(default)]
    pub channel: Option<String>,
    /// Which conversation the order belongs to; the answer carries it too.
    #[serde(default)]
    pub correlation_id: Option<String>,
}

/// What became of an order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrderProcessed {
    /// The order's number.
    pub order_id: String,
    /// Whether it was accepted.
    pub status: Status,
    /// What was ordered.
    pub order: Line,
    /// Why it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Which conversation it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// Whether an order was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// It was.
    Completed,
    /// It was not.
    Rejected,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What is ordered.
    pub item_id: String,
    /// How many of it.
    pub count: u32,
}

/// Processes the payload of one order and gives the payload of the answer.
///
/// # Errors
///
/// The payload is not an order.
pub async fn process(payload: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let order: OrderCreated = serde_json::from_slice(payload)?;
    if order.gift {
        wrap().await;
    }
    // The adapter for old shops was written before answers carried an id, and drops it: a bug that
    // the scenario `an_old_shop_gets_its_answer` shows.
    let old = order.channel.as_deref() == Some("fax");
    let error = (order.count == 0).then(|| "nothing ordered".to_owned());
    serde_json::to_vec(&OrderProcessed {
        order_id: format!("ORD-{}", order.item_id.trim_start_matches("ITEM-")),
        status: if error.is_some() {
            Status::Rejected
        } else {
            Status::Completed
        },
        order: Line {
            item_id: order.item_id,
            count: order.count,
        },
        error,
        correlation_id: if old { None } else { order.correlation_id },
    })
}

#[expect(clippy::disallowed_methods, reason = "stands for work that takes time")]
async fn wrap() {
    tokio::time::sleep(WRAPPING).await;
}

/// The programs in the README of the repository, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// The programs of the page for users of the Python tool, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/from-python.md")]
struct FromPython;
