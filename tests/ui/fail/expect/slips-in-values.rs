use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    expect!(s, "orders", { id: == });
    expect!(s, "orders", { raw: bytes & _ });
    expect!(s, "orders", { status: in ["NEW"; "PAID"] });
    expect!(s, "orders", { count: 1.. ..5 });
    expect!(s, "orders", { count: (> 5, < 7) });
    expect!(s, "orders", { status: or "NEW" });
    expect!(s, "orders", { count: > 5 and < 7 });
    expect!(s, "orders", { status: "NEW" or "PAID" });
    expect!(s, "orders", { status: =~ "^N" or "PAID" });
    expect!(s, "orders", { status: and "NEW" });
    expect!(s, "orders", { status: { kind: "a" } and { kind: "b" } });
    expect!(s, "orders", { name: prefix });
    expect!(s, "orders", { name: ignore_case prefix });
    expect!(s, "orders", { name: ignore_case suffix & _ });
    expect!(s, "orders", { id: 5 }, since);
    expect!(s, "orders", { id: 5 }, since, within 5ms);
    expect!(s, "orders", { id: 5 }, within;);
    expect!(s, "orders", { id: 5 }, times);
    expect!(s, "orders", snapshot { ".id" => "[id]"; ".at" => "[time]" });
    expect!(s, "orders", snapshot { ".id" => "[id]" ".at" => "[time]" });
    never!(s, "orders", for);
}

fn main() {}
