use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    struct Opaque;
    publish!(s, "orders", { count: 1, nested: { opaque: Opaque } });
    publish!(s, "orders", Opaque);
}

fn main() {}
