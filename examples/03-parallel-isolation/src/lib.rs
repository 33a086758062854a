//! A till: it takes baskets from `baskets` and answers with what they cost on `totals`.

use serde::{Deserialize, Serialize};

/// What a customer buys.
#[derive(Debug, Deserialize)]
pub struct Basket {
    /// Whose it is.
    pub customer: u32,
    /// The prices, in cents.
    pub prices: Vec<u32>,
    /// Which conversation it belongs to.
    #[serde(default)]
    pub correlation_id: Option<String>,
}

/// What it costs.
#[derive(Debug, Serialize)]
pub struct Total {
    /// Who pays.
    pub customer: u32,
    /// The sum, in cents.
    pub cents: u32,
    /// Which conversation it belongs to; the answer carries it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// Adds up the payload of one basket.
///
/// # Errors
///
/// The payload is not a basket.
pub fn add_up(payload: &[u8]) -> serde_json::Result<Vec<u8>> {
    let basket: Basket = serde_json::from_slice(payload)?;
    serde_json::to_vec(&Total {
        customer: basket.customer,
        cents: basket.prices.iter().sum(),
        correlation_id: basket.correlation_id,
    })
}
