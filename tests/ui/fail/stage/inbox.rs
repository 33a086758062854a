use choreo::prelude::*;

#[derive(Stage)]
struct Gateway {
    nats: Harness,
    kafka: Harness,
}

async fn scenario(s: Scenario<'_, Gateway>) {
    expect!(s.nats, s.inbox(), { ok: true });
}

fn main() {}
