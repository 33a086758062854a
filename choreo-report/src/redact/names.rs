//! Names of fields whose values are secret: words, whole, in whatever way they are joined.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::marker::without_markers;

/// How far a name makes its value a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrecy {
    /// Any value but nothing and yes-or-no.
    Any,
    /// Only texts and what holds texts: as a number it counts something (`tokens: 17`).
    Text,
}

/// What a name says about the value in a text, where a header has a form of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One word, or a quoted text.
    Plain,
    /// A scheme and what belongs to it: `Bearer x`.
    Authorization,
    /// All of the line: `a=b; c=d`, or words.
    Line,
}

/// Words that make a name secret wherever they stand in it.
const STRONG: &[&str] = &[
    "password",
    "passwords",
    "passwd",
    "pwd",
    "passphrase",
    "passphrases",
    "passcode",
    "secret",
    "secrets",
    "credential",
    "credentials",
    "creds",
    "authorization",
    "authorisation",
    "bearer",
    "cookie",
    "cookies",
    "apikey",
    "apikeys",
    "jwt",
    "otp",
    "totp",
    "sessionid",
    "privatekey",
    "secretkey",
    "accesskey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "sessionkey",
    "accountkey",
    "sharedkey",
];

/// Words that make a name secret at its end, or in front of one of [`GOES_ON`].
const WEAK: &[&str] = &["token", "tokens", "auth", "pass", "sid", "sig", "nkey"];

/// Of the weak words, those beside which a number is a count.
const COUNTED: &[&str] = &["tokens", "pass", "auth", "sig"];

/// What may follow a weak word without changing what it is.
const GOES_ON: &[&str] = &[
    "value", "string", "str", "header", "hash", "data", "text", "raw", "plain", "base64", "b64",
    "bytes", "old", "new", "current", "previous",
];

/// Words in front of `key` that make it one that opens something.
const KEYS: &[&str] = &[
    "api",
    "private",
    "secret",
    "access",
    "signing",
    "encryption",
    "decryption",
    "master",
    "account",
    "shared",
    "ssh",
    "auth",
    "session",
    "client",
    "storage",
];

/// What a word of several, written together, ends with: `userpassword`, `setcookie`.
const ENDINGS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "credential",
    "credentials",
    "cookie",
];

/// Last words that make a name speak *about* a secret: `password_length`, `token_type`,
/// `user.password.changed`.
const ABOUT: &[&str] = &[
    "length",
    "len",
    "count",
    "policy",
    "type",
    "kind",
    "at",
    "in",
    "expires",
    "expired",
    "expiry",
    "expiration",
    "ttl",
    "required",
    "enabled",
    "strength",
    "age",
    "version",
    "algorithm",
    "alg",
    "name",
    "url",
    "uri",
    "endpoint",
    "field",
    "prompt",
    "label",
    "status",
    "scope",
    "scopes",
    "issuer",
    "audience",
    "changed",
    "reset",
    "updated",
    "created",
    "deleted",
    "issued",
    "revoked",
    "requested",
    "rotated",
    "event",
    "events",
    "topic",
    "queue",
    "stream",
    "subject",
];

/// A part of every name that is secret, for a first look at a whole text.
const STEMS: &[&str] = &[
    "pass", "pwd", "secret", "token", "auth", "key", "cred", "bearer", "cookie", "jwt", "otp",
    "session", "sid", "sig",
];

static STEM: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(STEMS)
        .expect("a few short words make an automaton")
});

/// Whether a text can hold a name that is secret. Quick.
pub(super) fn may_hold_a_name(text: &str) -> bool {
    STEM.is_match(text)
}

/// Whether and how far a value of this name is a secret.
pub(super) fn secrecy(name: &str) -> Option<Secrecy> {
    if !may_hold_a_name(name) {
        return None;
    }
    // A name of which a part is hidden: the marker says nothing about its value.
    let name = &*without_markers(name);
    let words = words(name);
    let is = |word: &str, list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(word));
    if words.last().is_some_and(|last| is(last, ABOUT)) {
        return None;
    }
    let mut found = None;
    for (at, word) in words.iter().enumerate() {
        let word = *word;
        let before = at.checked_sub(1).map(|before| words[before]);
        let key = is(word, &["key", "keys"]) && before.is_some_and(|before| is(before, KEYS));
        let session = is(word, &["id"]) && before.is_some_and(|before| is(before, &["session"]));
        let signature =
            is(word, &["signature"]) && before.is_some_and(|before| is(before, &["amz", "access"]));
        let joined = ENDINGS.iter().any(|ending| {
            word.len() > ending.len()
                && word.is_char_boundary(word.len() - ending.len())
                && word[word.len() - ending.len()..].eq_ignore_ascii_case(ending)
        });
        if key || session || signature || joined || is(word, STRONG) {
            return Some(Secrecy::Any);
        }
        let last = words[at + 1..]
            .iter()
            .all(|next| is(next, GOES_ON) || next.bytes().all(|byte| byte.is_ascii_digit()));
        if last && is(word, WEAK) {
            found = Some(if is(word, COUNTED) {
                Secrecy::Text
            } else {
                Secrecy::Any
            });
        }
    }
    found
}

