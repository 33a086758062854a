use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    choreo::expect!(s, "orders.created");
    if std::env::var_os("EXPRESS").is_some() {
        publish!(s, "orders.created", { express: true });
    }
    publish!(s, "orders.created", { express: false });
}

fn main() {}
