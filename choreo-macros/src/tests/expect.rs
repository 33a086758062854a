//! `expect!` and `pattern!`.

use proc_macro2::TokenStream;

use super::{assert_contains, assert_errors, assert_is, tokens};
use crate::expand::{expect, pattern};
use crate::model::Asking;

fn expand(arguments: &str) -> TokenStream {
    expect::entry(tokens(&format!("[krate] {arguments}")), Asking::Expect)
}

/// What `pattern!` becomes, without the path in front of each call.
fn pattern_of(source: &str) -> String {
    pattern::entry(tokens(&format!("[krate] {source}")))
        .to_string()
        .replace("krate :: __private :: functions :: ", "")
        .replace(":: std :: vec :: Vec :: from", "vec")
}

#[test]
fn an_expectation_is_one_call() {
    assert_is(
        &expand(r#"s, "orders", { count: > 0, .. }, within 50ms, since first"#),
        r#"{
            let __choreo_pattern = krate::__private::functions::object(
                [("count", krate::__private::functions::gt(0))]
            );
            krate::__private::expect(
                &s,
                "orders",
                __choreo_pattern,
                krate::__private::ExpectOptions::at(::core::file!(), ::core::line!())
                    .within(::core::time::Duration::new(0u64, 50000000u32))
                    .since(first)
            )
        }"#,
    );
}

