//! The allowlist as a user meets it: files in, verdicts and sentences out.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use super::*;

const SENTINEL: &str = "s3ntinel";

fn discover(files: &[(&str, &str)]) -> (tempfile::TempDir, Result<Allowlist, AllowlistError>) {
    let directory = tempfile::tempdir().unwrap();
    let from = directory.path().join("workspace/package");
    fs::create_dir_all(&from).unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    let allowlist = Allowlist::discover(&from);
    (directory, allowlist)
}

fn allowed(allowlist: &Allowlist, transport: &str, text: &str) -> bool {
    allowlist
        .check(transport, &Endpoint::parse(text, 4222).unwrap())
        .is_ok()
}

/// The error of a file, without the directory.
fn error_of(name: &str, text: &str) -> String {
    let (directory, allowlist) = discover(&[(name, text)]);
    let error = allowlist.expect_err(text).to_string();
    assert!(!error.contains(SENTINEL), "{error}");
    error.replace(&format!("{}/", directory.path().display()), "")
}

#[test]
fn loopback_needs_no_allowlist_and_nothing_else_passes_without_one() {
    let allowlist = Allowlist::empty();
    for text in ["127.0.0.1:1", "nats://localhost", "[::1]:9", "127.3.2.1"] {
        assert!(allowed(&allowlist, "NATS", text), "{text}");
    }
    for text in ["broker:4222", "0.0.0.0:4222", "10.0.0.1", "127.1"] {
        assert!(!allowed(&allowlist, "NATS", text), "{text}");
    }
}

#[test]
fn host_and_port_are_compared_after_normalisation() {
    let (_directory, allowlist) = discover(&[(
        "choreo.toml",
        r#"
        [other]
        key = 1
        [allow]
        endpoints = ["Broker.Example.:7000", "[2001:DB8:0::1]:7000", "anywhere"]
        nats = ["only-nats", "nats://user:pass@with-scheme/x"]
        kafka = ["only-kafka:1"]
        "#,
    )]);
    let allowlist = allowlist.unwrap();
    for (transport, text, expected) in [
        ("NATS", "nats://me:secret@BROKER.example:7000", true),
        ("Kafka", "broker.example.:7000", true),
        ("NATS", "broker.example:7001", false),
        ("NATS", "broker.example", false),
        ("NATS", "sub.broker.example:7000", false),
        ("Redis", "[2001:db8::1]:7000", true),
        ("NATS", "only-nats:4222", true),
        ("NATS", "only-nats:4223", false),
        ("NATS", "with-scheme:4222", true),
        ("Kafka", "only-nats:4222", false),
        ("Kafka", "only-kafka:1", true),
        // Without port and scheme: the default port of whoever asks.
        ("NATS", "anywhere:4222", true),
        ("Kafka", "anywhere:9092", true),
        ("Kafka", "anywhere:4222", false),
        ("Unknown", "anywhere:4222", false),
        ("Unknown", "broker.example:7000", true),
    ] {
        assert_eq!(
            allowed(&allowlist, transport, text),
            expected,
            "{transport} {text}"
        );
    }
}

#[test]
fn the_nearest_directory_counts_and_both_of_its_files() {
    let (directory, allowlist) = discover(&[
        ("choreo.toml", "[allow]\nnats = ['far']"),
        ("workspace/choreo.toml", "[allow]\nnats = ['near']"),
        (
            "workspace/allowlist.yaml",
            "nats_servers:\n- nats://yaml:4222\nother: {a: [b]}\n",
        ),
        ("workspace/package/choreo.toml", "[run]\nslow = 'deny'"),
    ]);
    let allowlist = allowlist.unwrap();
    assert_eq!(
        allowlist.files(),
        [
            directory.path().join("workspace/choreo.toml"),
            directory.path().join("workspace/allowlist.yaml")
        ]
    );
    assert!(allowed(&allowlist, "NATS", "near"));
    assert!(allowed(&allowlist, "NATS", "yaml"));
    assert!(!allowed(&allowlist, "NATS", "far"));
}

