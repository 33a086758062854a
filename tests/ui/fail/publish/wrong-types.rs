use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    publish!(s, 5, { count: 1 });
    publish!(s, s.elapsed(), { count: 1 });
    publish!(s, "orders", bytes 5);
    publish!(s, "orders", bytes (vec!["a"]));
    publish!(s, "orders", { count: unknown });
}

fn main() {}
