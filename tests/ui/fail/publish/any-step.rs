use choreo::prelude::*;

/// The next one, whatever came before.
async fn go_on<P>(s: Scenario<'_, Harness, P>) {
    publish!(s, "orders.next", {});
    let _ = s;
}

fn main() {}
