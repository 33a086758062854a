#[choreo::harness]
async fn orders() {}

fn main() {}
