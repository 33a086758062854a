use choreo::prelude::*;

fn body(s: Scenario<'_>) {
    expect!(s, "orders", within 50);
    expect!(s, "orders", within 50msec);
    expect!(s, "orders", within 50 ms);
    expect!(s, "orders", within "50 ms");
    expect!(s, "orders", within 0ms);
    expect!(s, "orders", within -5ms);
    expect!(s, "orders", within 99999999999h);
    expect!(s, "orders", within true);
    expect!(s, "orders", within);
    expect!(s, "orders", within (50));
}

fn main() {}
