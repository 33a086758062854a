#[choreo::harness]
async fn orders() -> u32 {
    5
}

fn main() {}
