use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    request!();
    request!(s);
    request!(s, "prices.get");
    request!(s, { item: "X" });
    request!(s, "prices.get", {}, within 50ms);
    request!(s, "prices.get", {}, metadata);
    request!(s, "prices.get", {}, metadata 5);
    request!(s, "prices.get", {}, metadata { partition });
    request!(s, "prices.get", {}, metadata { partition: 1, partition: 2 }, metadata {});
}

async fn arranged_too_late(s: Scenario<'_>) {
    request!(s, "prices.get", {});
    expect!(s, s.inbox(), { price: > 0 });
}

async fn metadata_that_is_no_value(s: Scenario<'_>) {
    struct Partition;
    publish!(s, "orders", {}, metadata { partition: Partition });
}

fn main() {}
