//! Values that a pattern captures, and what is said when there are none.

use std::panic::{AssertUnwindSafe, catch_unwind};

use choreo::prelude::*;
use choreo::{Value, matchers};

use crate::support::world;

#[tokio::test]
async fn captured_values_of_one_act_make_the_next() {
    let world = world().await;
    let mut scope = world.scope(2000);
    let s = scope.arrange();
    let created = expect!(s, "orders.created", {
        order: { id: capture order_id: String, lines: [.., { sku: capture sku & prefix "B" }, ..] },
        total: capture total: f64 & approx 10 +- 0.5,
    });
    publish!(s, "orders.created", {
        order: { id: "ORD-42", lines: [{ sku: "A1" }, { sku: "B7" }] },
        total: 10.25,
    });
    let result = settle!(s);
    let id: String = result[created].captured("order_id");
    let total: f64 = result[created].captured("total");
    assert_eq!(result[created].captured::<Value>("sku"), "B7");

    let s = next_act!(s);
    let paid = expect!(s, "orders.paid", { id: (&id), amount: (total), at: capture at & after "2026-01-01T00:00:00Z" });
    publish!(s, "orders.paid", { id: &id, amount: total, at: "2026-01-31T12:00:00+01:00" });
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(result[created].captured::<String>("order_id"), id);
    assert_eq!(
        result[paid].captured::<String>("at"),
        "2026-01-31T12:00:00+01:00"
    );
}

fn panic_of(read: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(read)).expect_err("it panics");
    panic
        .downcast_ref::<String>()
        .expect("a formatted text")
        .clone()
}

#[tokio::test]
async fn what_was_not_captured_is_explained() {
    let world = world().await;
    let mut scope = world.scope(30);
    let s = scope.arrange();
    let created = expect!(s, "created", { id: capture id, total: capture total });
    let plain = expect!(s, "created", { id: _ });
    let either = expect!(s, "created", { id: capture one } | { ref: capture two });
    let never = expect!(s, "paid", { id: capture id });
    publish!(s, "created", { id: "ORD-1", total: 5 });
    let result = settle!(s);
    for (text, expected) in [
        (
            panic_of(|| drop(result[created].captured::<Value>("ID"))),
            "`ID` was not captured on `created`: its pattern captures `id`, `total`",
        ),
        (
            panic_of(|| drop(result[plain].captured::<Value>("id"))),
            "`id` was not captured on `created`: its pattern captures nothing; write `capture id` in the place of the value",
        ),
        (
            panic_of(|| drop(result[either].captured::<Value>("two"))),
            "`two` was not captured on `created`: it stands in an alternative that did not match",
        ),
        (
            panic_of(|| drop(result[never].captured::<Value>("id"))),
            "`id` was not captured on `paid`: no message matched (the expectation ended as timeout)",
        ),
        (
            panic_of(|| _ = result[created].captured::<u32>("id")),
            "`id` was not captured on `created`: the value does not decode as the type that is asked for \
             (invalid type: string \"ORD-1\", expected u32): \"ORD-1\"",
        ),
    ] {
        assert_eq!(text, expected);
    }
}

#[tokio::test]
async fn patterns_that_are_values_capture_too() {
    let world = world().await;
    let mut scope = world.scope(2000);
    let s = scope.arrange();
    let inner = choreo::pattern!({ sku: capture sku });
    let order = expect!(s, "orders", { line: => inner, id: => matchers::capture_as::<u64>("id") });
    publish!(s, "orders", { line: { sku: "A" }, id: 7 });
    let result = settle!(s);
    assert_eq!(result[order].captured::<String>("sku"), "A");
    assert_eq!(result[order].captured::<u8>("id"), 7);
}

#[tokio::test]
async fn of_several_messages_the_first_is_captured() {
    let world = world().await;
    let mut scope = world.scope(2000);
    let s = scope.arrange();
    let lines = expect!(s, "lines", { sku: capture sku }, times 2);
    begin!(s);
    publish!(s, "lines", { sku: "A" });
    publish!(s, "lines", { sku: "B" });
    let result = settle!(s);
    assert_eq!(result[lines].count(), 2);
    assert_eq!(result[lines].captured::<String>("sku"), "A");
}
