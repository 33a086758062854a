use choreo::prelude::*;

fn body(s: Scenario<'_>) {
    let id = String::from("ORD-42");
    expect!(s, "orders", headers);
    expect!(s, "orders", headers "x-source");
    expect!(s, "orders", headers { "x-source" });
    expect!(s, "orders", headers { "x source": _, "X-Id": _, "x-id": _ });
    expect!(s, "orders", headers { retries: 5, deleted: null, tags: ["a"], count: > 3 });
    expect!(s, "orders", headers { a: _ }, headers { b: _ });
    expect!(s, "orders", header { a: _ });
    expect!(s, "orders", { id: 1 }, key);
    expect!(s, "orders", { id: 1 }, key 42);
    expect!(s, "orders", { id: 1 }, key { id: 42 });
    expect!(s, "orders", { id: 1 }, key id);
    expect!(s, "orders", { id: 1 }, key "a", key "b");
    expect!(s, "orders", { id: 1 } key "a");
    expect!(s, "orders", metadata);
    expect!(s, "orders", metadata 0);
    expect!(s, "orders", metadata { partition });
    expect!(s, "orders", metadata { partition: 0 }, metadata { offset: 1 });
    expect!(s, "orders", metadata { partition: 5..1 } key "a");
    expect!(s, "orders", key =~ "(");
    expect!(s, Some("order"));
}

fn main() {}