#[test]
fn what_is_around_the_payload_is_a_pattern_of_its_own() {
    let expansion = expand(
        r#"s, "orders", headers { "x-source": "test", b: absent; exact }, key =~ "^a", metadata { partition: > (n) }"#,
    );
    assert_contains(
        &expansion,
        "krate::__private::ExpectOptions::at(::core::file!(), ::core::line!())
            .headers(krate::__private::functions::exact_object([
                (\"x-source\", krate::__private::functions::eq(\"test\")),
                (\"b\", krate::__private::functions::absent())
            ]))
            .key(krate::__private::functions::matches(",
    );
    assert_contains(
        &expansion,
        ".metadata(krate::__private::functions::object([
            (\"partition\", krate::__private::functions::gt(&n))
        ]))",
    );
    // Without a pattern, and with a type.
    assert_contains(
        &expansion,
        "let __choreo_pattern = krate::__private::functions::anything();",
    );
    let typed = expand(r#"s, Order { .. }, key absent, within 5ms"#);
    assert_contains(&typed, ".key(krate::__private::functions::absent())");
    assert_contains(&typed, ".within(");
}

#[test]
fn mistakes_around_the_payload() {
    let cases: &[(&str, &[&str])] = &[
        ("headers {}, key _, metadata {}", &[]),
        ("key bytes b\"\\xff\"", &[]),
        ("key (id) | \"other\"", &[]),
        ("headers { a: =~ \"x\" & !contains \"y\" | (v) }", &[]),
        ("metadata { x_death: [{ reason: \"expired\" }, ..] }", &[]),
        (
            "headers",
            &["`headers` is followed by its value: `headers {"],
        ),
        ("headers \"a\"", &["names and patterns in braces"]),
        (
            "metadata [1]",
            &["names and patterns in braces: `metadata { partition: 0 }`"],
        ),
        ("key", &["`key` is followed by its value: `key \"ORD-42\"`"]),
        ("key 42", &["a key is text; write `\"42\"`"]),
        ("key {}", &["a key is text; write a pattern for text"]),
        ("key id", &["an expression goes into parentheses"]),
        ("key \"a\", key \"b\"", &["`key` is given already"]),
        (
            "headers { a: _ }, headers { b: _ }",
            &["`headers` is given already"],
        ),
        ("metadata {}, metadata {}", &["`metadata` is given already"]),
        (
            "headers { a: 5 }",
            &["the value of a header is text; write `\"5\"`"],
        ),
        (
            "headers { a: > 5, b: 1..2 }",
            &["write `\"5\"`", "write `\"1\"`"],
        ),
        (
            "headers { a: true | null }",
            &["write `\"true\"`", "write `absent`"],
        ),
        ("headers { a: [\"b\"] }", &["write a pattern for text"]),
        ("headers { \"a b\": _ }", &["one word without `:`"]),
        ("headers { a: _, A: _ }", &["so `A` is `a`"]),
        ("headers { a: _, a: _ }", &["`a` is there already"]),
        (
            "headers { a: bytes b\"x\" }",
            &["`bytes` looks at the raw payload"],
        ),
        (
            "metadata { partition }",
            &["`partition` is followed by a colon"],
        ),
        (
            "metadata { partition: 0 } key \"k\"",
            &["write a comma between two options"],
        ),
        (
            "header { a: _ }",
            &["`header` is not an option of `expect!`"],
        ),
    ];
    for (options, expected) in cases {
        let source = format!("s, \"t\", _, {options}");
        assert_errors(&source, &expand(&source), expected);
    }
}

#[test]
fn a_word_before_braces_is_an_option() {
    let source = "s, \"t\", header { a: _ }";
    assert_errors(source, &expand(source), &["`header` is not an option"]);
    for source in ["s, \"t\", any { a: _ }", "s, \"t\", Order { a: _ }"] {
        assert_errors(source, &expand(source), &[]);
    }
}

#[test]
fn types_of_the_standard_library_name_no_topic() {
    for source in ["s, Some(5)", "s, None", "s, !Some(5) | None"] {
        assert_errors(
            source,
            &expand(source),
            &["is no message and names no topic"],
        );
    }
}

#[test]
fn every_dynamic_form_is_a_call() {
    for (source, expansion) in [
        ("5", "eq (5)"),
        ("-5", "eq (- 5)"),
        ("\"a\"", "eq (\"a\")"),
        ("(limit + 1)", "eq (& (limit + 1))"),
        ("(1, 2)", "eq (& ((1 , 2)))"),
        ("> 5", "gt (5)"),
        (">= limit", "ge (& limit)"),
        ("< 5", "lt (5)"),
        ("<= 5", "le (5)"),
        ("!= 5", "ne (5)"),
        ("1..5", "range (1 , 5)"),
        ("1..=5", "range_inclusive (1 , 5)"),
        ("1..", "ge (1)"),
        ("..5", "lt (5)"),
        ("..=5", "le (5)"),
        ("LOW..HIGH", "range (& LOW , & HIGH)"),
        ("in [1, > 5]", "one_of (vec ([eq (1) , gt (5)]))"),
        ("_", "present ()"),
        ("null", "null ()"),
        (
            "{ a: absent; exact }",
            "exact_object ([(\"a\" , absent ())])",
        ),
        ("{ r#type: 1 }", "object ([(\"type\" , eq (1))])"),
        ("every 1", "every (eq (1))"),
        ("any 1", "any (eq (1))"),
        ("len 1", "len (eq (1))"),
        ("!1", "not (eq (1))"),
        (
            "1 & 2 | 3",
            "any_of (vec ([all_of (vec ([eq (1) , eq (2)])) , eq (3)]))",
        ),
        (
            "1 & (2 | 3)",
            "all_of (vec ([eq (1) , any_of (vec ([eq (2) , eq (3)]))]))",
        ),
        ("contains \"a\"", "contains (\"a\")"),
        ("bytes b\"a\"", "bytes (& b\"a\" [..])"),
        ("bytes (frame)", "bytes (frame)"),
        ("=> mine(5)", "matcher (mine (5))"),
    ] {
        assert_eq!(pattern_of(source), expansion, "{source}");
    }
}

#[test]
fn lists_keep_their_gaps() {
    assert_contains(
        &pattern::entry(tokens("[krate] [1, .., 2]")),
        "::std::vec::Vec::from([
            krate::__private::functions::ListItem::One(krate::__private::functions::eq(1)),
            krate::__private::functions::ListItem::Rest,
            krate::__private::functions::ListItem::One(krate::__private::functions::eq(2))
        ])",
    );
}

#[test]
fn a_typed_pattern_takes_the_value_apart_in_one_closure() {
    assert_is(
        &pattern::entry(tokens(
            "[krate] Order { count: > (limit * 2), id: \"A\", note: _, .. }",
        )),
        r#"{
            let __choreo_operand_0 = limit * 2;
            krate::__private::typed::pattern::<Order>(
                "Order { count: > (limit * 2), id: \"A\", note: _, .. }",
                "{\"object\":{\"count\":{\"gt\":{\"matcher\":\"limit * 2\"}},\"id\":\"A\"}}",
                move |__choreo_message, __choreo_found| {
                    match __choreo_message {
                        Order { count: __choreo_count, id: __choreo_id, note: _, .. } => {
                            __choreo_found.enter_key("count");
                            krate::__private::typed::gt(__choreo_found, &__choreo_operand_0, __choreo_count);
                            __choreo_found.leave();
                            __choreo_found.enter_key("id");
                            krate::__private::typed::eq(__choreo_found, &"A", __choreo_id);
                            __choreo_found.leave();
                        }
                        #[allow(unreachable_patterns)]
                        _ => krate::__private::typed::other_variant_unseen(__choreo_found, "Order"),
                    }
                },
            )
        }"#,
    );
}

