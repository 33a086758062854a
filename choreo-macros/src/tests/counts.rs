//! Numbers of messages, windows, orders and sets; and the macros that forbid and order.

use proc_macro2::TokenStream;

use super::{assert_contains, assert_errors, assert_is, tokens};
use crate::expand::{expect, in_order};
use crate::model::Asking;

fn expand(asking: Asking, arguments: &str) -> TokenStream {
    expect::entry(tokens(&format!("[krate] {arguments}")), asking)
}

#[test]
fn numbers_are_calls_of_the_options() {
    let cases = [
        ("times 3", ".times(3u64)"),
        ("times 2..=5", ".times_between(2u64, 5u64)"),
        ("times 2..5", ".times_below(2u64, 5u64)"),
        ("times 2..", ".at_least(2u64)"),
        ("times n", ".times(n)"),
        ("times (n)..=(m + 1)", ".times_between(n, m + 1)"),
        ("at_least 2", ".at_least(2u64)"),
        ("at_least list.len()", ".at_least(list.len())"),
        ("exactly_once", ".exactly_once()"),
        (
            "times 3, within 20ms, deadline 1s",
            ".within(::core::time::Duration::new(0u64, 20000000u32))
                .deadline(::core::time::Duration::new(1u64, 0u32)).times(3u64)",
        ),
        ("fail_fast, unrouted", ".fail_fast().unrouted()"),
        ("deadline (limit), since a", ".deadline(limit).since(a)"),
        (
            "exactly_once, for 5ms",
            ".exactly_once().quiet_for(::core::time::Duration::new(0u64, 5000000u32))",
        ),
        (
            "times 2, ordered_by a.\"b c\"[1].r#type",
            ".times(2u64).ordered_by([krate::__private::Segment::from(\"a\"),
                krate::__private::Segment::from(\"b c\"),
                krate::__private::Segment::from(1usize),
                krate::__private::Segment::from(\"type\")])",
        ),
    ];
    for (options, calls) in cases {
        let source = format!("s, \"t\", {options}");
        let expansion = expand(Asking::Expect, &source);
        assert_errors(&source, &expansion, &[]);
        assert_contains(&expansion, calls);
    }
}

#[test]
fn sets_absences_and_orders_are_steps_of_their_own() {
    let set = expand(Asking::Expect, "s.nats, \"t\", unordered [1, { a: 2 }]");
    assert_contains(
        &set,
        "= ::std::vec::Vec::from([krate::__private::functions::eq(1),
            krate::__private::functions::object([(\"a\", krate::__private::functions::eq(2))])]);",
    );
    assert_contains(
        &set,
        "krate::__private::expect_set_on(&s, krate::__private::leg(&s, &s.nats), \"t\", __choreo_pattern,",
    );
    let never = expand(Asking::Never, "s, \"t\", 1, for window, since a, unrouted");
    assert_contains(
        &never,
        "krate::__private::never(&s, \"t\", __choreo_pattern,",
    );
    assert_contains(&never, ".since(a).quiet_for(window).unrouted()");
    assert_is(
        &in_order::entry(tokens("[krate] s, a, (b), c[0],")),
        "krate::__private::in_order(&s, [
            krate::__private::handle_key(a),
            krate::__private::handle_key(b),
            krate::__private::handle_key(c[0])
        ], ::core::file!(), ::core::line!())",
    );
}

#[test]
fn numbers_that_nothing_satisfies() {
    let cases: &[(&str, &[&str])] = &[
        ("times 1", &[]),
        ("times 0..=2, for 5ms", &[]),
        ("times 0..=n", &[]),
        ("times 0", &["write `never!(s, topic, pattern, for 200ms)`"]),
        ("times (0)", &["write `never!("]),
        ("at_least 0", &["write `at_least 1`"]),
        ("times 0..", &["write `times 1..`"]),
        ("times 0..=0, for 5ms", &["no message fits into this range"]),
        ("times 0..1, for 5ms", &["no message fits into this range"]),
        (
            "times 0..0, for 5ms",
            &["this range is empty; write `times 0..=0`"],
        ),
        (
            "times 0..=2",
            &["add the time in which more could come: `for 200ms`"],
        ),
        (
            "times 5..=2",
            &["this range is reversed; write `times 2..=5`"],
        ),
        (
            "times 5..2",
            &["this range is reversed; write `times 2..=5`"],
        ),
        ("times 3..3", &["this range is empty; write `times 3..=3`"]),
        (
            "times ..=3",
            &["this range has no start; write `times 1..=3`"],
        ),
        ("times -1", &["messages never come"]),
        ("times 1.5", &["a whole number"]),
        ("times 1..=\"2\"", &["a whole number"]),
        ("times 99999999999999999999", &["too large"]),
        ("times", &["`times` is followed by its value: `times 3`"]),
        ("for", &["`for` is followed by its value: `for 200ms`"]),
        ("at_least 2..3", &["a range is written `times 2..=5`"]),
        ("times 2, times 3", &["`times` is given already"]),
        ("times 2, at_least 1", &["`times` says how many already"]),
        ("exactly_once 2", &["`exactly_once` is a word of its own"]),
        ("for 5ms", &["`for` is how long nothing further may come"]),
        (
            "unrouted",
            &["it goes with `fail_fast`, or into a `never!`"],
        ),
        ("fail_fast, unrouted", &[]),
        ("fail_fast 1", &["`fail_fast` is a word of its own"]),
        ("fail_fast, fail_fast", &["`fail_fast` is given already"]),
        (
            "times 0..=2, for 5ms, fail_fast",
            &["no message is a near miss"],
        ),
        ("times 2, fail_fast", &[]),
        (
            "deadline",
            &["`deadline` is followed by its value: `deadline 200ms`"],
        ),
        ("deadline 0ms", &["nothing can happen in no time"]),
        (
            "deadline 5ms, deadline 6ms",
            &["`deadline` is given already"],
        ),
        ("deadline 5ms, within 5ms", &[]),
        (
            "deadline 5ms, within 6ms",
            &["write a `within` that is below the `deadline`"],
        ),
        ("within 6ms, deadline (limit)", &[]),
        (
            "times 0..=2, for 5ms, deadline 5ms",
            &["no deadline can be missed"],
        ),
        ("times 1..=2, for 5ms, deadline 5ms", &[]),
        (
            "ordered_by a",
            &["write how many: `times 3, ordered_by seq`"],
        ),
        ("exactly_once, ordered_by a", &["one message has no order"]),
        ("times 2, ordered_by 5", &["here goes the path of a field"]),
        ("times 2, ordered_by a[b]", &["counted from zero"]),
    ];
    for (options, expected) in cases {
        let source = format!("s, \"t\", {options}");
        assert_errors(&source, &expand(Asking::Expect, &source), expected);
    }
}

#[test]
fn mistakes_in_sets_absences_and_orders() {
    let sets: &[(&str, &[&str])] = &[
        ("unordered []", &["a set without patterns wants no message"]),
        ("unordered [1, ..]", &["remove the `..`"]),
        (
            "unordered [1; 2]",
            &["separated by `,` in a set of messages"],
        ),
        ("unordered [=~ \"(\"]", &["this regex does not compile"]),
        ("unordered [1], times 2", &["a set has its number"]),
        ("unordered [1], for 5ms", &["`for` goes with a number"]),
        (
            "unordered [1], ordered_by a",
            &["`ordered_by` goes with a number"],
        ),
        (
            "unordered [{ id: capture id }, { id: 2 }]",
            &["a set has many messages; read `result[handle].messages()`"],
        ),
    ];
    for (rest, expected) in sets {
        let source = format!("s, \"t\", {rest}");
        assert_errors(&source, &expand(Asking::Expect, &source), expected);
    }
    let absences: &[(&str, &[&str])] = &[
        ("s, \"t\", 5", &["how long must nothing come?"]),
        ("s, Order { .. }", &["how long must nothing come?"]),
        ("s, \"t\", within 5ms", &["`within` is a latency budget"]),
        (
            "s, \"t\", deadline 5ms",
            &["`deadline` is by when a message must come"],
        ),
        (
            "s, \"t\", for 5ms, times 2",
            &["`times` counts messages, and `never!` lets none come"],
        ),
        (
            "s, \"t\", for 5ms, ordered_by a",
            &[
                "`ordered_by` does not go with `never!`; the options are `since handle`, `for 200ms`",
            ],
        ),
        (
            "s, \"t\", { id: capture id }, for 5ms",
            &["a message that must not come leaves no value"],
        ),
        (
            "s, \"t\", unordered [1], for 5ms",
            &["join several with `|`"],
        ),
        (
            "s",
            &["the topic is missing: write `never!(s, \"orders.processed\", { … }, for 200ms)`"],
        ),
    ];
    for (source, expected) in absences {
        assert_errors(source, &expand(Asking::Never, source), expected);
    }
    let orders: &[(&str, &[&str])] = &[
        (
            "s",
            &["an order has at least two handles: write `in_order!(s, first, second)`"],
        ),
        ("s, a", &["at least two handles"]),
        ("s, a, a", &["`a` stands twice"]),
        ("s, , a", &["a handle is missing here"]),
        ("s.nats, a, b", &["write `in_order!(s, first, second)`"]),
        (
            "",
            &["the first argument is the scenario variable: `in_order!(s, …)`"],
        ),
    ];
    for (source, expected) in orders {
        let expansion = in_order::entry(tokens(&format!("[krate] {source}")));
        assert_errors(source, &expansion, expected);
    }
}
