//! The redactor as a whole: what is found wherever it stands, and what holds for any text.

use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::marker::marker_len;
use super::own::Own;
use super::secrets::Search;
use super::*;

/// With blanks, quotes and characters of several bytes, so that every encoding changes it.
const SECRET: &str = "s3n/\"tin é+l";

fn redactor_with(secrets: &[&str]) -> Redactor {
    let secrets = secrets.iter().map(|text| SecretString::from(*text));
    Redactor {
        search: Search::of(secrets.collect()),
        ..Redactor::new()
    }
}

fn redacted(redactor: &mut Redactor, text: &str) -> String {
    let mut text = text.to_owned();
    redactor.text(&mut text);
    text
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn a_resolved_secret_is_found_in_every_form() {
    let json = Value::from(SECRET).to_string();
    let twice = Value::from(json.clone()).to_string();
    let unicode: String = SECRET
        .encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect();
    let bytes: Vec<_> = SECRET.bytes().map(|byte| byte.to_string()).collect();
    let forms = [
        SECRET.to_owned(),
        json.trim_matches('"').to_owned(),
        json.replace('/', "\\/").trim_matches('"').to_owned(),
        twice,
        unicode,
        percent(SECRET),
        percent(SECRET).to_lowercase(),
        "s3n%2F%22tin+%C3%A9%2Bl".to_owned(),
        BASE64.encode(SECRET.as_bytes()),
        BASE64.encode(format!("u:{SECRET}").as_bytes()),
        BASE64.encode(format!("us:{SECRET}!").as_bytes()),
        BASE64URL.encode(format!("use:{SECRET}").as_bytes()),
        HEXLOWER.encode(SECRET.as_bytes()),
        HEXUPPER.encode(format!("{SECRET}x").as_bytes()),
        format!("[{}]", bytes.join(", ")),
        format!("{SECRET:?}").trim_matches('"').to_owned(),
    ];
    for form in forms {
        let mut redactor = redactor_with(&[SECRET]);
        let text = redacted(&mut redactor, &format!("before {form} after"));
        assert!(text.contains("<redacted:secret>"), "{form}: {text}");
        assert!(
            text.starts_with("before ") && text.ends_with(" after"),
            "{form}: {text}"
        );
        assert!(text.len() < 45, "{form}: {text}");
        assert_eq!(redactor.take_counts().values().sum::<u64>(), 1, "{form}");
    }
}

#[test]
fn of_a_text_that_was_cut_the_half_of_a_secret_is_found() {
    let mut redactor = redactor_with(&["0123456789abcdef"]);
    for (text, expected) in [
        ("x 0123456789", "x <redacted:secret>"),
        ("x 0123456789… y", "x <redacted:secret>… y"),
        ("x 0123456789...", "x <redacted:secret>..."),
        ("6789abcdef y", "<redacted:secret> y"),
        ("…6789abcdef y", "…<redacted:secret> y"),
        ("x 0123", "x 0123"),
    ] {
        assert_eq!(redacted(&mut redactor, text), expected);
    }
}

#[test]
fn what_stands_beside_a_value_with_quotes_of_its_own_is_shown() {
    for (text, expected) in [
        (
            r#"{"user_password":"q\"\t&'7","z":2}"#,
            r#"{"user_password":"<redacted:assignment>","z":2}"#,
        ),
        (
            r#"{"user_password":"q\" | '7","z":2}"#,
            r#"{"user_password":"<redacted:assignment>","z":2}"#,
        ),
        (
            "password: 'a' | 'b', x",
            "password: <redacted:assignment>, x",
        ),
        // A text that was cut.
        (
            "password: \"a\" | \"b, x",
            "password: <redacted:assignment>",
        ),
    ] {
        assert_eq!(redacted(&mut Redactor::new(), text), expected);
    }
}

#[test]
fn short_secrets_are_not_searched_and_lines_of_long_ones_are() {
    let mut redactor =
        redactor_with(&["guest", "first line of the file\nsecond line of the file\n"]);
    assert_eq!(redacted(&mut redactor, "the guest list"), "the guest list");
    assert_eq!(
        redacted(&mut redactor, "it says: second line of the file."),
        "it says: <redacted:secret>."
    );
}

#[test]
fn secrets_are_held_while_a_report_is_wanted() {
    // The registry is the process's: the secrets of this test are its own.
    remember_secret("held-too-early");
    let holding = hold_secrets();
    remember_secret("held-once");
    remember_secret("held-twice");
    remember_secret("held-twice");
    let mut redactor = Redactor::of_process();
    let text = "held-too-early held-once held-twice held-later";
    assert_eq!(
        redacted(&mut redactor, text),
        "held-too-early <redacted:secret> <redacted:secret> held-later"
    );
    forget_secret("held-once");
    forget_secret("held-twice");
    remember_secret("held-later");
    redactor.search.refresh();
    assert_eq!(
        redacted(&mut redactor, text),
        "held-too-early held-once <redacted:secret> <redacted:secret>"
    );
    drop(holding);
    redactor.search.refresh();
    assert_eq!(redacted(&mut redactor, text), text);
}

#[test]
fn own_redactors_hide_all_or_parts_and_a_panic_hides() {
    let mut redactor = redactor_with(&[]);
    redactor.own = vec![
        Own::new("name", |shown: Shown<'_>| shown.name() == Some("customer")),
        Own::new("Digits!", |shown: Shown<'_>| {
            let digits = shown.text().match_indices(|c: char| c.is_ascii_digit());
            digits.map(|(at, _)| at..at + 1).collect::<Vec<_>>()
        }),
        Own::new("wild", |shown: Shown<'_>| {
            shown.text().contains("wild").then_some(1..usize::MAX)
        }),
        Own::new("bug", |shown: Shown<'_>| {
            assert!(!shown.text().contains("boom"), "on purpose");
            false
        }),
    ];
    let mut value = json!({
        "customer": "Bob", "order": "A1B2", "odd": "é wild", "trap": "boom", "plain": "text",
    });
    redactor.value(&mut value);
    assert_eq!(
        value,
        json!({
            "customer": "<redacted:name>",
            "order": "A<redacted:digits>B<redacted:digits>",
            "odd": "<redacted:wild>",
            "trap": "<redacted:bug>",
            "plain": "text",
        })
    );
    let counts = redactor.take_counts();
    assert_eq!(counts.get("digits"), Some(&2));
    assert_eq!(counts.values().sum::<u64>(), 5);
}

