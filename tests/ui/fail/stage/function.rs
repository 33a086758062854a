use choreo::prelude::*;

#[derive(Stage)]
struct Gateway {
    nats: Harness,
}

#[choreo::stage]
fn not_async() -> Result<Stage<Gateway>> {
    unimplemented!()
}

#[choreo::stage]
async fn no_return_type() {}

#[choreo::stage(timeout = 5s)]
async fn parameters(url: &str) -> Result<Stage<Gateway>> {
    unimplemented!()
}

fn main() {}
