//! The dependency under another name, and a module that takes its own.
#![deny(warnings)]

use ::choreo as foo;

#[expect(dead_code, reason = "only its name counts")]
mod choreo {
    pub(crate) struct Scenario;
}

mod facade {
    pub(crate) use ::choreo as testing;
}

use foo::prelude::{Harness, Memory};

#[foo::harness(crate = facade::testing)]
async fn orders() -> foo::Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[derive(foo::serde::Serialize, foo::serde::Deserialize, foo::Message)]
#[serde(crate = "foo::serde")]
#[message(topic = "orders", crate = foo)]
struct Order {
    id: u32,
}

#[foo::scenario(orders, slow = deny, crate = crate::facade::testing)]
async fn renamed(s: foo::Scenario<'_>) {
    foo::reply!(s, |order: Order| Order { id: order.id + 1 });
    let order = foo::expect!(s, Order { id: 2 });
    foo::publish!(s, Order { id: 1 });
    foo::publish!(s, "orders", { id: 5 });
    assert_eq!(foo::settle!(s)[order].message().id, 2);
}

#[foo::scenario(orders)]
async fn begun(s: foo::Scenario<'_>) {
    foo::expect!(s, "orders");
    foo::begin!(s);
    foo::publish!(s, "orders", null);
}

fn main() {
    foo::main!()
}
