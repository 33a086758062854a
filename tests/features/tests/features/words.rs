//! What a message looks like: each word of the pattern language that is more than a comparison.

use std::sync::Arc;

use choreo::prelude::*;
use choreo::{ScenarioResult, matchers};
use choreo_test_features::{Pair, TRIGGER, says};

use crate::matrix::Feature;

/// A pattern, a payload that it takes, and one that it does not.
macro_rules! word {
    (passes $s:ident, $from:expr, $to:expr, $on:tt; [$($pattern:tt)+], $right:tt, $wrong:tt) => {{
        expect!($to, "orders.done", $($pattern)+);
        publish!($from, TRIGGER, says([("orders.done", json!($right))]));
        settle!($s)
    }};
    (fails $s:ident, $from:expr, $to:expr, $on:tt; [$($pattern:tt)+], $right:tt, $wrong:tt) => {{
        expect!($to, "orders.done", $($pattern)+);
        publish!($from, TRIGGER, says([("orders.done", json!($wrong))]));
        settle!($s)
    }};
}

pub(crate) fn features() -> Vec<Feature> {
    matrix![
        approx_number => word!(
            [{ price: approx 9.95 +- 0.01 }],
            { "price": 9.955 },
            { "price": 9.97 }
        ),
        approx_time => word!(
            [{ paid: approx "2026-01-31T12:00:00Z" +- 5s }],
            { "paid": "2026-01-31T13:00:04.5+01:00" },
            { "paid": "2026-01-31T12:00:05.5Z" }
        ),
        approx_duration => word!(
            [{ took: approx 250ms +- 20ms }],
            { "took": "PT0.265S" },
            { "took": "1.5s" }
        ),
        before => word!(
            [{ paid: before "2026-01-31T12:00:00Z" }],
            { "paid": "2026-01-31T12:30:00+01:00" },
            { "paid": "2026-01-31T12:00:00Z" }
        ),
        after => word!(
            [{ paid: after "2026-01-31T12:00:00Z" }],
            { "paid": "2026-01-31T12:00:00.001Z" },
            { "paid": "yesterday" }
        ),
        length => word!(
            [{ lines: len 2..=3 }],
            { "lines": [1, 2] },
            { "lines": [1] }
        ),
        prefix => word!([{ id: prefix "ORD-" }], { "id": "ORD-42" }, { "id": "ord-42" }),
        suffix => word!([{ file: suffix ".pdf" }], { "file": "a.pdf" }, { "file": "a.txt" }),
        ignore_case => word!([{ state: ignore_case "new" }], { "state": "NEW" }, { "state": "OLD" }),
        ignore_case_of_a_part => word!(
            [{ note: ignore_case contains "urgent" }],
            { "note": "This is URGENT." },
            { "note": "whenever" }
        ),
        ignore_case_of_a_prefix => word!(
            [{ id: ignore_case prefix "ord-" }],
            { "id": "ORD-42" },
            { "id": "INV-42" }
        ),
        ignore_case_of_a_suffix => word!(
            [{ file: ignore_case suffix ".pdf" }],
            { "file": "A.PDF" },
            { "file": "a.txt" }
        ),
        unordered_list => word!(
            [{ lines: unordered [{ sku: "A" }, { sku: "B", count: 2 }] }],
            { "lines": [{ "sku": "B", "count": 2 }, { "sku": "A" }] },
            { "lines": [{ "sku": "B", "count": 3 }, { "sku": "A" }, { "sku": "C" }] }
        ),
        unordered_list_with_others => word!(
            [{ lines: unordered [{ sku: "A" }, { sku: "B" }, ..] }],
            { "lines": [{ "sku": "C" }, { "sku": "B" }, { "sku": "A" }] },
            { "lines": [{ "sku": "C" }, { "sku": "B" }] }
        ),
        exact_object => word!(
            [{ order: { id: 1, error: absent; exact } }],
            { "order": { "id": 1 } },
            { "order": { "id": 1, "discount": 0.5 } }
        ),
        json_pointer => word!(
            [at "/lines/0/a~1b" "x" & at "/error" absent],
            { "lines": [{ "a/b": "x" }] },
            { "lines": [{ "a/b": "y" }], "error": "lost" }
        ),
        json_path => word!(
            [path "$.lines[*].sku" ["A", "B"]],
            { "lines": [{ "sku": "A" }, { "sku": "B" }] },
            { "lines": [{ "sku": "A" }, { "sku": "C" }] }
        ),
        json_schema => word!(
            [=> matchers::json_schema(json!({
                "title": "an order",
                "required": ["id"],
                "properties": { "count": { "type": "integer", "minimum": 1 } },
            }))],
            { "id": "ORD-42", "count": 1 },
            { "count": 0 }
        ),
        closure => word!(
            [{ count: => matchers::satisfies("an even number", |count: &i64| count % 2 == 0) }],
            { "count": 4 },
            { "count": 3 }
        ),
    ]
}
