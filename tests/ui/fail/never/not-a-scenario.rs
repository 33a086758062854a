use choreo::prelude::*;

struct Suite<'s> {
    s: Scenario<'s>,
}

fn body(suite: &Suite<'_>, text: String) {
    never!(text, "orders.rejected", for 50ms);
    never!(suite.s, "orders.rejected", for 50ms);
}

fn main() {}
