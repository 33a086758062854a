use choreo::prelude::*;

#[choreo::harness]
fn orders() -> Result<Harness> {
    todo!()
}

fn main() {}
