use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    publish!();
    publish!(s);
    publish!(s, "orders");
    publish!(s, { count: 1 });
    publish!(s, [1, 2]);
    publish!(s, "", { count: 1 });
    publish!(s "orders", { count: 1 });
}

fn main() {}
