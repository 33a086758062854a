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
    .bridge("gw:")
    .connect()
    .await
}

fn main() {}
