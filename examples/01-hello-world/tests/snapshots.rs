//! Whole messages, compared with those that were approved of: they are in `tests/snapshots`.
//!
//! ```sh
//! cargo test -p hello-world --test snapshots -- --nocapture
//! cargo insta review
//! ```

mod in_process;

use choreo::prelude::*;
use in_process::orders;

/// What differs from run to run is redacted.
#[choreo::scenario(orders, timeout = 500ms)]
async fn the_answer_to_an_order(s: Scenario<'_>) {
    expect!(s, "orders.processed", snapshot { ".correlation_id" => "[id]" }, within 50ms);

    publish!(s, "orders.created", { item_id: "ITEM-42", count: 3 });
}

/// With a name of its own.
#[choreo::scenario(orders, timeout = 500ms)]
async fn an_empty_order_is_rejected(s: Scenario<'_>) {
    expect!(s, "orders.processed", snapshot "rejected" {
        ".correlation_id" => "[id]",
    });

    publish!(s, "orders.created", { item_id: "ITEM-42", count: 0 });
}

fn main() {
    choreo::main!()
}
