use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    expect!(s, "orders", { text: c"x" });
    expect!(s, "orders", { raw: != b"x" });
    expect!(s, "orders", { outcome: Err("no") });
    expect!(s, "orders", { : 5 });
    expect!(s, "orders", { id: => });
    expect!(s, "orders", bytes);
    expect!(s, "orders", { id: (> 5 < 7) });
    expect!(s, "orders", { id: present });
    expect!(s, "orders", { id: exists });
    expect!(s, , { id: 5 });
    expect!(s, "  ", { id: 5 });
    expect!(s, "orders", { id: 5 }, within);
    expect!(s, "orders", { took: approx 250ms });
    expect!(s, "orders", { took: approx 250ms +- 5 });
    expect!(s, "orders", { took: approx 250ms +- "5ms" });
    expect!(s, "orders", { took: approx 250 ms +- 5ms });
}

fn main() {}