#[test]
fn the_topic_comes_from_the_enum_of_a_variant() {
    let expansion = expand("s, Event::Closed(7)");
    assert_contains(&expansion, "krate::__private::typed::pattern::<Event>");
    assert_contains(
        &expansion,
        "krate::__private::typed::topic(&__choreo_pattern)",
    );
    // Names that are no types are topics.
    for topic in [
        "TOPIC",
        "topics::ORDERS",
        "Topics::ORDERS",
        "format!(\"a.{b}\")",
        "topic()",
        "self.topic",
    ] {
        assert_contains(&expand(&format!("s, {topic}, 5")), &format!("&s, {topic},"));
    }
}

#[test]
fn what_is_right_is_expanded_beside_what_is_wrong() {
    let source =
        "s, \"orders\", { good: > 0, wrong: == , worse: 5..1, unfinished: > order. }, wihtin 5ms";
    let expansion = expand(source);
    assert_errors(
        source,
        &expansion,
        &[
            "a value is missing here; a value alone means equal, without `==`",
            "`wihtin` is not an option",
            "is reversed",
        ],
    );
    assert_contains(&expansion, "(\"good\", krate::__private::functions::gt(0))");
    // As it was typed, so that an editor can complete it.
    assert_contains(&expansion, "krate::__private::functions::gt(&order.)");
}

#[test]
fn a_field_that_is_being_typed_stays_in_the_pattern() {
    let source = "s, Order { sta, count: 5 }";
    let expansion = expand(source);
    assert_errors(source, &expansion, &["`sta` is followed by a colon"]);
    assert_contains(&expansion, "Order { sta: _, count: __choreo_count, }");
}

#[test]
fn a_snapshot_is_a_macro_of_its_own() {
    let source = r#"s, "t", snapshot "n" { ".a[1:].**" => 1 }, within 5ms"#;
    let expansion = expand(source);
    assert_errors(source, &expansion, &[]);
    assert_contains(
        &expansion,
        r#"krate::__snapshot!("\"t\"", ::core::option::Option::Some(&*"n"), [[
            krate::__private::SnapshotStep::Key("a"),
            krate::__private::SnapshotStep::Range(
                ::core::option::Option::Some(1i64), ::core::option::Option::None),
            krate::__private::SnapshotStep::Deep
        ] => 1])"#,
    );
    let source = r#"s, "t", snapshot { ".a" }"#;
    assert_errors(
        source,
        &expand(source),
        &["what stands there in the snapshot?"],
    );
}

#[test]
fn no_input_makes_the_parsers_panic() {
    let pieces = [
        "s",
        ",",
        "\"topic\"",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ":",
        ";",
        "..",
        "..=",
        "=~",
        "=>",
        "==",
        "!",
        "&",
        "|",
        "> ",
        "5",
        "-",
        "in",
        "len",
        "any",
        "absent",
        "snapshot",
        "bytes",
        "Type",
        "Type::",
        "x.",
        "within",
        "headers",
        "key",
        "metadata",
        "50ms",
        "exact",
        "_",
    ];
    // A fixed sequence: what it finds is found each time.
    let mut state = 1_u32;
    let mut parsed = 0;
    for _ in 0..20_000 {
        let mut source = String::from("[krate] s, \"t\", ");
        for _ in 0..8 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            source.push_str(pieces[state as usize / 65_536 % pieces.len()]);
            source.push(' ');
        }
        if let Ok(arguments) = source.parse::<TokenStream>() {
            parsed += 1;
            expect::entry(arguments.clone(), Asking::Expect);
            expect::entry(arguments, Asking::Never);
        }
    }
    assert!(
        parsed > 1_000,
        "only {parsed} of the inputs had balanced brackets"
    );
}
