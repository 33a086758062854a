//! Secrets that are known by how they look: bearer and basic credentials, user and password in a URL,
//! private keys, and keys with the prefixes of those who issue them.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD};
use regex::Regex;

use super::hits::{Hits, Rule};
use super::names::secrecy;

/// Whether what was found is a secret indeed.
type Confirm = fn(&str) -> bool;

/// How one kind of secret looks.
struct Pattern {
    rule: Rule,
    regex: Regex,
    confirm: Confirm,
}

/// Without any of these no pattern matches; sought in one pass.
const TRIGGERS: &[&str] = &[
    "://",
    "bearer",
    "basic ",
    "basic\t",
    "</",
    "-----begin ",
    "eyj",
    "akia",
    "asia",
    "abia",
    "acca",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xox",
    "sk-",
    "sk_",
    "rk_",
    "pk_",
    "aiza",
    "ya29.",
    "sg.",
    "npm_",
    "pypi-",
    "dop_v1_",
    "hvs.",
    "hooks.slack.com",
    "age-secret-key",
];

static TRIGGER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(TRIGGERS)
        .expect("a few short words make an automaton")
});

/// The group `secret` is what is hidden.
static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let table: [(Rule, &str, Confirm); 11] = [
        (
            Rule::PrivateKey,
            r"(?<secret>-----BEGIN [A-Z0-9 ]{0,40}(?:PRIVATE KEY|NKEY SEED|USER JWT)[A-Z ]{0,10}-----(?s:.*?)(?:-----+END [A-Z0-9 ]{0,40}(?:PRIVATE KEY|NKEY SEED|USER JWT)[A-Z ]{0,10}-----+|\z))",
            always,
        ),
        (
            Rule::Jwt,
            r"\b(?<secret>eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){1,4})",
            always,
        ),
        (
            Rule::AwsKey,
            r"\b(?<secret>(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})\b",
            always,
        ),
        (
            Rule::ApiKey,
            r"\b(?<secret>gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,}|[srp]k_(?:live|test)_[A-Za-z0-9]{10,}|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{16,}|dop_v1_[a-f0-9]{64}|hvs\.[A-Za-z0-9_-]{20,}|AGE-SECRET-KEY-1[A-Z0-9]{50,})",
            always,
        ),
        (
            Rule::ApiKey,
            r"hooks\.slack\.com/services/(?<secret>[A-Za-z0-9/_-]+)",
            always,
        ),
        (
            Rule::Bearer,
            r"(?i)\bbearer[\s:=]+(?<secret>[A-Za-z0-9._~+/=-]+)",
            is_no_word_of_prose,
        ),
        (
            Rule::Basic,
            r"(?i)\bbasic\s+(?<secret>[A-Za-z0-9+/_-]{2,}={0,2})",
            is_basic,
        ),
        (
            Rule::Url,
            r#"[A-Za-z][A-Za-z0-9+.-]*://(?<secret>[^\s/?\#"'<>\\]+)@"#,
            always,
        ),
        // What should be encoded in a URL often is not: `user:pass/word@`.
        (
            Rule::Url,
            r#"[A-Za-z][A-Za-z0-9+.-]*://(?<secret>[^\s/?\#@:"'<>\\]*:[^\s@"'<>\\]+)@"#,
            is_no_port,
        ),
        // What was hidden in part before.
        (
            Rule::Url,
            r#"[A-Za-z][A-Za-z0-9+.-]*://(?<secret>[^\s/?\#@"'<>\\]*<redacted[:a-z0-9_-]*>[^\s/?\#@"'<>\\]*)@"#,
            always,
        ),
        (
            Rule::Assignment,
            r"<(?<name>[A-Za-z][\w:.-]{0,80})(?:\s[^<>]{0,200})?>(?<secret>[^<>]+)</",
            always,
        ),
    ];
    table
        .into_iter()
        .map(|(rule, pattern, confirm)| Pattern {
            rule,
            regex: Regex::new(pattern).expect("the patterns are written here and tested below"),
            confirm,
        })
        .collect()
});

/// The seeds of nkeys, which NATS uses, have no prefix that is rare enough for [`TRIGGERS`].
static NKEY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\bS[UAOCNXP][A-Z2-7]{56}\b").expect("the pattern is written here and tested below")
});
const NKEY_LENGTH: usize = 58;

