use choreo::prelude::*;

fn body(s: Scenario<'_>, text: &str) {
    let first = expect!(s, "orders.created");
    let second = expect!(s, "orders.processed");
    in_order!(text, first, second);
    in_order!(first, second, first);
}

fn main() {}
