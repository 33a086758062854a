//! `reply!`.

use super::{assert_contains, assert_errors, assert_is, tokens};
use crate::expand::reply;

fn expand(source: &str) -> proc_macro2::TokenStream {
    reply::entry(tokens(&format!("[$crate] {source}")))
}

#[test]
fn how_it_answers() {
    let cases: &[(&str, &[&str])] = &[
        ("s, [\"a\", TOPIC] => \"b\", {}", &[]),
        ("s, [\"a\", \"c\"], { d: 1 }, key _ => \"b\", {}", &[]),
        (
            "s, \"a\" => \"b\", sequence [{}, |order| order, bytes b\"x\",]",
            &[],
        ),
        ("s, \"a\" => \"b\", {}, always, required, delay 20ms", &[]),
        ("s, \"a\" => \"b\", {}, delay 10ms..50ms, seed 42", &[]),
        ("s, \"a\" => \"b\", {}, delay LOW..=(HIGH)", &[]),
        (
            "s, \"a\" => \"b\", {}, delay move |u| slow(u, LOW), seed 42, always",
            &[],
        ),
        (
            "s, \"a\" => \"b\", {}, error_rate 0.2 => { e: 1 }, drop_rate 1, seed SEED",
            &[],
        ),
        (
            "s, \"a\" => \"b\", {}, error_rate RATE => (e), drop_first 2",
            &[],
        ),
        ("s, \"a\" => \"b\", |a, n| n, state 0", &[]),
        (
            "s, \"a\" => \"b\", |a, n: &mut Vec<u8>| n.len(), state Vec::new()",
            &[],
        ),
        ("s, |a: A, n: &mut u32| B { n: *n }, state 0, times 2", &[]),
        (
            "s, \"a\" => \"b\", {}, headers { x: \"y\" }, key \"k\", metadata { p: 1 }",
            &[],
        ),
        ("s, \"a\" => \"b\", state", &[]),
        ("s, [] => \"b\", {}", &["which topics are answered?"]),
        (
            "s, [\"a\", \"a\"] => \"b\", {}",
            &["the topic \"a\" is in this list already"],
        ),
        (
            "s, \"a\" => \"b\", sequence []",
            &["an answer for each trigger"],
        ),
        (
            "s, \"a\" => \"b\", sequence [{}], times 2",
            &["a sequence answers once with each"],
        ),
        (
            "s, \"a\" => \"b\", sequence [|a, n| n], state 0",
            &["an answer of a sequence keeps nothing"],
        ),
        (
            "s, \"a\" => \"b\", {}, always, times 2",
            &["`always` has no end"],
        ),
        (
            "s, \"a\" => \"b\", {}, always 5",
            &["`always` stands alone"],
        ),
        ("s, \"a\" => \"b\", {}, delay", &["write `delay 20ms`"]),
        (
            "s, \"a\" => \"b\", {}, delay 20",
            &["a duration needs a unit"],
        ),
        ("s, \"a\" => \"b\", {}, delay ..5ms", &["names both"]),
        (
            "s, \"a\" => \"b\", {}, delay || LONG",
            &["takes a number from 0 to 1"],
        ),
        (
            "s, \"a\" => \"b\", {}, delay 5ms..1ms",
            &["the shorter one"],
        ),
        (
            "s, \"a\" => \"b\", {}, error_rate 0.2",
            &["the error that is answered is missing"],
        ),
        ("s, \"a\" => \"b\", {}, drop_rate 20", &["from 0.0 to 1.0"]),
        ("s, \"a\" => \"b\", {}, drop_rate 20%", &["from 0.0 to 1.0"]),
        (
            "s, \"a\" => \"b\", {}, drop_rate 0",
            &["this never happens"],
        ),
        ("s, \"a\" => \"b\", {}, drop_rate -0.1", &["never negative"]),
        (
            "s, \"a\" => \"b\", {}, drop_first 0",
            &["no trigger is dropped"],
        ),
        (
            "s, \"a\" => \"b\", {}, seed 1",
            &["nothing here is left to chance"],
        ),
        (
            "s, \"a\" => \"b\", |a, n| n",
            &["say after the closure with what it begins"],
        ),
        ("s, \"a\" => \"b\", |a, b, c| b, state 0", &["remove this"]),
        (
            "s, \"a\" => \"b\", |a| a, state 0",
            &["as its second parameter"],
        ),
        (
            "s, \"a\" => \"b\", async |a, n| a, state 0",
            &["is not async"],
        ),
        (
            "s, \"a\" => \"b\", {}, key \"k\", key \"k\"",
            &["given twice"],
        ),
        ("s, \"a\" => \"b\", delay 20ms", &["what is the answer?"]),
    ];
    for (source, expected) in cases {
        assert_errors(source, &expand(source), expected);
    }
}

