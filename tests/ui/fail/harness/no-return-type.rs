use choreo::prelude::*;

#[choreo::harness]
async fn orders() {}

fn main() {}
