use choreo::prelude::*;

fn body(s: Scenario<'_>) {
    expect!(s, "orders.processed", {
        status: == "COMPLETED",
        item: =~ r"^(ITEM-\d+$",
        count: 5..1,
        state: in [],
        status: _,
        steps: [{ id }, len],
    }, within 50msec, reties 3);
}

fn main() {}
