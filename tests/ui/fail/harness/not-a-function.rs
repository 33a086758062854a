#[choreo::harness]
static ORDERS: u32 = 5;

fn main() {}
