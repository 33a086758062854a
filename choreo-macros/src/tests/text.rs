//! Patterns as a person would write them.

use super::tokens;
use crate::text;

#[test]
fn tokens_are_spaced_as_a_person_would() {
    for source in [
        "limit + 1",
        "-5",
        "&order.id",
        "a - -b",
        "!done",
        "Order { id: 5, rest: vec![1, 2] }",
        "Vec::<u8>::new()",
        "order.items[0].id",
        "a::b(c, d)?",
        "x == y && !z",
        "&mut value",
        "format!(\"{x}\")",
        "(1, 2.5)",
    ] {
        assert_eq!(text::of_tokens(tokens(source)), source);
    }
}