#[test]
fn options_are_calls_on_the_rule() {
    let expansion = expand(
        "s, [\"a\", \"c\"] => \"b\", sequence [1, 2], drop_rate 1, delay 1ms..2ms, seed 7, required",
    );
    assert_contains(
        &expansion,
        "::core::option::Option::None).also(\"c\").answer(",
    );
    assert_contains(&expansion, ".then($crate::__private::reply_static(");
    assert_contains(&expansion, ".drop_rate(1f64).seed(7).required()");
    let expansion = expand("s, \"a\" => \"b\", |a, n| *n, state 0_u32");
    assert_contains(
        &expansion,
        "compute_with(0_u32, |a: $crate::__private::Value, n| *n)",
    );
}

#[test]
fn what_is_answered_and_with_what() {
    let cases: &[(&str, &[&str])] = &[
        ("s, |check: FraudCheck| FraudResult { id: check.id }", &[]),
        ("s, |Check { id, .. }: Check| Answer { id }, times 3", &[]),
        ("s, move |_: Check| Answer, times (n + 1)", &[]),
        (
            "s, async |check: Check| Answer { id: get(check).await }",
            &[],
        ),
        (
            "s, Check { amount: > 100, .. } => |check| Answer { id: check.id }",
            &[],
        ),
        ("s, Check { .. } => \"t\", { a: 1 }", &[]),
        ("s, Check => |check| Answer,", &[]),
        (
            "s, \"a\" => \"b\", |order| json!({ \"a\": order }), times 2,",
            &[],
        ),
        ("s, \"a\", { b: > 1 } => \"b\", { c: 1 }", &[]),
        ("s, \"a\", => matcher => \"b\", x", &[]),
        (
            "s, \"a\", => matcher & { b: 1 } => topic(1, 2), bytes b\"x\"",
            &[],
        ),
        ("s, format!(\"a\") => TOPIC, null", &[]),
        ("s, \"a\" => _, |order| order", &[]),
        ("s, \"a\", { b: 1 } => _, { c: 1 }, times 2", &[]),
        ("s, Check { .. } => _, |check| Answer { id: check.id }", &[]),
        ("s, \"a\", headers { b: \"c\" } => \"d\", {}", &[]),
        (
            "s, Check { .. }, key _, metadata { partition: 0 } => |check| Answer",
            &[],
        ),
        (
            "s, \"a\" => _",
            &["write it after the topic: `=> _, { key: value }`"],
        ),
        ("s, Check { .. } => _", &["`=> _, |order| json!"]),
        ("s, \"a\" => _, times 2", &["what is the answer?"]),
        (
            "s, \"a\", _, within 5ms => \"b\", {}",
            &["`within` is about time, and a reply has none"],
        ),
        (
            "s, \"a\", _, keys 5 => \"b\", {}",
            &["`keys` is not an option of what a reply answers; the options are `headers {"],
        ),
        (
            "s, \"a\", headers \"b\" => \"b\", {}",
            &["names and patterns in braces"],
        ),
        (
            "s, Some(5) => |check| Answer",
            &["`Some` is no message and names no topic"],
        ),
        (
            "s, _ => \"b\", {}",
            &["the topic that is answered is missing"],
        ),
        ("s, Err(5) => \"t\", {}", &["`Err` is no message"]),
        ("", &["the first argument is the scenario variable"]),
        ("s", &["what is answered, and with what?"]),
        ("s.kafka, \"a\" => \"b\", {}", &[]),
        ("s, \"a\"", &["the `=>` between"]),
        ("s, \"a\", { b: 1 }, \"b\", { c: 1 }", &["the `=>` between"]),
        ("s, => \"b\", {}", &["what is answered?"]),
        (
            "s, { a: 1 } => \"b\", {}",
            &["the topic that is answered is missing"],
        ),
        ("s, \"a\" =>", &["the topic of the answer is missing"]),
        (
            "s, \"a\" => { b: 1 }",
            &["the topic of the answer is missing"],
        ),
        (
            "s, \"a\" => |order| order",
            &["the topic of the answer is missing"],
        ),
        ("s, \"a\" => \"b\"", &["what is the answer?"]),
        ("s, \"a\" => \"b\", times 2", &["what is the answer?"]),
        (
            "s, Check { .. } => Answer { id: 1 }",
            &["the answer to a typed message is a closure"],
        ),
        (
            "s, |check| Answer { id: check.id }",
            &["the parameter's type says which message"],
        ),
        ("s, || Answer", &["takes one parameter"]),
        ("s, |a: A, b: B| Answer", &["what the reply keeps"]),
        ("s, |a: A| ", &["this closure has no body"]),
        ("s, async |a: A| -> Answer { x }", &["leave `-> …` out"]),
        ("s, \"a b\" => \"\", {}", &["no white space", "never empty"]),
        ("s, \"a\" => \"b\", {}, times 0", &["at least once"]),
        (
            "s, \"a\" => \"b\", {}, times",
            &["`times` is followed by its value"],
        ),
        (
            "s, \"a\" => \"b\", {}, times 1, times 2",
            &["`times` is given twice"],
        ),
        (
            "s, \"a\" => \"b\", {}, within 5ms",
            &["unknown option `within`"],
        ),
        (
            "s, \"a\" => \"b\", { c: 1, c: 2 }, foo 1",
            &["\"c\" is in this object", "unknown option"],
        ),
    ];
    for (source, expected) in cases {
        assert_errors(source, &expand(source), expected);
    }
}

