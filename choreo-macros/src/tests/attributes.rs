//! `#[choreo::scenario]`, `#[choreo::harness]`, `#[derive(Message)]`.

use super::{assert_contains, assert_errors, errors, tokens};
use crate::expand::{harness, message, scenario};
use crate::model::HostKind;

const SCENARIO: &str = "async fn example(s: Scenario<'_>) { body }";

#[test]
fn the_arguments_of_a_scenario() {
    let cases: &[(&str, &[&str])] = &[
        ("orders", &[]),
        ("crate::harnesses::orders, timeout = 500ms,", &[]),
        (
            "orders, timeout = LONG * 2, name = \"n\", tags(\"a\", \"b\"), ignore = \"w\", slow = \
             deny, should_fail = \"w\", crate = my::choreo",
            &[],
        ),
        ("orders, tags = [\"a\"], slow = warn", &[]),
        ("", &["names its harness first"]),
        ("timeout = 500ms", &["names its harness first"]),
        (
            "\"orders\"",
            &["without quotes: `#[choreo::scenario(orders)]`"],
        ),
        ("timeout = 1s, orders", &["the harness comes first"]),
        ("orders, billing", &["has one harness"]),
        (
            "orders, ignore",
            &["`ignore` needs a value: write `ignore = \"why\"`"],
        ),
        ("orders, timeout =", &["`timeout` needs a value"]),
        ("orders, timeout = 500", &["needs a unit"]),
        ("orders, timeout = \"500ms\"", &["without quotes"]),
        (
            "orders, timeot = 500ms",
            &["unknown option `timeot`; a scenario takes `timeout"],
        ),
        ("orders, slow = maybe", &["`slow` is `deny`"]),
        ("orders, name = \"\"", &["a name is never empty"]),
        ("orders, name = \" a\"", &["no white space at its ends"]),
        ("orders, name = orders", &["a name is a string literal"]),
        ("orders, ignore = \" \"", &["`ignore` needs a reason"]),
        (
            "orders, should_fail = true",
            &["`should_fail` says in a string why"],
        ),
        ("orders, tags()", &["an empty list of tags"]),
        ("orders, tags = \"a\"", &["tags are a list of strings"]),
        ("orders, tags(\"a\", b)", &["tags are a list of strings"]),
        (
            "orders, tags(\"a b\", \"c\", \"c\")",
            &["one word", "\"c\" is given twice"],
        ),
        (
            "orders, timeout = 1s, timeout = 2s",
            &["`timeout` is given twice"],
        ),
        ("orders, crate = \"choreo\"", &["without quotes"]),
        ("orders timeout = 1s", &["a `,` is missing"]),
        ("orders; timeout = 1s", &["write `,` between"]),
        (
            "timeout = 5, slow = maybe, nme = \"x\"",
            &[
                "needs a unit",
                "`slow` is",
                "unknown option `nme`",
                "names its harness first",
            ],
        ),
    ];
    for (args, expected) in cases {
        assert_errors(
            args,
            &scenario::entry(tokens(args), tokens(SCENARIO)),
            expected,
        );
    }
}

#[test]
fn the_function_of_a_scenario() {
    let cases: &[(&str, &[&str])] = &[
        (
            "/// Doc.\n#[tracing::instrument] pub(crate) async fn example(mut s: Scenario<'_>) -> Result<()> {}",
            &[],
        ),
        (
            "fn example(s: Scenario<'_>) {}",
            &["write `async fn example`"],
        ),
        (
            "async fn example() {}",
            &["write `example(s: Scenario<'_>)`"],
        ),
        (
            "async fn example(s: Scenario<'_>, a: u8, b: u8) {}",
            &[
                "nothing fills this parameter",
                "nothing fills this parameter",
            ],
        ),
        ("async fn example(&self) {}", &["a free function"]),
        (
            "async fn example<T>(s: Scenario<'_, T>) where T: Copy {}",
            &["no type or lifetime parameters", "no `where` clause"],
        ),
        (
            "async unsafe extern \"C\" fn example(s: Scenario<'_>) {}",
            &["a plain `async fn`", "a plain `async fn`"],
        ),
        (
            "#[test] #[ignore] #[should_panic] async fn example(s: Scenario<'_>) {}",
            &[
                "a test already",
                "`ignore = \"why\"`",
                "`should_fail = \"why\"`",
            ],
        ),
        (
            "#[tokio::test] fn example() {}",
            &["a test already", "is async", "from a parameter"],
        ),
        (
            "async fn example(s: Scenario<'_>);",
            &["a function with a body"],
        ),
        ("struct Example;", &["goes on an `async fn`"]),
    ];
    for (item, expected) in cases {
        assert_errors(
            item,
            &scenario::entry(tokens("orders"), tokens(item)),
            expected,
        );
    }
}