#[test]
fn own_redactors_of_the_process_are_asked() {
    redactor("own-test", |shown: Shown<'_>| shown.text() == "first");
    redactor("own test", |shown: Shown<'_>| {
        shown.text() == "only-in-this-test"
    });
    let mut redactor = Redactor::of_process();
    assert_eq!(
        redacted(&mut redactor, "only-in-this-test"),
        "<redacted:own-test>"
    );
    assert_eq!(redacted(&mut redactor, "first"), "first");
}

#[test]
fn values_are_hidden_by_their_names() {
    let mut redactor = redactor_with(&["12345678"]);
    let mut value = json!({
        "user_password": "x",
        "token": 17,
        "total_tokens": 17,
        "pass": true,
        "secret": null,
        "passwd": "",
        "credentials": { "user": "bob", "none": null },
        "auth": {},
        "headers": [{ "name": "X-Api-Key", "value": "x" }, { "name": "n", "value": "x" }],
        "pairs": [["authorization", "x"], ["a", "b"], ["password", "token"]],
        "command": ["run", "--password", "x", "--token", "--secret=x"],
        "number": 12_345_678,
        "bytes": b"say 12345678".to_vec(),
        "text": "{\"a\":{\"password\":\"x\\\"y\"},\"b\":1}",
        "a 12345678 key": 1,
        "nested": [[{ "deep": { "authToken": ["x"] } }]],
    });
    redactor.value(&mut value);
    assert_eq!(
        value,
        json!({
            "user_password": "<redacted:field>",
            "token": "<redacted:field>",
            "total_tokens": 17,
            "pass": true,
            "secret": null,
            "passwd": "",
            "credentials": "<redacted:field>",
            "auth": {},
            "headers": [{ "name": "X-Api-Key", "value": "<redacted:field>" }, { "name": "n", "value": "x" }],
            "pairs": [["authorization", "<redacted:field>"], ["a", "b"], ["password", "token"]],
            "command": ["run", "--password", "<redacted:field>", "--token", "--secret=<redacted:assignment>"],
            "number": "<redacted:secret>",
            "bytes": "<redacted:secret>",
            "text": "{\"a\":{\"password\":\"<redacted:assignment>\"},\"b\":1}",
            "a <redacted:secret> key": 1,
            "nested": [[{ "deep": { "authToken": "<redacted:field>" } }]],
        })
    );
    assert_eq!(
        redactor.take_counts().values().sum::<u64>(),
        markers(&value.to_string())
    );
}

#[test]
fn keys_that_are_hidden_alike_stay_apart() {
    let mut redactor = redactor_with(&["secret-one", "secret-two"]);
    let mut value = json!({ "secret-one": 1, "secret-two": 2 });
    redactor.value(&mut value);
    assert_eq!(
        value,
        json!({ "<redacted:secret>": 1, "<redacted:secret> #2": 2 })
    );
}

#[test]
fn differences_below_a_secret_are_hidden() {
    let mut redactor = Redactor::new();
    let mut value = json!("hunter2");
    redactor.value_at("user.credentials.name", &mut value);
    assert_eq!(value, json!("<redacted:field>"));
    let mut value = json!("bob");
    redactor.value_at("user.author", &mut value);
    assert_eq!(value, json!("bob"));
}

#[test]
fn deep_values_neither_overflow_nor_leak() {
    let mut value = json!("hunter2");
    for _ in 0..2_000 {
        value = Value::Array(vec![value]);
    }
    let mut redactor = redactor_with(&["hunter2"]);
    redactor.value(&mut value);
    assert_eq!(redactor.take_counts().values().sum::<u64>(), 1);
}

