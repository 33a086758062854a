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

#[choreo::scenario(gateway)]
async fn scenario(s: Scenario<'_, Gateway>) {
    expect!(s, "orders.processed", { ok: true });
    reply!(s, "orders.new" => "orders.processed", { ok: true });
    publish!(s, "orders.new", { ok: true });
}

fn main() {}