#[test]
fn a_scenario_stays_as_it_is_next_to_its_registration() {
    let expansion = scenario::entry(
        tokens("self::orders, timeout = 1500ms, tags(\"a\"), slow = deny, crate = my::choreo"),
        tokens("#[doc = \"d\"] #[cfg(unix)] pub async fn r#match(s: Scenario<'_>) { unfinished. }"),
    );
    assert_contains(
        &expansion,
        "#[doc = \"d\"] #[cfg(unix)] pub async fn r#match(s: Scenario<'_>) { unfinished. } \
         #[cfg(unix)] const _: () = {",
    );
    assert_contains(
        &expansion,
        "resource: || my::choreo::__private::host(&self::orders),
            run: |context| {
                my::choreo::__private::run_scenario(my::choreo::__private::host(&self::orders),",
    );
    assert_contains(
        &expansion,
        "my::choreo::__private::Case {
            name: \"match\",
            module: ::core::module_path!(),
            file: ::core::file!(),
            line: ::core::line!(),
            row: ::core::option::Option::None,
            tags: &[\"a\"],
            ignore: ::core::option::Option::None,
            should_fail: ::core::option::Option::None,
            slow: ::core::option::Option::Some(my::choreo::__private::SlowPolicy::Deny),",
    );
    assert_contains(
        &expansion,
        "::core::option::Option::Some(::core::time::Duration::new(1u64, 500000000u32))",
    );
    assert_contains(
        &expansion,
        "#[cfg(unix)] #[cfg(test)] #[doc(hidden)] #[allow(non_snake_case)] \
         #[::core::prelude::v1::test] fn __choreo_match()",
    );
}

#[test]
fn a_wrong_scenario_stays_without_a_registration() {
    let expansion = scenario::entry(tokens("orders, slow = maybe"), tokens(SCENARIO));
    assert_contains(&expansion, SCENARIO);
    assert!(!expansion.to_string().contains("submit"), "{expansion}");
}

#[test]
fn the_function_of_a_harness() {
    let ok = "async fn orders() -> Result<Harness> {}";
    let cases: &[(&str, &str, &[&str])] = &[
        ("", ok, &[]),
        ("crate = my::choreo", ok, &[]),
        (
            "timeout = 5s",
            ok,
            &["unknown option `timeout`; a harness takes only `crate = path`"],
        ),
        ("\"orders\"", ok, &["takes no argument"]),
        ("crate = a, crate = b", ok, &["`crate` is given twice"]),
        (
            "",
            "fn orders() -> Result<Harness> {}",
            &["write `async fn orders`"],
        ),
        (
            "",
            "async fn orders(url: &str, n: u8) -> Harness {}",
            &["takes no parameters"],
        ),
        (
            "",
            "async fn orders() {}",
            &["write `async fn orders() -> choreo::Result<Harness>`"],
        ),
        (
            "",
            "async fn orders<T>() -> Harness {}",
            &["no type or lifetime parameters"],
        ),
        ("", "static ORDERS: u8 = 0;", &["goes on an `async fn`"]),
    ];
    for (args, item, expected) in cases {
        assert_errors(
            item,
            &harness::entry(HostKind::Harness, tokens(args), tokens(item)),
            expected,
        );
    }
}

#[test]
fn a_harness_becomes_a_static_of_its_name() {
    let expansion = harness::entry(
        HostKind::Harness,
        tokens(""),
        tokens(
            "#[doc = \"d\"] #[cfg(unix)] #[allow(dead_code)] #[instrument] pub(crate) async fn \
             orders() -> Result<Harness> { body }",
        ),
    );
    assert_contains(
        &expansion,
        "#[doc = \"d\"] #[cfg(unix)] #[allow(dead_code)] #[allow(non_upper_case_globals)]
         pub(crate) static orders: ::choreo::__private::HostFn<::choreo::__private::Harness> = {
             #[instrument] async fn orders() -> Result<Harness> { body }
             ::choreo::__private::HostFn::new(
                 \"orders\", ::core::module_path!(), ::core::file!(), ::core::line!(),
                 || ::choreo::__private::connect_with(orders()),
             )
         };",
    );
}

#[test]
fn a_wrong_harness_is_still_a_harness_for_those_who_name_it() {
    let expansion = harness::entry(
        HostKind::Harness,
        tokens(""),
        tokens("pub async fn orders(url: &str) { body }"),
    );
    assert_eq!(errors(&expansion).len(), 2, "{expansion}");
    assert_contains(
        &expansion,
        "pub static orders: ::choreo::__private::HarnessFn",
    );
    assert_contains(&expansion, "async fn orders(url: &str) { body }");
}

#[test]
fn the_topic_of_a_message() {
    let cases: &[(&str, &[&str])] = &[
        ("#[message(topic = \"a.b\")] struct Example;", &[]),
        (
            "#[message(topic = \"a\")] #[message(crate = my::choreo)] enum Example<T> { A(T) }",
            &[],
        ),
        (
            "#[derive(Debug)] struct Example;",
            &["a message names its topic"],
        ),
        (
            "#[message(crate = a)] struct Example;",
            &["a message names its topic"],
        ),
        (
            "#[message(topic = \"\")] struct Example;",
            &["a topic is never empty"],
        ),
        (
            "#[message(topic = \"a b\")] struct Example;",
            &["no white space; write \"a.b\""],
        ),
        (
            "#[message(topic = \" \")] struct Example;",
            &["write one such as"],
        ),
        (
            "#[message(topic = TOPIC)] struct Example;",
            &["a topic is a string literal"],
        ),
        (
            "#[message(topic)] struct Example;",
            &["`topic` needs a value"],
        ),
        (
            "#[message(\"a\")] struct Example;",
            &["write `topic = \"a\"`"],
        ),
        (
            "#[message = \"a\"] struct Example;",
            &["write `#[message(topic = \"…\")]`"],
        ),
        (
            "#[message] struct Example;",
            &["write `#[message(topic = \"…\")]`"],
        ),
        (
            "#[message(topic = \"a\")] #[message(topic = \"b\")] struct Example;",
            &["`topic` is given twice"],
        ),
        (
            "#[message(subject = \"a\")] struct Example;",
            &[
                "unknown option `subject`; a message takes",
                "a message names its topic",
            ],
        ),
        (
            "#[message(topic = \"a\")] struct Example<'a>(&'a str);",
            &["owns its data"],
        ),
        (
            "#[message(topic = \"a\")] struct Example { #[message(topic = \"b\")] a: u8 }",
            &["move it above the type"],
        ),
        (
            "#[message(topic = \"a\")] enum Example { #[message(topic = \"b\")] A }",
            &["move it above the type"],
        ),
        (
            "#[message(topic = \"a\")] union Example { a: u8 }",
            &["a union cannot be a message"],
        ),
    ];
    for (item, expected) in cases {
        let expansion = message::entry(tokens(item));
        assert_errors(item, &expansion, expected);
        // Also after a mistake.
        assert_contains(&expansion, "::__private::Message for Example");
    }
}

#[test]
fn a_message_keeps_its_generics() {
    let expansion = message::entry(tokens(
        "#[message(topic = \"a\")] struct Example<T: Clone, const N: usize> where T: Copy { a: [T; N] }",
    ));
    assert_contains(
        &expansion,
        "#[automatically_derived]
         impl<T: Clone, const N: usize> ::choreo::__private::Message for Example<T, N> where T: Copy {
             const TOPIC: &'static str = \"a\";
         }",
    );
}
