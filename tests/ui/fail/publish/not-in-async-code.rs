use choreo::prelude::*;

fn helper(s: Scenario<'_>) {
    publish!(s, "orders", {});
}

fn main() {}
