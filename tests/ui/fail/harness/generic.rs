use choreo::prelude::*;

#[choreo::harness]
async fn orders<T>() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

fn main() {}
