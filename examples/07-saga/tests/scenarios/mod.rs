//! What the saga must do, on whichever broker: each test target is one harness function and these.
//!
//! The test plays the stock, the payment provider and the carrier.

use choreo::ScenarioResult;
use choreo::prelude::*;

/// Reserved, then paid and shipped. The customer pays what the first act came to.
#[choreo::scenario(crate::shop, timeout = 2s)]
async fn an_order_is_reserved_paid_and_shipped(s: Scenario<'_>) {
    stock(&s);
    let reserved = expect!(s, "order.reserved", {
        order: capture order: String & prefix "ORD-",
        total_cents: capture total: u64 & 2_500,
    });
    publish!(s, "order.place", { item: "lamp", count: 2 });
    let result = settle!(s);
    let (order, total) = reservation(&result, reserved);

    let s = next_act!(s);
    carrier(&s);
    reply!(s, "payment.charge", { amount_cents: (total) } => "payment.charged", { order: (&order) }, required);
    let charged = expect!(s, "payment.charge", { order: (&order), card: "4242" });
    let shipped =
        expect!(s, "shipping.ship", { order: (&order), reservation: "R-1" }, exactly_once);
    let completed = expect!(s, "order.completed", { order: (&order) }, within 100ms, since shipped);
    in_order!(s, charged, shipped, completed);
    publish!(s, "order.pay", { order: &order, card: "4242" });
}

/// A refused payment gives the stock back what was reserved, and nothing is shipped.
#[choreo::scenario(crate::shop, timeout = 2s)]
async fn a_refused_payment_releases_the_reservation(s: Scenario<'_>) {
    stock(&s);
    let reserved = expect!(s, "order.reserved", { order: capture order: String, total_cents: capture total: u64 });
    publish!(s, "order.place", { item: "lamp", count: 1 });
    let result = settle!(s);
    let (order, _) = reservation(&result, reserved);

    let s = next_act!(s);
    carrier(&s);
    reply!(s, "payment.charge" => "payment.refused", { order: (&order), reason: "card declined" });
    reply!(s, "stock.release" => "stock.released", { order: (&order) });
    let released = expect!(s, "stock.release", { order: (&order), reservation: "R-1" });
    let cancelled = expect!(s, "order.cancelled", { order: (&order), reason: contains "declined" });
    in_order!(s, released, cancelled);
    never!(s, "shipping.ship", { order: (&order) }, for 200ms);
    publish!(s, "order.pay", { order: &order, card: "0000" });
}

/// Fail: express orders leave before they are paid, which `never!` sees at once.
#[choreo::scenario(crate::shop, timeout = 2s, should_fail = "express orders are shipped before they are paid")]
async fn an_express_order_waits_for_its_payment(s: Scenario<'_>) {
    stock(&s);
    let reserved = expect!(s, "order.reserved", { order: capture order: String, total_cents: capture total: u64 });
    publish!(s, "order.place", { item: "lamp", count: 1, express: true });
    let result = settle!(s);
    let (order, _) = reservation(&result, reserved);

    let s = next_act!(s);
    // The payment provider takes its time: nobody answers.
    expect!(s, "payment.charge", { order: (&order) });
    never!(s, "shipping.ship", { order: (&order) }, for 200ms);
    publish!(s, "order.pay", { order: &order, card: "4242" });
}

/// The stock: it has everything.
fn stock(s: &Scenario<'_>) {
    reply!(s, "stock.reserve", { count: > 0 } => "stock.reserved", |wish| {
        json!({ "order": wish["order"], "reservation": "R-1", "price_cents": 1_250 })
    });
}

/// The carrier: it ships whatever it is given.
fn carrier(s: &Scenario<'_>) {
    reply!(s, "shipping.ship" => "shipping.shipped", |parcel| json!({ "order": parcel["order"] }));
}

/// What the first act came to: the order's number, which the saga makes up, and what it costs.
fn reservation(result: &ScenarioResult, reserved: Handle<choreo::Value>) -> (String, u64) {
    let reserved = &result[reserved];
    (reserved.captured("order"), reserved.captured("total"))
}