fn markers(text: &str) -> u64 {
    let starts = text.match_indices("<redacted");
    starts
        .filter(|(at, _)| marker_len(&text.as_bytes()[*at..]).is_some())
        .count() as u64
}

/// Texts that look like what redactors look for, in pieces.
fn texts() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "password",
        "user_token",
        "authorization",
        "Bearer ",
        "basic ",
        "cookie",
        "x-api-key",
        "name",
        ":",
        "=",
        ": ",
        " = ",
        "\"",
        "\\\"",
        "\\\\\\\"",
        "'",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ",",
        ", ",
        "&",
        "?",
        "://",
        "@",
        "%22",
        "%3D",
        "%",
        "\\u0070",
        "\\",
        "\n",
        " ",
        "<",
        ">",
        "</",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "eyJhbGciOi.eyJz.x",
        "--password ",
        "  expected ",
        "  got ",
        "hunter2",
        "sEnTiNeL",
        "tiNeL",
        "…",
        "...",
        "é",
        "<redacted:field>",
        "<redacted>",
        "<redacted:",
        "dXNlcjpwYQ==",
        "|",
        "Some(",
        "in ",
        "null",
        "a",
        "/",
        "8080",
        "#",
    ]);
    prop::collection::vec(
        prop_oneof![4 => pieces.prop_map(str::to_owned), 1 => any::<String>()],
        0..12,
    )
    .prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn to_redact_twice_is_to_redact_once(text in texts()) {
        let mut redactor = redactor_with(&["sEnTiNeL", SECRET]);
        let once = redacted(&mut redactor, &text);
        redactor.take_counts();
        let twice = redacted(&mut redactor, &once);
        prop_assert_eq!(&twice, &once);
        prop_assert!(redactor.take_counts().is_empty());
    }

    #[test]
    fn counts_are_the_markers_that_were_added(text in texts()) {
        let mut redactor = redactor_with(&["sEnTiNeL"]);
        let out = redacted(&mut redactor, &text);
        let counted = redactor.take_counts().values().sum::<u64>();
        // A marker that was there may be inside of what is hidden.
        prop_assert!(counted <= markers(&out));
        prop_assert!(counted >= markers(&out).saturating_sub(markers(&text)));
        if out == text {
            prop_assert_eq!(counted, 0);
        }
    }

    #[test]
    fn no_known_secret_is_left(before in texts(), after in texts()) {
        let mut redactor = redactor_with(&["sEnTiNeL"]);
        let out = redacted(&mut redactor, &format!("{before}sEnTiNeL{after}"));
        prop_assert!(!out.contains("sEnTiNeL"), "{out}");
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        redacted(&mut redactor_with(&[SECRET]), &text);
    }

    #[test]
    fn names_hide_any_text(value in "[^<]+") {
        let mut redactor = Redactor::new();
        let mut record = json!({ "user_password": value });
        redactor.value(&mut record);
        prop_assert_eq!(record, json!({ "user_password": "<redacted:field>" }));
    }

    #[test]
    fn values_of_json_text_are_hidden_on_every_level(value in "[^<]{1,40}", levels in 1_usize..4) {
        prop_assume!(!matches!(value.as_str(), "null"));
        // What stands beside it cannot be mistaken for a part of it.
        let value = format!("q7{value}7q");
        let mut text = json!({ "n": 1, "user_password": value, "z": 2 }).to_string();
        for _ in 1..levels {
            text = json!({ "text": text }).to_string();
        }
        let out = redacted(&mut Redactor::new(), &text);
        prop_assert!(!out.contains("q7") && !out.contains("7q"), "{out}");
        prop_assert!(out.contains("\"z"), "{out}");
    }

    #[test]
    fn parameters_of_a_query_are_hidden_alone(value in "[A-Za-z0-9._~-]{1,20}") {
        prop_assume!(!["null", "none", "nil", "undefined", "true", "false", "absent", "present", "_"]
            .iter().any(|word| word.eq_ignore_ascii_case(&value)));
        let out = redacted(&mut Redactor::new(), &format!("http://h/p?a=1&token={value}&b=2"));
        prop_assert_eq!(out, "http://h/p?a=1&token=<redacted:assignment>&b=2");
    }
}

/// Quadratic time would take minutes here.
#[test]
fn hostile_texts_take_linear_time() {
    let mut redactor = redactor_with(&["sEnTiNeL"]);
    for piece in [
        "password={",
        "password=\"",
        "password=(\"",
        "\\\"",
        "password:\\\\\\\"",
        "://a:",
        "eyJa.",
        "sEnTiNeL",
        "-----BEGIN PRIVATE KEY-----",
        "bearer ",
        "(\"password\",",
        "%41",
        "<password>",
        "  expected ",
        "--password -",
        "...",
        "password: in ",
        "<redacted",
    ] {
        let out = redacted(&mut redactor, &piece.repeat(60_000 / piece.len()));
        assert!(!out.contains("sEnTiNeL"));
    }
}