#[test]
fn the_file_of_choreo_for_python_is_read() {
    let (_directory, allowlist) = discover(&[(
        "allowlist.yaml",
        "# comment\nnats_servers: [\"nats://n\"]\nkafka_brokers:\n  - kafka://k:1\n  - k2\n\
         amqp_brokers:\n  - amqp://u:p@a/vhost\nredis_servers: []\nmock_endpoints: [mock://x]\n",
    )]);
    let allowlist = allowlist.unwrap();
    assert!(allowed(&allowlist, "NATS", "n:4222"));
    assert!(allowed(&allowlist, "Kafka", "k:1"));
    assert!(allowed(&allowlist, "Kafka", "k2:9092"));
    assert!(allowed(&allowlist, "RabbitMQ", "a:5672"));
    assert!(!allowed(&allowlist, "NATS", "a:5672"));
    for empty in ["", "# nothing\n", "{}", "null\n", "---\n...\n"] {
        let (_directory, allowlist) = discover(&[("allowlist.yaml", empty)]);
        let allowlist = allowlist.unwrap_or_else(|error| panic!("{empty:?}: {error}"));
        assert_eq!(allowlist.files().len(), 1);
        assert!(!allowed(&allowlist, "NATS", "n"));
    }
}

#[test]
fn a_malformed_file_is_an_error_with_line_and_column() {
    for (text, expected) in [
        (
            "[allow]\nnats = [\"a\"",
            "choreo.toml:2:12: invalid TOML: unclosed array",
        ),
        (
            "[allow]\n  nat = []",
            "choreo.toml:2:3: unknown key `nat` in [allow]; known keys are `endpoints`, `nats`, `kafka`, `rabbitmq`, `redis`",
        ),
        (
            "allow = 1",
            "choreo.toml:1:9: `allow` must be a section: `[allow]`",
        ),
        (
            "[allow]\nnats = \"a\"",
            "choreo.toml:2:8: `nats` must be a list of texts: `nats = [\"host:port\"]`",
        ),
        (
            "[allow]\nnats = [\n  1]",
            "choreo.toml:3:3: `nats` must be a list",
        ),
        (
            "[allow]\nnats = ['ä', '*.x']",
            "choreo.toml:2:9: entry of `nats`: the host is no host name",
        ),
        (
            "[allow]\nnats = ['a', '*.x']",
            "choreo.toml:2:14: entry of `nats`: wildcards are not allowed",
        ),
        (
            "[allow]\nnats = ['nats://u:s3ntinel@a:b']",
            "choreo.toml:2:9: entry of `nats`: the port",
        ),
        ("[allow]\nnats = ['u:s3ntinel@a' 'b']", "choreo.toml:2:"),
    ] {
        let error = error_of("choreo.toml", text);
        assert!(error.starts_with(expected), "{text}\n{error}");
    }
    for (text, expected) in [
        (
            "nats_servers:\n  - a\n - b\n",
            "allowlist.yaml:3:2: invalid YAML: ",
        ),
        (
            "- a\n",
            "allowlist.yaml:1:1: an allowlist is a mapping from categories to lists",
        ),
        ("7\n", "allowlist.yaml:1:1: an allowlist is a mapping"),
        (
            "nats_servers: a\n",
            "allowlist.yaml:1:15: `nats_servers` must be a list of texts",
        ),
        (
            "nats_servers:\n",
            "allowlist.yaml:1:13: `nats_servers` must be a list of texts",
        ),
        (
            "nats_servers:\n  - [a]\n",
            "allowlist.yaml:2:5: `nats_servers` must be a list of texts",
        ),
        (
            "nats_servers:\n  - '*'\n",
            "allowlist.yaml:2:5: entry of `nats_servers`: wildcards",
        ),
        (
            "nats_servers: [a]\nnats_servers: [b]\n",
            "allowlist.yaml:2:1: category `nats_servers` stands here twice",
        ),
        (
            "x: &a [b]\nnats_servers: *a\n",
            "allowlist.yaml:2:15: aliases are not read here",
        ),
        (
            "{}\n---\n{}\n",
            "allowlist.yaml:3:1: only one YAML document",
        ),
        (
            "? [a]\n: [b]\n",
            "allowlist.yaml:1:3: a category must be a text",
        ),
    ] {
        let error = error_of("allowlist.yaml", text);
        assert!(error.starts_with(expected), "{text}\n{error}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_and_not_an_empty_allowlist() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("choreo.toml")).unwrap();
    let error = Allowlist::discover(directory.path())
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("cannot read the allowlist "), "{error}");
}

fn refusal(allowlist: &Allowlist, directory: &Path, transport: &str) -> String {
    let endpoint =
        Endpoint::parse(&format!("nats://user:{SENTINEL}@prod.example:4222"), 4222).unwrap();
    let refused = allowlist.check(transport, &endpoint).unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains(SENTINEL));
    refused
        .to_string()
        .replace(&directory.display().to_string(), "DIR")
}