/// The same for a path such as `order.credentials.user`: what is below a secret is secret.
pub(super) fn path_is_secret(path: &str) -> bool {
    may_hold_a_name(path)
        && (secrecy(path).is_some()
            || path
                .split(['.', '[', ']', '/', '"'])
                .any(|segment| secrecy(segment).is_some()))
}

/// How values of this name look in a text.
pub(super) fn form(name: &str) -> Form {
    let words = words(name);
    let has = |wanted: &[&str]| {
        words
            .iter()
            .any(|word| wanted.iter().any(|known| known.eq_ignore_ascii_case(word)))
    };
    if has(&["authorization", "authorisation"])
        || matches!(words.as_slice(), [word] if word.eq_ignore_ascii_case("auth"))
    {
        Form::Authorization
    } else if has(&["cookie", "passphrase"]) {
        Form::Line
    } else {
        Form::Plain
    }
}

/// The words of a name, whether joined as `user_password`, `x-api-key`, `authToken` or `APIKey`.
fn words(name: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut previous = Class::Other;
    let mut chars = name.char_indices().peekable();
    while let Some((at, character)) = chars.next() {
        let class = Class::of(character);
        let next = chars.peek().map(|(_, next)| Class::of(*next));
        let begins = match (previous, class) {
            (Class::Other, _) | (_, Class::Other) => true,
            (Class::Lower, Class::Upper) => true,
            // The last capital of several begins the next word: `APIKey`.
            (Class::Upper, Class::Upper) => next == Some(Class::Lower),
            (Class::Digit, Class::Digit) => false,
            (Class::Digit, _) | (_, Class::Digit) => true,
            _ => false,
        };
        if begins {
            if previous != Class::Other {
                words.push(&name[start..at]);
            }
            start = at;
        }
        previous = class;
    }
    if previous != Class::Other {
        words.push(&name[start..]);
    }
    words
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Lower,
    Upper,
    Digit,
    Other,
}

impl Class {
    fn of(character: char) -> Self {
        if character.is_ascii_digit() {
            Self::Digit
        } else if character.is_uppercase() {
            Self::Upper
        } else if character.is_alphabetic() {
            Self::Lower
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_into_their_words() {
        let table: [(&str, &[&str]); 7] = [
            ("user_password", &["user", "password"]),
            ("x-api-key", &["x", "api", "key"]),
            ("authToken", &["auth", "Token"]),
            ("APIKey", &["API", "Key"]),
            ("password2", &["password", "2"]),
            ("(\"a\", \"b\")", &["a", "b"]),
            ("", &[]),
        ];
        for (name, expected) in table {
            assert_eq!(words(name), expected, "{name}");
        }
    }

    #[test]
    fn compound_names_are_secret() {
        for name in [
            "password",
            "Password",
            "passwd",
            "user_password",
            "userPassword",
            "userpassword",
            "passwordHash",
            "password2",
            "DB_PASSWORD",
            "db.password",
            "passphrase",
            "x-api-key",
            "X-API-Key",
            "apiKey",
            "APIKEY",
            "id_token",
            "authToken",
            "accesstoken",
            "token_value",
            "set-cookie",
            "Set-Cookie",
            "credential",
            "credentials",
            "clientSecret",
            "client_secret",
            "AWS_SECRET_ACCESS_KEY",
            "private_key",
            "sessionId",
            "session_id",
            "authorization",
            "Proxy-Authorization",
            "auth",
            "X-Amz-Signature",
            "smtpPass",
        ] {
            assert!(secrecy(name).is_some(), "{name}");
        }
    }

    #[test]
    fn names_that_only_look_alike_are_not() {
        for name in [
            "author",
            "authority",
            "tokenizer",
            "keyboard",
            "key",
            "routing_key",
            "partition-key",
            "primaryKey",
            "public_key",
            "token_type",
            "token_count",
            "password_length",
            "passwordChangedAt",
            "user.password.changed",
            "passenger",
            "passed",
            "secretary",
            "session",
            "signature",
            "bypass_list",
            "monkey",
            "design",
            "auth_method",
        ] {
            assert_eq!(secrecy(name), None, "{name}");
        }
    }

    #[test]
    fn beside_some_names_a_number_is_a_count() {
        assert_eq!(secrecy("total_tokens"), Some(Secrecy::Text));
        assert_eq!(secrecy("pass"), Some(Secrecy::Text));
        assert_eq!(secrecy("token"), Some(Secrecy::Any));
    }

    #[test]
    fn what_is_below_a_secret_is_secret() {
        assert!(path_is_secret("order.credentials.user"));
        assert!(path_is_secret("users[0].user_password"));
        assert!(path_is_secret("headers.x-token"));
        assert!(!path_is_secret("order.author[2]"));
    }
}
