use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    expect!(s, "orders", { price: approx 9.95 });
    expect!(s, "orders", { price: approx +- 0.01 });
    expect!(s, "orders", { price: approx 9.95 +- });
    expect!(s, "orders", { price: approx 9.95 +- -0.01 });
    expect!(s, "orders", { price: approx true +- 1 });
    expect!(s, "orders", { price: approx 9.95 +- 5s });
    expect!(s, "orders", { at: approx "2026-01-31T12:30:00Z" +- 5 });
    expect!(s, "orders", { at: approx "2026-01-31T12:30:00Z" +- 5 s });
    expect!(s, "orders", { at: approx "noon" +- 5s });
    expect!(s, "orders", { at: before "2026-01-31" });
    expect!(s, "orders", { at: after 1769862600 });
    expect!(s, "orders", { at: before });
    expect!(s, "orders", { id: prefix });
    expect!(s, "orders", { id: prefix 5 });
    expect!(s, "orders", { id: suffix b"x" });
    expect!(s, "orders", { id: ignore_case 5 });
    expect!(s, "orders", { id: ignore_case contains });
    expect!(s, "orders", { id: ignore_case =~ "ord" });
    expect!(s, "orders", { lines: unordered "A" });
    expect!(s, "orders", { lines: unordered [.., "A"] });
    expect!(s, "orders", at lines 5);
    expect!(s, "orders", at "/lines/0");
    expect!(s, "orders", at "lines/0" 5);
    expect!(s, "orders", at "/a~b" 5);
    expect!(s, "orders", path "lines[0]" [5]);
    expect!(s, "orders", path "$.lines" [5]);
    expect!(s, "orders", { at: before (5) });
    expect!(s, "orders", _, key approx 5 +- 1, headers { "x-lines": unordered ["a"] });
}

fn main() {}
