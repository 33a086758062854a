use choreo::prelude::*;

fn body(s: Scenario<'_>) {
    let number = "three";
    expect!(s, "orders", times number);
    expect!(s, "orders", times 2, for (200));
}

fn main() {}
