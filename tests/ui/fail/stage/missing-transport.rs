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
    })
    .connect()
    .await
}

fn main() {}
