use choreo::prelude::*;

struct Suite<'s> {
    s: Scenario<'s>,
}

async fn scenario(suite: Suite<'_>, text: &str) {
    publish!(suite.s, "orders", {});
    publish!(text, "orders", {});
    publish!(missing, "orders", {});
    publish!("orders", {});
}

fn main() {}
