//! One scenario, many orders: each row is a test of its own.
//!
//! ```sh
//! cargo test -p hello-world --test rows -- --list
//! cargo test -p hello-world --test rows orders_of_the_shop::
//! cargo test -p hello-world --test rows -- --exact an_order_has_an_end::case_2_empty
//! ```

mod in_process;

use choreo::prelude::*;
use hello_world::Status;
use in_process::orders;

/// Rows beside the scenario: Rust expressions, with names where a number says too little.
#[choreo::scenario(orders, timeout = 500ms)]
#[case(1, Status::Completed)]
#[case::empty(0, Status::Rejected)]
#[case::most(u32::MAX, Status::Completed)]
async fn an_order_has_an_end(s: Scenario<'_>, count: u32, status: Status) {
    expect!(s, "orders.processed", { status: (status), order: { count: (count), .. } });

    publish!(s, "orders.created", { item_id: "ITEM-42", count: count });
}

/// Rows from files, which are read when this is compiled: what does not fit is an error at its row.
#[choreo::scenario(orders, timeout = 500ms)]
#[cases(from = "tests/orders.csv")]
#[cases(from = "tests/orders.json")]
async fn orders_of_the_shop(
    s: Scenario<'_>,
    item_id: String,
    count: u32,
    order_id: String,
    status: Status,
) {
    expect!(s, "orders.processed", {
        order_id: (order_id),
        status: (status),
        order: { item_id: (&item_id), count: (count) },
    });

    publish!(s, "orders.created", { item_id: &item_id, count: count });
}

fn main() {
    choreo::main!()
}