/// Finds what looks like a secret.
pub(super) fn find(text: &str, hits: &mut Hits) {
    if text.len() >= NKEY_LENGTH {
        for found in NKEY.find_iter(text) {
            hits.add(found.range(), Rule::ApiKey);
        }
    }
    if !TRIGGER.is_match(text) {
        return;
    }
    for pattern in PATTERNS.iter() {
        for captures in pattern.regex.captures_iter(text) {
            let Some(secret) = captures.name("secret") else {
                continue;
            };
            let named = captures
                .name("name")
                .map(|name| name.as_str())
                .is_none_or(|name| !name.starts_with("redacted") && secrecy(name).is_some());
            if named && (pattern.confirm)(secret.as_str()) {
                hits.add(secret.range(), pattern.rule);
            }
        }
    }
}

fn always(_: &str) -> bool {
    true
}

/// "Bearer token missing" is prose.
fn is_no_word_of_prose(word: &str) -> bool {
    const PROSE: &[&str] = &[
        "a",
        "and",
        "auth",
        "authentication",
        "authorization",
        "credentials",
        "error",
        "format",
        "has",
        "header",
        "in",
        "is",
        "missing",
        "not",
        "of",
        "or",
        "realm",
        "required",
        "scheme",
        "the",
        "to",
        "token",
        "tokens",
        "was",
        "with",
    ];
    let word = word.trim_end_matches(['.', ':', '=']);
    !PROSE.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// "Basic usage" is prose: credentials decode to `user:password`. Cut short they decode in part.
fn is_basic(text: &str) -> bool {
    let bytes = text.as_bytes();
    let decoded = [BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD]
        .iter()
        .find_map(|encoding| encoding.decode(bytes).ok())
        .or_else(|| {
            BASE64_NOPAD
                .decode(&bytes[..bytes.len() - bytes.len() % 4])
                .ok()
        });
    text.ends_with('=') || decoded.is_some_and(|decoded| decoded.contains(&b':'))
}

/// In `http://host:8080/path@2` nothing is secret.
fn is_no_port(userinfo: &str) -> bool {
    let password = userinfo
        .split_once(':')
        .map_or("", |(_, password)| password);
    let digits = password.bytes().take_while(u8::is_ascii_digit).count();
    !(matches!(password.as_bytes().get(digits), Some(b'/' | b'?' | b'#'))
        && (1..=5).contains(&digits))
}

#[cfg(test)]
mod tests {
    use super::super::hits::replace;
    use super::*;

    fn redacted(text: &str) -> String {
        let mut hits = Hits::default();
        find(text, &mut hits);
        let ranges = hits.merged(text);
        let names: &[&str] = &[];
        replace(text, &ranges, names).replace("redacted:", "")
    }

    #[test]
    fn known_looks_are_found() {
        let nkey = format!(
            "S{}",
            "UABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRSTUVWX"
        );
        let hub = format!("ghp_{}", "a1".repeat(18));
        let table = [
            ("bearer abc.def-ghi~+/==", "bearer <bearer>"),
            ("BEARER: x1", "BEARER: <bearer>"),
            ("Basic dXNlcjpwYSs/Lw==!", "Basic <basic>!"),
            ("nats://bob:hunter2@host:4222/x", "nats://<url>@host:4222/x"),
            ("nats://token@host", "nats://<url>@host"),
            ("redis://:p@ss@host", "redis://<url>@host"),
            ("amqp://bob:pa/ss@host", "amqp://<url>@host"),
            ("a://b:c@d e://f@g", "a://<url>@d e://<url>@g"),
            (
                "x -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- y",
                "x <private-key> y",
            ),
            ("-----BEGIN PRIVATE KEY-----\nMII", "<private-key>"),
            ("id eyJhbGciOi.eyJzdWIi.c2ln, x", "id <jwt>, x"),
            ("AKIAIOSFODNN7EXAMPLE", "<aws-key>"),
            (
                "<password>hunter2</password><n>1</n>",
                "<password><assignment></password><n>1</n>",
            ),
            (&hub, "<api-key>"),
            (&nkey, "<api-key>"),
        ];
        for (text, expected) in table {
            assert_eq!(redacted(text), expected, "{text}");
        }
    }

    #[test]
    fn what_only_looks_alike_stays() {
        for text in [
            "the bearer token is missing",
            "basic usage",
            "a basic test of it",
            "http://host:8080/path@2",
            "http://host/path?a=b@c",
            "nats://host:4222",
            "mail bob@example.org",
            "eyJ",
            "task-risk-sk-short",
            "<author>bob</author>",
            "sha256:0123456789abcdef",
        ] {
            assert_eq!(redacted(text), text);
        }
    }
}