#[test]
fn a_refusal_says_what_was_read_and_the_line_to_add() {
    let (directory, allowlist) = discover(&[(
        "workspace/choreo.toml",
        "[allow]\nendpoints = ['nats://u:s3ntinel@a:1', 'b']",
    )]);
    assert_eq!(
        refusal(&allowlist.unwrap(), directory.path(), "NATS"),
        "NATS endpoint prod.example:4222 is refused: it is neither loopback nor on the allowlist\n  \
         read: DIR/workspace/choreo.toml\n  \
         to allow it, write in DIR/workspace/choreo.toml:\n\n      \
         [allow]\n      endpoints = [\"a:1\", \"b\", \"prod.example:4222\"]"
    );

    let (directory, allowlist) = discover(&[("allowlist.yaml", "mine: 1\nnats_servers: [a]")]);
    assert_eq!(
        refusal(&allowlist.unwrap(), directory.path(), "NATS"),
        "NATS endpoint prod.example:4222 is refused: it is neither loopback nor on the allowlist\n  \
         read: DIR/allowlist.yaml\n  \
         categories without a transport: mine\n  \
         to allow it, add to `nats_servers` in DIR/allowlist.yaml:\n\n      \
         - prod.example:4222"
    );

    // Not through the file system: a stray choreo.toml above the temporary directory would be found.
    let text = refusal(&Allowlist::empty(), Path::new("DIR"), "NATS");
    assert!(
        text.contains("no `choreo.toml` with a section [allow] and no `allowlist.yaml`"),
        "{text}"
    );
    assert!(
        text.ends_with("[allow]\n      endpoints = [\"prod.example:4222\"]"),
        "{text}"
    );
}

#[test]
fn the_line_to_add_does_allow_the_endpoint() {
    // Two transports for one broker, and one of the user's own, which no key and no category names.
    for transport in [
        "NATS",
        "JetStream",
        "Kafka",
        "RabbitMQ",
        "Redis",
        "Redis Streams",
        "Own",
    ] {
        let toml = ("choreo.toml", "[allow]\nendpoints = ['a:1']");
        let yaml = ("allowlist.yaml", "mine: [a]\n");
        for present in [&[toml][..], &[yaml], &[toml, yaml]] {
            let (directory, allowlist) = discover(present);
            let text = refusal(&allowlist.unwrap(), directory.path(), transport);
            let (advice, lines) = text.split_once("\n\n").unwrap();
            let (_, place) = advice.rsplit_once("DIR/").unwrap();
            let lines = match advice.split_once("add to `") {
                Some((_, rest)) => format!("{}:\n{lines}\n", rest.split_once('`').unwrap().0),
                None => lines.to_owned(),
            };
            let file = directory.path().join(place.trim_end_matches(':'));
            fs::write(file, lines).unwrap();
            let allowlist = Allowlist::discover(directory.path()).unwrap();
            assert!(
                allowed(&allowlist, transport, "prod.example:4222"),
                "{text}"
            );
            assert_eq!(allowed(&allowlist, transport, "a:1"), present[0] == toml);
        }
    }
}

#[test]
fn a_brokers_entries_hold_for_all_its_transports() {
    let toml = "[allow]\nnats = ['n:1', 'any']\nredis = ['r:1', 'any']";
    let yaml = "nats_servers: ['n:1', any]\nredis_servers: ['r:1', any]\n";
    for file in [("choreo.toml", toml), ("allowlist.yaml", yaml)] {
        let (_directory, allowlist) = discover(&[file]);
        let allowlist = allowlist.unwrap();
        for (transport, own, other, port) in [
            ("NATS", "n:1", "r:1", 4222),
            ("JetStream", "n:1", "r:1", 4222),
            ("Redis", "r:1", "n:1", 6379),
            ("Redis Streams", "r:1", "n:1", 6379),
        ] {
            assert!(allowed(&allowlist, transport, own), "{transport}");
            assert!(!allowed(&allowlist, transport, other), "{transport}");
            assert!(
                allowed(&allowlist, transport, &format!("any:{port}")),
                "{transport}"
            );
        }
    }
}
