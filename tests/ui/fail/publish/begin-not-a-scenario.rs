use choreo::prelude::*;

async fn body(text: &str) {
    begin!(text);
}

async fn function(s: &Scenario<'_>) {
    begin!(s);
}

fn main() {}
