//! `publish!` and payloads, `begin!`, `settle!`.

use super::{assert_contains, assert_errors, assert_is, tokens};
use crate::expand::{publish, steps};
use crate::model::Sending;

fn expand(source: &str) -> proc_macro2::TokenStream {
    let input = tokens(&format!("[$crate] {source}"));
    publish::entry(input, Sending::Publish)
}

#[test]
fn what_is_published() {
    let cases: &[(&str, &[&str])] = &[
        (
            "s, \"t\", { a: 1, \"odd key\": [1, { b: null }], type: (x), d: a.b::<A, B>(), }",
            &[],
        ),
        ("s, \"t\", {}", &[]),
        ("s, topic(), [1, 2],", &[]),
        ("s, format!(\"a.{n}\"), [a, b].concat()", &[]),
        ("s, \"t\", null", &[]),
        ("s, \"t\", bytes b\"x\"", &[]),
        ("s, \"t\", bytes (x, )", &[]),
        ("s, \"t\", bytes", &[]),
        ("s, \"t\", bytes.len()", &[]),
        ("s, \"t\", key(x)", &[]),
        ("s, Order { id: 1 }", &[]),
        (
            "s, order, key \"k\", headers { a: \"1\", \"x-b\": (c), }",
            &[],
        ),
        ("s, order, headers {}", &[]),
        ("s, \"t\", { a: |x, y| x, b: 1 }", &[]),
        ("", &["the first argument is the scenario variable"]),
        ("s", &["what is published?"]),
        ("s,", &["what is published?"]),
        ("s.kafka, \"t\", {}", &[]),
        ("s \"t\", {}", &["write a comma before this"]),
        ("s, \"t\"", &["a topic alone is no message"]),
        (
            "s, \"t\", headers { a: \"1\" }",
            &["a topic alone is no message"],
        ),
        ("s, { a: 1 }", &["a payload does not say where it goes"]),
        ("s, bytes b\"x\"", &["a payload does not say where it goes"]),
        ("s, \"\", {}", &["a topic is never empty"]),
        ("s, \"a b\", {}", &["a topic has no white space"]),
        (
            "s, \"t\", { a: 1, a: 2 }",
            &["the key \"a\" is in this object already"],
        ),
        ("s, \"t\", { a: { \"b\": 1, b: 2 } }", &["the key \"b\""]),
        (
            "s, \"t\", { a }",
            &["this key has no value; write `a: value`"],
        ),
        (
            "s, \"t\", { a: , b: 1 }",
            &["a value is missing after `a:`"],
        ),
        ("s, \"t\", { a = 1 }", &["joined by `:`"]),
        ("s, \"t\", { a: 1 b: 2 }", &["a `,` is missing"]),
        ("s, \"t\", { a: 1; b: 2 }", &["write `,`"]),
        (
            "s, \"t\", { 1: 2, .. }",
            &["a key is a word or a string", "`..` is for patterns"],
        ),
        ("s, \"t\", [1, , 2]", &["a value is missing between"]),
        ("s, \"t\", bytes 5", &["raw bytes are a byte string"]),
        (
            "s, \"t\", {}, within 5ms",
            &["`within` is about messages that come"],
        ),
        (
            "s, \"t\", {}, header { a: \"1\" }",
            &["unknown option `header`; after the payload come"],
        ),
        ("s, \"t\", {}, 5", &["after the payload come"]),
        (
            "s, \"t\", {}, headers \"a\"",
            &["headers are a list in braces"],
        ),
        (
            "s, \"t\", {}, headers { a: , \"b c\": \"1\" }",
            &["this header has no value", "one word"],
        ),
        ("s, \"t\", {}, key", &["`key` needs a value"]),
        ("s, \"t\", {}, key 1, key 2", &["`key` is given twice"]),
        ("s, \"t\", {} key 1", &["a `,` is missing"]),
        (
            "s, \"t\", {}, metadata { partition: n + 1, \"a\": [{ b: null }] }",
            &[],
        ),
        ("s, order, metadata {}", &[]),
        (
            "s, \"t\", {}, metadata 5",
            &["metadata is a list in braces: write `metadata { partition: 2 }`"],
        ),
        ("s, \"t\", {}, metadata", &["metadata is a list in braces"]),
        (
            "s, \"t\", {}, metadata { a, b: , c: 1, c: 2 }",
            &[
                "this key has no value; write `a: value`",
                "a value is missing after `b:`",
                "the key \"c\" is in this metadata already",
            ],
        ),
        (
            "s, \"t\", {}, metadata {}, metadata {}",
            &["`metadata` is given twice"],
        ),
        (
            "s, \"a b\", { a: 1, a: 2, c }, foo 5",
            &[
                "white space",
                "already",
                "this key has no value",
                "unknown option `foo`",
            ],
        ),
    ];
    for (source, expected) in cases {
        assert_errors(source, &expand(source), expected);
    }
}

