//! An order saga. It asks three other services, and when one of them refuses, takes back what stands already.
//!
//! ```text
//! order.place ──► stock.reserve ──► (stock) ──► stock.reserved ──► order.reserved
//! order.pay ──► payment.charge ──► (payment) ─┬► payment.charged ──► shipping.ship ──► (carrier) ──► shipping.shipped ──► order.completed
//!                                             └► payment.refused ──► stock.release ──► (stock) ──► stock.released ──► order.cancelled
//! ```
//!
//! It knows nothing of Choreo, and this part of it nothing of a broker.

use std::collections::HashMap;

use serde_json::{Value, json};

/// What the saga listens to.
pub const TOPICS: [&str; 7] = [
    "order.place",
    "stock.reserved",
    "order.pay",
    "payment.charged",
    "payment.refused",
    "shipping.shipped",
    "stock.released",
];

/// A topic, and what goes there.
pub type Outgoing = (&'static str, Value);

/// The orders that are under way.
#[derive(Debug, Default)]
pub struct Saga {
    orders: HashMap<String, Order>,
    placed: usize,
}

#[derive(Debug)]
struct Order {
    count: u64,
    express: bool,
    reservation: String,
    total_cents: u64,
    refusal: Option<String>,
}

impl Saga {
    /// What the saga sends when a message comes. What it cannot read, or what is about no order of its own, it
    /// drops.
    pub fn on_message(&mut self, topic: &str, payload: &[u8]) -> Vec<Outgoing> {
        let Ok(message) = serde_json::from_slice::<Value>(payload) else {
            return Vec::new();
        };
        let mut outgoing = match topic {
            "order.place" => self.place(&message),
            _ => self.go_on(topic, &message).unwrap_or_default(),
        };
        // Every message about an order carries the id of the conversation.
        for (_, answer) in &mut outgoing {
            answer["correlation_id"] = message["correlation_id"].clone();
        }
        outgoing
    }

    fn place(&mut self, message: &Value) -> Vec<Outgoing> {
        self.placed += 1;
        let id = format!("ORD-{}", self.placed);
        let order = Order {
            count: message["count"].as_u64().unwrap_or(1),
            express: message["express"] == true,
            reservation: String::new(),
            total_cents: 0,
            refusal: None,
        };
        let count = order.count;
        self.orders.insert(id.clone(), order);
        vec![(
            "stock.reserve",
            json!({ "order": id, "item": message["item"], "count": count }),
        )]
    }

    fn go_on(&mut self, topic: &str, message: &Value) -> Option<Vec<Outgoing>> {
        let id = message["order"].as_str()?;
        let order = self.orders.get_mut(id)?;
        let ship = json!({ "order": id, "reservation": order.reservation });
        Some(match topic {
            "stock.reserved" => {
                order.reservation = message["reservation"].as_str()?.to_owned();
                order.total_cents = order.count * message["price_cents"].as_u64()?;
                vec![(
                    "order.reserved",
                    json!({ "order": id, "total_cents": order.total_cents }),
                )]
            }
            "order.pay" => {
                let charge = json!({ "order": id, "amount_cents": order.total_cents, "card": message["card"] });
                let mut outgoing = vec![("payment.charge", charge)];
                // Somebody wanted express orders to leave sooner: a bug that the scenario
                // `an_express_order_waits_for_its_payment` shows.
                if order.express {
                    outgoing.push(("shipping.ship", ship));
                }
                outgoing
            }
            "payment.charged" if order.express => Vec::new(),
            "payment.charged" => vec![("shipping.ship", ship)],
            "payment.refused" => {
                order.refusal = message["reason"].as_str().map(str::to_owned);
                vec![(
                    "stock.release",
                    json!({ "order": id, "reservation": order.reservation }),
                )]
            }
            "shipping.shipped" => {
                self.orders.remove(id);
                vec![("order.completed", json!({ "order": id }))]
            }
            "stock.released" => {
                let reason = order.refusal.take();
                self.orders.remove(id);
                vec![("order.cancelled", json!({ "order": id, "reason": reason }))]
            }
            _ => return None,
        })
    }
}
