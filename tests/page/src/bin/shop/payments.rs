//! Money.

use choreo::prelude::*;

use crate::Abroad;

#[choreo::scenario(crate::shop, timeout = 10s)]
async fn an_invoice_is_sent(s: Scenario<'_>) {
    expect!(s, "invoices.sent", { order_id: "ORD-42", total_cents: 1990 }, within 2s);
    publish!(s, "orders.paid", { order_id: "ORD-42", total_cents: 1990 });
}

#[choreo::scenario(crate::shop, timeout = 10s)]
async fn a_refund_is_booked(s: Scenario<'_>) {
    expect!(s, "refunds.booked", { order_id: "ORD-42", total_cents: 1990 }, within 2s);
    publish!(s, "orders.returned", { order_id: "ORD-42", total_cents: 1990 });
}

#[choreo::scenario(crate::shop, timeout = 10s)]
async fn a_voucher_is_redeemed(s: Scenario<'_>) {
    expect!(s, "vouchers.redeemed", { code: "SPRING", saved_cents: 500 }, within 2s);
    never!(s, "vouchers.refused", for 50ms);
    publish!(s, "vouchers.entered", { code: "SPRING" });
}

#[choreo::scenario(crate::shop, timeout = 10s)]
async fn an_expired_voucher_is_refused(s: Scenario<'_>) {
    expect!(s, "vouchers.refused", { code: "WINTER", reason: contains "expired" }, within 2s);
    publish!(s, "vouchers.entered", { code: "WINTER" });
}

/// Fails: the payment provider's answer was lost, so it is asked again and takes the money twice.
#[choreo::scenario(crate::shop, timeout = 10s)]
async fn an_order_is_charged_once(s: Scenario<'_>) {
    expect!(s, "payments.charged", { order_id: "ORD-42", total_cents: 1990 }, exactly_once, for 5s);
    publish!(s, "payments.due", { order_id: "ORD-42", total_cents: 1990 });
}

#[derive(Debug, Deserialize, Message)]
#[serde(crate = "choreo::serde")]
#[message(topic = "fraud.check")]
struct FraudCheck {
    order_id: String,
    amount: u32,
}

#[derive(Debug, Serialize, Message)]
#[serde(crate = "choreo::serde")]
#[message(topic = "fraud.result")]
struct FraudResult {
    order_id: String,
    approved: bool,
}

/// Fails: the shop sends the bank, which the test plays, an amount that is no number.
#[choreo::scenario(crate::abroad, timeout = 10s)]
async fn a_foreign_order_is_checked(s: Scenario<'_, Abroad>) {
    reply!(s.memory, |check: FraudCheck| FraudResult {
        order_id: check.order_id,
        approved: check.amount < 10_000,
    });
    expect!(s.nats, "orders.approved", { order_id: "ORD-42" }, within 2s);
    publish!(s.nats, "orders.abroad", { order_id: "ORD-42", total: 1990, currency: "EUR" });
}
