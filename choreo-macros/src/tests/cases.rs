//! `#[case(…)]`, `#[cases(from = "…")]`, and the files that they read.

use super::{assert_contains, assert_errors, tokens};
use crate::expand::scenario;
use crate::table::{Cell, Cells, Format, Json, Problem, Row};

fn expand(item: &str) -> proc_macro2::TokenStream {
    scenario::entry(tokens("orders"), tokens(item))
}

#[test]
fn rows_fit_the_parameters() {
    const TWO: &str = "async fn example(s: Scenario<'_>, count: u32, region: &'static str) {}";
    let cases: &[(&str, &str, &[&str])] = &[
        ("#[case(1, \"EU\")] #[case::empty(0, REGION)]", TWO, &[]),
        (
            "#[case::a(1, \"EU\",)] #[case(if x { 1 } else { 2 }, f(a, b))]",
            TWO,
            &[],
        ),
        (
            "#[case(1)] #[case()] #[case(1, 2, 3)]",
            TWO,
            &[
                "this row has 1 value, and the scenario takes 2: `count: u32`, `region: &'static str`",
                "this row has 0 values",
                "this row has 3 values",
            ],
        ),
        ("#[case]", TWO, &["write `#[case(1, \"EU\")]`"]),
        ("#[case = 1]", TWO, &["write `#[case(1, \"EU\")]`"]),
        (
            "#[case::a::b(1, 2)]",
            TWO,
            &["one name: write `#[case::name(…)]`"],
        ),
        ("#[case(1 2)]", TWO, &["expected `,`"]),
        (
            "#[case::a(1, 2)] #[case::b(1, 2)] #[case::a(3, 4)]",
            TWO,
            &["two rows have the name `a`"],
        ),
        (
            "",
            TWO,
            &[
                "nothing fills this parameter",
                "nothing fills this parameter",
            ],
        ),
        (
            "#[case(1)] #[cases(from = \"gone.json\")]",
            "async fn example(s: Scenario<'_>) {}",
            &["the scenario takes no values"; 2],
        ),
        (
            "#[case(1)]",
            "async fn example() {}",
            &["write `example(s: Scenario<'_>)`"],
        ),
        (
            "#[case(1)]",
            "async fn example(s: Scenario<'_>, #[case] count: u32) {}",
            &["remove this attribute"],
        ),
        (
            "#[case((1, 2))]",
            "async fn example(s: Scenario<'_>, (a, b): (u8, u8)) {}",
            &[],
        ),
    ];
    for (rows, function, expected) in cases {
        let item = format!("{rows} {function}");
        assert_errors(&item, &expand(&item), expected);
    }
}

#[test]
fn each_row_is_registered_under_its_name() {
    let expansion = scenario::entry(
        tokens("orders, name = \"an order\", ignore = \"why\""),
        tokens(
            "#[case(1, \"EU\")] #[instrument] #[case::empty(0, REGION)]
             async fn example(s: Scenario<'_>, count: u32, region: &str) { body }",
        ),
    );
    assert_contains(
        &expansion,
        "#[instrument] async fn example(s: Scenario<'_>, count: u32, region: &str) { body }",
    );
    assert_contains(&expansion, "name: \"an order::case_1\"");
    assert_contains(
        &expansion,
        "example(::choreo::__private::argument(__choreo_scenario), 1, \"EU\").await",
    );
    assert_contains(&expansion, "name: \"an order::case_2_empty\"");
    assert_contains(
        &expansion,
        "example(::choreo::__private::argument(__choreo_scenario), 0, REGION).await",
    );
    let ignored = expansion.to_string().matches("Some (\"why\")").count();
    assert_eq!(ignored, 2, "{expansion}");
}

#[test]
fn each_case_says_where_its_row_is() {
    let expansion = expand(
        "#[case(1)] #[cases(from = \"src/tests/data/rows.csv\")] #[case::last(4)]
         async fn example(s: Scenario<'_>, n: u8) {}",
    );
    let attribute = |number: u8| {
        format!(
            "row: ::core::option::Option::Some(::choreo::__private::Row {{
                number: {number}, in_file: ::core::option::Option::None,
                file: ::core::file!(), line: ::core::line!(),
            }})"
        )
    };
    let of_file = |number: u8, row: u8, line: u8| {
        format!(
            "row: ::core::option::Option::Some(::choreo::__private::Row {{
                number: {number}, in_file: ::core::option::Option::Some({row}),
                file: \"src/tests/data/rows.csv\", line: {line},
            }})"
        )
    };
    for row in [
        attribute(1),
        of_file(2, 1, 2),
        of_file(3, 2, 4),
        attribute(4),
    ] {
        assert_contains(&expansion, &row);
    }
}

#[test]
fn numbers_of_cases_have_one_width() {
    let rows: String = (0..10).map(|row| format!("#[case({row})] ")).collect();
    let expansion = expand(&format!(
        "{rows} async fn example(s: Scenario<'_>, n: u8) {{}}"
    ));
    assert_contains(&expansion, "\"example::case_01\"");
    assert_contains(&expansion, "\"example::case_10\"");
}