#[test]
fn the_types_of_a_closure_name_both_topics() {
    assert_is(
        &expand("s, move |check: Check| Answer { id: check.id }, times 2"),
        "$crate::__private::reply(
                 &s,
                 $crate::__private::typed_trigger::<Check>(
                     ::core::file!(),
                     ::core::line!(),
                     ::core::option::Option::None
                 ).answer(move |check: Check| Answer { id: check.id }).times(2)
             )",
    );
}

#[test]
fn an_async_closure_answers_with_an_async_block() {
    for source in [
        "s, \"a\" => \"b\", async |order| get(order).await",
        "s, \"a\" => \"b\", |order| async move { get(order).await }",
        "s, \"a\" => \"b\", async |order| { get(order).await }",
    ] {
        assert_contains(
            &expand(source),
            "$crate::__private::decoded::<$crate::__private::Value>().compute_async(
                 |order: $crate::__private::Value| async move { get(order).await }
             )",
        );
    }
}

#[test]
fn a_typed_trigger_types_the_closure() {
    let expansion = expand("s, Check { amount: > 100, .. } => |check| Answer { id: check.id }");
    assert_contains(&expansion, "|check: Check| Answer { id: check.id }");
    assert_contains(
        &expansion,
        "::core::option::Option::Some($crate::__private::erase(",
    );
    let expansion = expand("s, Event::Created { .. } => \"t\", |event| event");
    assert_contains(&expansion, "|event: Event| event");
}

#[test]
fn topics_by_name() {
    assert_is(
        &expand("s, \"a\" => (\"b\"), { c: 1 }"),
        "$crate::__private::reply(
                 &s,
                 $crate::__private::ReplyRule::on(
                     ::core::file!(), ::core::line!(), \"a\", ::core::option::Option::None
                 ).answer(
                     $crate::__private::topic(\"b\"),
                     $crate::__private::reply_static($crate::__private::value_body(
                         $crate::__private::object(::std::vec![
                             (\"c\", $crate::__private::to_value(&1))
                         ])
                     ))
                 )
             )",
    );
}

#[test]
fn answers_to_whoever_asked() {
    assert_is(
        &expand("s, \"a\", headers { b: \"c\" } => _, { d: 1 }"),
        "$crate::__private::reply(
                 &s,
                 $crate::__private::ReplyRule::on(
                     ::core::file!(),
                     ::core::line!(),
                     \"a\",
                     ::core::option::Option::Some(
                         $crate::__private::erase($crate::__private::functions::anything())
                             .headers($crate::__private::functions::object([
                                 (\"b\", $crate::__private::functions::eq(\"c\"))
                             ]))
                     )
                 ).answer_asker($crate::__private::reply_static(
                     $crate::__private::value_body($crate::__private::object(::std::vec![
                         (\"d\", $crate::__private::to_value(&1))
                     ]))
                 ))
             )",
    );
}

#[test]
fn a_body_that_is_not_finished_goes_out_for_the_editor() {
    let expansion = expand("s, |check: Check| { check. }");
    assert_errors("check.", &expansion, &[]);
    assert_contains(&expansion, "|check: Check| { check. }");
}
