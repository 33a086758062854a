use choreo::prelude::*;

#[derive(Stage)]
struct Gateway {
    nats: Harness,
    kafka: Harness,
}

#[choreo::stage]
async fn gateway() -> Result<Stage<Gateway>> {
    Stage::builder(GatewayBuilder {
        nats: Harness::builder(Memory::new()),
        kafka: Harness::builder(Memory::new()),
    })
    .connect()
    .await
}

#[derive(Stage)]
struct Other {
    redis: Harness,
}

#[choreo::scenario(gateway)]
async fn scenario(s: Scenario<'_, Other>) {
    publish!(s.redis, "orders.new", { ok: true });
}

#[choreo::scenario(gateway)]
async fn without_transports(s: Scenario<'_>) {
    publish!(s, "orders.new", { ok: true });
}

fn main() {}