#[test]
fn a_file_gives_literals_of_the_parameters_types() {
    let expansion = expand(
        "#[cases(from = \"src/tests/data/orders.json\")]
         async fn example(
             s: Scenario<'_>, count: i8, price: f64, name: String, region: &str, urgent: bool,
             grade: char, tags: Vec<u8>, note: Option<Option<u64>>, order: Order,
         ) {}",
    );
    assert_contains(
        &expansion,
        "example(
            ::choreo::__private::argument(__choreo_scenario), -128i8, -1.5e3f64, ::std::string::String::from(\"a😀b\"), \"EU\",
            true, 'x', <::std::vec::Vec<u8>>::from([1u8, 255u8]), ::core::option::Option::None,
            match ::choreo::__private::case_json::<Order>(
                \"src/tests/data/orders.json:2: row 1: field `order`\", \"{ \\\"id\\\": [1] }\"
            ) {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(end) => return end,
            }
        ).await",
    );
    assert_contains(&expansion, "\"example::case_2_with_note\"");
    assert_contains(
        &expansion,
        "::core::option::Option::Some(::core::option::Option::Some(18446744073709551615u64))",
    );
    assert_contains(
        &expansion,
        "::core::include_bytes!(::core::concat!(
            ::core::env!(\"CARGO_MANIFEST_DIR\"), \"/\", \"src/tests/data/orders.json\"
        ))",
    );
}

#[test]
fn a_file_of_comma_separated_values_is_typed_by_the_parameters() {
    let expansion = expand(
        "#[cases(from = \"src/tests/data/orders.csv\")]
         async fn example(s: Scenario<'_>, name: &'static str, count: u8, note: Option<u8>, tags: Vec<u8>, id: Id) {}",
    );
    assert_contains(
        &expansion,
        "example(
            ::choreo::__private::argument(__choreo_scenario), \"a, \\\"b\\\"\", 5u8, ::core::option::Option::None,
            <::std::vec::Vec<u8>>::from([1u8]),
            match ::choreo::__private::case_text::<Id>(
                \"src/tests/data/orders.csv:2: row 1: field `id`\", \"ID-1\"",
    );
    assert_contains(&expansion, "::core::option::Option::Some(7u8)");
}

#[test]
fn a_wrong_row_is_named() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "wrong.json",
            "count: u8, name: String",
            &[
                "wrong.json:2: row 1: field `cuont` is no parameter of the scenario, which takes `count: u8`, `name: String`",
                "row 1: field `count` is missing; the scenario takes `count: u8`",
                "wrong.json:3: row 2: field `count` is `256`, and `count: u8` takes a whole number from 0 to 255",
                "row 2: field `name` is `5`, and `name: String` takes a text",
                "wrong.json:4: row 3 has 1 value, and the scenario takes 2",
                "row 4: field `case` names the row, and \"a b\" is not made of letters",
                "wrong.json:7: row 6: another row has the name `twin` too",
                "row 7: field `count` is `1.0`, and `count: u8` takes a whole number",
            ],
        ),
        (
            "wrong.csv",
            "count: u8, ok: Option<bool>",
            &[
                "wrong.csv:2: row 1: field `count` is `five`, and `count: u8` takes a whole number from 0 to 255",
                "row 1: field `ok` is `yes`, and `ok: Option<bool>` takes `true` or `false`, or nothing at all",
            ],
        ),
        (
            "gone.json",
            "count: u8",
            &["`src/tests/data/gone.json` cannot be read"],
        ),
        ("empty.json", "count: u8", &["has no rows"]),
        ("orders.yaml", "count: u8", &["ends in `.json` or `.csv`"]),
        (
            "wrong.json",
            "(a, b): (u8, u8), name: &String",
            &["found by the parameters' names", "gives an owned value"],
        ),
    ];
    for (file, parameters, expected) in cases {
        let item = format!(
            "#[cases(from = \"src/tests/data/{file}\")] async fn example(s: Scenario<'_>, {parameters}) {{}}"
        );
        assert_errors(&item, &expand(&item), expected);
    }
}

#[test]
fn the_path_of_a_file() {
    for (attribute, expected) in [
        (
            "#[cases(\"orders.json\")]",
            "write `#[cases(from = \"tests/orders.json\")]`",
        ),
        (
            "#[cases(from = orders)]",
            "write `#[cases(from = \"tests/orders.json\")]`",
        ),
        (
            "#[cases(file = \"orders.json\")]",
            "write `#[cases(from = \"tests/orders.json\")]`",
        ),
        ("#[cases]", "write `#[cases(from = \"tests/orders.json\")]`"),
        (
            "#[cases(from = \"/orders.json\")]",
            "starts at the package's folder",
        ),
    ] {
        let item = format!("{attribute} async fn example(s: Scenario<'_>, count: u8) {{}}");
        assert_errors(&item, &expand(&item), &[expected]);
    }
}

