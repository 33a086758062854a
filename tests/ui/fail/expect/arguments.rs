use choreo::prelude::*;

fn body(s: Scenario<'_>) {
    expect!();
    expect!(s);
    expect!(s,);
    expect!("orders.processed", { status: "COMPLETED" });
    expect!(s, { status: "COMPLETED" });
    expect!(s "orders.processed", { status: "COMPLETED" });
    expect!(s.nats, "orders.processed", { status: "COMPLETED" });
    expect!(s, "orders.processed" { status: "COMPLETED" });
    expect!(s, 42, { status: "COMPLETED" });
    expect!(s, "orders processed");
    expect!(s, _);
}

fn main() {}