#[test]
fn the_draft_is_built_before_the_scenario_moves() {
    assert_is(
        &expand("s, \"t\", { a: 1, b: [null, (x)], c: 1 + 2 }, headers { h: (v) }, key k"),
        "#[allow(unused_variables)]
             let s = {
                 let __choreo_draft = $crate::__private::PublishDraft::new(
                     \"t\",
                     $crate::__private::value_body($crate::__private::object(::std::vec![
                         (\"a\", $crate::__private::to_value(&1)),
                         (\"b\", $crate::__private::array(::std::vec![
                             ::core::result::Result::Ok($crate::__private::Value::Null),
                             $crate::__private::to_value(&(x))
                         ])),
                         (\"c\", $crate::__private::to_value(&(1 + 2)))
                     ]))
                 ).header(\"h\", $crate::__private::header_value(v)).key($crate::__private::key(k));
                 $crate::__private::publish(s, __choreo_draft).await
             };",
    );
}

#[test]
fn metadata_is_made_of_json_values() {
    assert_contains(
        &expand("s, \"t\", 1, metadata { partition: 2, x: [null] }"),
        ".metadata(\"partition\", $crate::__private::to_value(&2))
         .metadata(\"x\", $crate::__private::array(::std::vec![
             ::core::result::Result::Ok($crate::__private::Value::Null)
         ]))",
    );
}

#[test]
fn a_request_is_a_publication_with_an_answer() {
    let request = |source: &str| {
        let input = tokens(&format!("[$crate] {source}"));
        publish::entry(input, Sending::Request)
    };
    assert_is(
        &request("s, Order { id: 1 }, key k"),
        "#[allow(unused_variables)]
             let s = {
                 let __choreo_draft = $crate::__private::PublishDraft::message(&Order { id: 1 })
                     .key($crate::__private::key(k)).request();
                 $crate::__private::publish(s, __choreo_draft).await
             };",
    );
    let cases: &[(&str, &[&str])] = &[
        (
            "",
            &["the first argument is the scenario variable: `request!(s, …)`"],
        ),
        (
            "s",
            &["what is requested? write `request!(s, \"topic\", { key: value })`"],
        ),
        (
            "s, \"t\"",
            &["write what is sent: `request!(s, \"t\", { key: value })`"],
        ),
        (
            "s, { a: 1 }",
            &["put the topic before it: `request!(s, \"topic\", …)`"],
        ),
        (
            "s, \"t\", {}, within 5ms",
            &["`within` is about messages that come"],
        ),
    ];
    for (source, expected) in cases {
        assert_errors(source, &request(source), expected);
    }
}

#[test]
fn a_message_names_its_own_topic() {
    assert_contains(
        &expand("s, Order { id: 1 }"),
        "$crate::__private::PublishDraft::message(&Order { id: 1 })",
    );
}

#[test]
fn bytes_go_out_as_they_are() {
    assert_contains(
        &expand("s, \"t\", bytes b\"x\""),
        "$crate::__private::raw_body(&b\"x\"[..])",
    );
    assert_contains(
        &expand("s, \"t\", bytes (frame)"),
        "$crate::__private::raw_body(frame)",
    );
}

#[test]
fn code_that_is_not_finished_goes_out_for_the_editor() {
    let expansion = expand("s, \"t\", { a: order., b: 1 }");
    assert_errors("order.", &expansion, &[]);
    assert_contains(
        &expansion,
        "(\"a\", $crate::__private::to_value(&(order.)))",
    );
    assert_contains(&expansion, "(\"b\", $crate::__private::to_value(&1))");
}

#[test]
fn after_a_mistake_the_scenario_counts_as_triggered() {
    for source in ["s", "s, \"t\"", "s, { a: 1 }", "s, \"t\", { a }"] {
        assert_contains(
            &expand(source),
            "$crate::__private::publish(s, __choreo_draft).await",
        );
    }
}

#[test]
fn settle_takes_the_scenario() {
    let cases: &[(&str, &[&str])] = &[
        ("s", &[]),
        ("s,", &[]),
        ("", &["write the scenario variable: `settle!(s)`"]),
        ("s, 5ms", &["`settle!` takes the scenario and nothing else"]),
        ("self.s", &["write the scenario variable: `settle!(s)`"]),
        ("suite.s", &["`settle!` is about the whole scenario"]),
    ];
    for (source, expected) in cases {
        let expansion = steps::settle(tokens(&format!("[$crate] {source}")));
        assert_errors(source, &expansion, expected);
    }
    assert_is(
        &steps::settle(tokens("[$crate] s")),
        "$crate::__private::settle(&s).await",
    );
}
