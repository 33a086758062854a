//! Orders and what becomes of them.

use choreo::prelude::*;

#[choreo::scenario(crate::shop, timeout = 10s)]
async fn an_order_is_accepted(s: Scenario<'_>) {
    expect!(s, "orders.accepted", { order_id: =~ r"^ORD-\d+$", status: "ACCEPTED" }, within 2s);
    publish!(s, "orders.created", { item_id: "ITEM-42", count: 3 });
}

#[choreo::scenario(crate::shop, timeout = 10s)]
async fn an_order_is_priced(s: Scenario<'_>) {
    expect!(s, "orders.priced", { total_cents: 5970, currency: "EUR" }, within 2s);
    publish!(s, "orders.created", { item_id: "ITEM-42", count: 3 });
}

#[choreo::scenario(crate::shop, timeout = 10s)]
async fn an_order_is_processed(s: Scenario<'_>) {
    expect!(s, "orders.processed", { status: "COMPLETED", order: { count: 3 } }, within 2s);
    publish!(s, "orders.created", { item_id: "ITEM-42", count: 3 });
}

#[choreo::scenario(crate::shop, timeout = 10s)]
async fn a_cancelled_order_frees_its_stock(s: Scenario<'_>) {
    expect!(s, "stock.released", { item_id: "ITEM-42", count: 3 }, within 2s);
    publish!(s, "orders.cancelled", { order_id: "ORD-42", item_id: "ITEM-42", count: 3 });
}

#[choreo::scenario(crate::shop, timeout = 10s)]
async fn a_price_change_reaches_the_shop(s: Scenario<'_>) {
    expect!(s, "catalogue.updated", { item_id: "ITEM-42", price_cents: 2190 }, within 2s);
    publish!(s, "prices.changed", { item_id: "ITEM-42", price_cents: 2190 });
}

/// Fails: the answer carries no correlation id, so it is nobody's.
#[choreo::scenario(crate::shop, timeout = 1s)]
async fn a_phone_order_is_processed(s: Scenario<'_>) {
    expect!(s, "orders.processed", { status: "COMPLETED", order: { count: 3 } }, within 50ms);
    publish!(s, "orders.created", { item_id: "ITEM-42", count: 3, channel: "phone" });
}

/// Fails: of a thousand, one got lost.
#[choreo::scenario(crate::shop, timeout = 1s, tags("bulk", "nightly"))]
async fn a_large_order_keeps_its_count(s: Scenario<'_>) {
    expect!(s, "orders.processed", {
        status: "COMPLETED",
        order: { item_id: =~ r"^ITEM-\d+$", count: 1000 },
        error: absent,
    }, within 50ms);
    publish!(s, "orders.created", { item_id: "ITEM-42", count: 1000 });
}

/// Fails: the number is a text.
#[choreo::scenario(crate::shop, timeout = 1s)]
async fn an_imported_order_keeps_its_count(s: Scenario<'_>) {
    expect!(s, "orders.processed", {
        status: "COMPLETED",
        order: { item_id: =~ r"^ITEM-\d+$", count: 20 },
    }, within 50ms);
    publish!(s, "orders.created", { item_id: "ITEM-42", count: 20, channel: "import" });
}

/// Fails: the answer is right and takes longer than it may.
#[choreo::scenario(crate::shop, timeout = 10s, slow = deny)]
async fn a_busy_warehouse_is_in_time(s: Scenario<'_>) {
    expect!(s, "orders.processed", { status: "COMPLETED", order: { count: 3 } }, within 50ms);
    publish!(s, "orders.created", { item_id: "ITEM-42", count: 3, warehouse: "busy" });
}
