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

async fn asking(suite: Suite<'_>, text: &str) {
    request!(suite.s, "orders", {});
    request!(text, "orders", {});
}

async fn before_the_trigger(s: &Scenario<'_>) {
    publish!(s, "orders", {});
}

async fn after_the_trigger(s: &Scenario<'_, Harness, choreo::Triggered>) {
    publish!(s, "orders", {});
}

fn main() {}
