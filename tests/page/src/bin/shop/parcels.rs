//! What leaves the warehouse.

use choreo::prelude::*;

#[choreo::scenario(crate::shop, timeout = 10s)]
async fn a_parcel_is_announced(s: Scenario<'_>) {
    expect!(s, "parcels.announced", { order_id: "ORD-42", days: 1..=3 }, within 2s);
    publish!(s, "parcels.packed", { order_id: "ORD-42" });
}

/// The test plays the map.
#[choreo::scenario(crate::shop, timeout = 10s)]
async fn an_address_is_checked(s: Scenario<'_>) {
    reply!(s, "map.asked" => "map.answered", |ask| json!({ "street": ask["street"], "known": true }));
    expect!(s, "addresses.checked", { street: "Elm Street", deliverable: true }, within 2s);
    publish!(s, "addresses.entered", { street: "Elm Street" });
}

/// Fails: the parcel leaves and is paid for afterwards.
#[choreo::scenario(crate::shop, timeout = 10s)]
async fn a_parcel_leaves_when_paid(s: Scenario<'_>) {
    let paid = expect!(s, "payments.settled", { order_id: "ORD-42" });
    let shipped = expect!(s, "parcels.shipped", { order_id: "ORD-42" });
    in_order!(s, paid, shipped);
    publish!(s, "orders.express", { order_id: "ORD-42" });
}

/// Fails: the server dies while the parcel is being packed.
#[choreo::scenario(crate::night_shift, timeout = 10s)]
async fn a_parcel_survives_the_night(s: Scenario<'_>) {
    expect!(s, "parcels.announced", { order_id: "ORD-42", days: 1..=3 }, within 2s);
    publish!(s, "parcels.packed", { order_id: "ORD-42" });
}
