use choreo::prelude::*;

#[derive(Deserialize, Message)]
#[message(topic = "orders")]
struct Order {
    id: String,
    lines: Vec<String>,
}

struct Opaque;

async fn scenario(s: Scenario<'_>) {
    expect!(s, "orders", { id: capture });
    expect!(s, "orders", { id: capture "order_id" });
    expect!(s, "orders", { id: capture order id });
    expect!(s, "orders", { id: capture id: });
    expect!(s, "orders", { id: capture id: Opaque });
    expect!(s, "orders", { id: capture id, item: { id: capture id } });
    expect!(s, "orders", { id: !capture id });
    expect!(s, "orders", { lines: every { sku: capture sku } });
    expect!(s, "orders", { lines: len capture count });
    expect!(s, "orders", _, headers { "x-id": capture id }, key capture key);
    expect!(s, Order { id: capture id, lines: [.., capture line, ..] });
    expect!(s, "orders", Order { lines: any { sku: capture sku }, .. });
    expect!(s, "orders", unordered [{ id: capture id }, { id: 2 }]);
    never!(s, "orders", { id: capture id }, for 5ms);
    reply!(s, "orders", { id: capture id } => "answers", {});
}

fn main() {}
