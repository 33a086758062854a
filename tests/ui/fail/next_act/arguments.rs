use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    begin!(s);
    let _ = next_act!();
    let _ = next_act!(s, 5ms);
    let _ = next_act!("s");
}

fn main() {}
