use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    begin!(s);
    settle!();
    settle!(s, 5ms);
    settle!("s");
}

fn main() {}
