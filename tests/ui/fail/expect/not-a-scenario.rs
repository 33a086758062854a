use choreo::prelude::*;

fn body() {
    let s = "orders";
    expect!(s, "orders.processed", { status: "COMPLETED" });
}

fn main() {}
