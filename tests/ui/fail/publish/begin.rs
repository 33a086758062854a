use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    begin!();
    begin!(s, 5);
    begin!(s);
    begin!(s);
}

fn main() {}