fn problem(format: Format, text: &str) -> (usize, String) {
    let Problem { line, message } = format.rows(text).expect_err("the text is no table of rows");
    (line, message)
}

#[test]
fn json_is_read_strictly() {
    for (text, line, part) in [
        ("", 1, "the rows are a list"),
        ("{}", 1, "the rows are a list"),
        ("[1]", 1, "row 1 is neither an object"),
        ("[[1],\n\"a\"]", 2, "row 2 is neither an object"),
        ("[[1]\n[2]]", 2, "`[` stands where JSON has `,` or `]`"),
        ("[[1],]", 1, "the last `,` before this `]` is one too many"),
        ("[[1]] x", 1, "`x` stands where JSON has its end"),
        ("[[01]]", 1, "no leading zeros"),
        ("[[1.]]", 1, "a digit"),
        ("[[-]]", 1, "a digit"),
        ("[[1e]]", 1, "a digit"),
        ("[[NaN]]", 1, "a value"),
        ("[[nul]]", 1, "a value"),
        ("[[\"a\nb\"]]", 1, "closing quote of a string"),
        ("[[\"a", 1, "closing quote of a string"),
        ("[[\"\\x\"]]", 1, "an escape"),
        ("[[\"\\u12\"]]", 1, "four hexadecimal digits"),
        ("[[\"\\ud800\"]]", 1, "half of a pair"),
        ("[[\"\\ud800\\u0041\"]]", 1, "half of a pair"),
        ("[{a: 1}]", 1, "a key in quotes"),
        ("[{\"a\" 1}]", 1, "`:`"),
        ("[{\"a\": 1,\n\"a\": 2}]", 2, "field `a` is there twice"),
        ("[[1]", 1, "the file ends where JSON has `,` or `]`"),
    ] {
        let (at, message) = problem(Format::Json, text);
        assert!(message.contains(part), "{text}: {message}");
        assert_eq!(at, line, "{text}: {message}");
    }
    let deep = format!("[[{}{}]]", "[".repeat(500), "]".repeat(500));
    assert!(problem(Format::Json, &deep).1.contains("deeper than 128"));
}

#[test]
fn json_keeps_the_text_of_each_value() {
    let rows = Format::Json
        .rows("\u{feff}[\n {\"a\\/\\ud83d\\ude00\": [ 1, {} ]},\r\n [true, \"\\u00e9\\n\"] ]\n")
        .expect("this is a table");
    let one = Cell::Json(Json::Number("1".to_owned()), "1".to_owned());
    let object = Cell::Json(Json::Object, "{}".to_owned());
    let expected = [
        Row {
            line: 2,
            cells: Cells::Named(vec![(
                "a/\u{1f600}".to_owned(),
                Cell::Json(Json::List(vec![one, object]), "[ 1, {} ]".to_owned()),
            )]),
        },
        Row {
            line: 3,
            cells: Cells::Listed(vec![
                Cell::Json(Json::Bool(true), "true".to_owned()),
                Cell::Json(Json::Text("é\n".to_owned()), "\"\\u00e9\\n\"".to_owned()),
            ]),
        },
    ];
    assert_eq!(rows, expected);
}

/// Nothing measures it: a reader that takes quadratic time keeps this test for minutes, and does not fail it.
#[test]
fn long_tables_take_linear_time() {
    let text = format!("[{}{{}}]", "{ \"count\": 1 },\n".repeat(100_000));
    let rows = Format::Json.rows(&text).expect("this is a table");
    assert_eq!(rows.last().map(|row| row.line), Some(100_001));
}

#[test]
fn csv_is_read_strictly() {
    for (text, line, part) in [
        ("", 1, "a header line"),
        ("\n\n", 1, "a header line"),
        ("a,,b\n", 1, "column 2 of the header has no name"),
        ("\na,b,a\n", 2, "column `a` is there twice"),
        (
            "a,b\n1\n",
            2,
            "row 1 has 1 value, and the header has 2 columns",
        ),
        (
            "a\n1\n1,2\n",
            3,
            "row 2 has 2 values, and the header has 1 column",
        ),
        ("a\n\"1\n2", 2, "the closing quote of a field"),
        ("a\n\"1\"2\n", 2, "a `,` is missing before `2`"),
        ("a\n1\"2\n", 2, "stands in quotes"),
    ] {
        let (at, message) = problem(Format::Csv, text);
        assert!(message.contains(part), "{text}: {message}");
        assert_eq!(at, line, "{text}: {message}");
    }
}

#[test]
fn csv_has_quotes_spaces_and_every_line_end() {
    let rows = Format::Csv
        .rows("\u{feff}a , b\r\n\"x,\r\n\"\"y\"\" \" , z \n\n\"\",")
        .expect("this is a table");
    let row = |line, a: &str, b: &str| Row {
        line,
        cells: Cells::Named(vec![
            ("a".to_owned(), Cell::Text(a.to_owned())),
            ("b".to_owned(), Cell::Text(b.to_owned())),
        ]),
    };
    assert_eq!(rows, [row(2, "x,\r\n\"y\" ", "z"), row(5, "", "")]);
}
