use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    publish!(s, "orders", {}, within 50ms);
    publish!(s, "orders", {}, header { a: "1" });
    publish!(s, "orders", {}, headers "a");
    publish!(s, "orders", {}, headers { "a b": "1", c, d: 5 }, key);
    publish!(s, "orders", {}, key "a", key "b");
    publish!(s, "orders", {}, key 5);
    publish!(s, "orders", {} key "a");
}

fn main() {}
