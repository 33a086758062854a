use choreo::prelude::*;

struct Suite<'s> {
    s: Scenario<'s>,
}

fn body(suite: Suite<'_>) {
    let s = "orders";
    expect!(s, "orders.processed", { status: "COMPLETED" });
    expect!(suite, "orders.processed");
    expect!(suite.s, "orders.processed");
    expect!(suite.s, "orders.processed", unordered [{ id: 1 }, { id: 2 }]);
}

fn main() {}
