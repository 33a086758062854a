//! Tokens from the macro of a user, and a dependency under another name.
#![deny(warnings)]

extern crate choreo as renamed;

use renamed::prelude::Scenario;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Order {
    id: u32,
    name: String,
}

impl renamed::Message for Order {
    const TOPIC: &'static str = "orders";
}

macro_rules! expect_id {
    ($s:ident, $id:expr, $type:ident { $($field:ident),* }, $pattern:tt) => {
        renamed::expect!($s, "orders", { id: ($id), rest: $pattern });
        renamed::expect!($s, $type { id: ($id), $($field: _),* });
        renamed::expect!($s, $type { id: > $id, name: "a" });
        renamed::expect!($s, $type { id: $id, .. });
        renamed::expect!($s, "orders", { id: $id, other: $id..9 });
    };
}

fn body(s: Scenario<'_>) {
    let id = 5;
    expect_id!(s, id, Order { name }, { a: 1 });
    expect_id!(s, 5, Order { name }, [..]);
}

fn main() {
    let _ = body;
}
