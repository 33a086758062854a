//! The checkout: before it accepts an order it asks the fraud check, which is another service.
//!
//! ```text
//! orders.created ──► checkout ──► fraud.check ──► (fraud check) ──► fraud.result ──► checkout ──► orders.decided
//! ```
//!
//! It keeps no state between the two steps: the answer of the fraud check carries all it needs.

use serde::{Deserialize, Serialize};

/// An order as a shop sends it.
#[derive(Debug, Deserialize)]
pub struct OrderCreated {
    /// The order's number.
    pub order_id: String,
    /// What it costs, in cents.
    pub amount_cents: u64,
    /// Which conversation it belongs to; every message about the order carries it.
    pub correlation_id: String,
}

/// The question to the fraud check.
#[derive(Debug, Serialize)]
pub struct FraudCheck {
    /// The order's number.
    pub order_id: String,
    /// What it costs, in cents.
    pub amount_cents: u64,
    /// Which conversation it belongs to.
    pub correlation_id: String,
}

/// The answer of the fraud check.
#[derive(Debug, Deserialize)]
pub struct FraudResult {
    /// The order's number.
    pub order_id: String,
    /// `APPROVE` or `DECLINE`.
    pub decision: String,
    /// Which conversation it belongs to.
    pub correlation_id: String,
}

/// What the shop hears.
#[derive(Debug, Serialize)]
pub struct OrderDecided {
    /// The order's number.
    pub order_id: String,
    /// Whether it goes out.
    pub accepted: bool,
    /// Which conversation it belongs to.
    pub correlation_id: String,
}

/// What the checkout sends when a message comes: the topic and the payload.
///
/// # Errors
///
/// The payload is not what this topic carries.
pub fn on_message(topic: &str, payload: &[u8]) -> serde_json::Result<(&'static str, Vec<u8>)> {
    if topic == "orders.created" {
        let order: OrderCreated = serde_json::from_slice(payload)?;
        let check = FraudCheck {
            order_id: order.order_id,
            amount_cents: order.amount_cents,
            correlation_id: order.correlation_id,
        };
        return Ok(("fraud.check", serde_json::to_vec(&check)?));
    }
    let result: FraudResult = serde_json::from_slice(payload)?;
    let decided = OrderDecided {
        order_id: result.order_id,
        accepted: result.decision == "APPROVE",
        correlation_id: result.correlation_id,
    };
    Ok(("orders.decided", serde_json::to_vec(&decided)?))
}
