use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    publish!(s, "orders created", {
        item: "ITEM-42",
        item: "ITEM-43",
        "item": "ITEM-44",
        shorthand,
        missing: ,
        equals = 5,
        5: "number",
        nested: [{ a: 1, a: 2 }, , null],
        one: 1 two: 2,
        ..
    });
}

fn main() {}
