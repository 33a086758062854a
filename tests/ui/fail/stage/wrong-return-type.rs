use choreo::prelude::*;

#[choreo::stage]
async fn harness() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

fn main() {}
