use choreo::prelude::*;

#[derive(Stage)]
struct Gateway {
    nats: Harness,
    kafka: Harness,
}

async fn one_transport(s: Scenario<'_>) {
    let created = expect!(s, "orders.created", { id: _ });
    publish!(s, "orders.created", { id: 1 });
    let s = next_act!(s);
    expect!(s, "orders.paid", since created);
    begin!(s);
    let mut next = next_act!(s,);
    for _ in 0..3 {
        let s = next;
        expect!(s, "orders.sent");
        publish!(s, "orders.sent", {});
        next = next_act!(s);
    }
    drop(next);
}

async fn several_transports(s: Scenario<'_, Gateway>) {
    expect!(s.nats, "orders.created");
    publish!(s.kafka, "orders.new", {});
    let s = next_act!(s);
    expect!(s.kafka, "orders.paid");
    publish!(s.nats, "orders.pay", {});
    let result = settle!(s);
    result.assert_passed();
}

fn is_send<T: Send>(_: fn(Scenario<'static>) -> T) {}

fn main() {
    is_send(one_transport);
    let _ = several_transports;
}
