use choreo::prelude::*;

#[choreo::harness(timeout = 5s, "nats", crate = "choreo")]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

fn main() {}
