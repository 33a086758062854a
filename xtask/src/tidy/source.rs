//! Just enough of Rust's syntax to read which modules and crates a file names.

/// The code of a file without comments, literals and test items; every line keeps its number.
pub(super) fn code(text: &str) -> String {
    without_tests(&blanked(text))
}

/// A path that starts at the crate's root or at a parent module.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) line: usize,
    /// How many `super` it starts with; none for `crate::`.
    pub(super) parents: usize,
    pub(super) segments: Vec<String>,
}

/// Every `crate::…` and `super::…` of a file, groups in braces taken apart.
pub(super) fn references(code: &str) -> Vec<Reference> {
    let mut found = Vec::new();
    for (start, word) in words(code) {
        let parents = match word {
            "crate" => 0,
            "super" => 1,
            _ => continue,
        };
        let before = &code[..start];
        let macro_path = before.ends_with('$');
        let inner = before.trim_end().ends_with("::");
        let Some(rest) = code[start + word.len()..].strip_prefix("::") else {
            continue;
        };
        if macro_path || inner {
            continue;
        }
        let line = before.matches('\n').count() + 1;
        let mut paths = Vec::new();
        tree(rest, &mut Vec::new(), &mut paths);
        for mut segments in paths {
            let more = segments
                .iter()
                .take_while(|segment| *segment == "super")
                .count();
            segments.drain(..more);
            found.push(Reference {
                line,
                parents: parents + more,
                segments,
            });
        }
    }
    found
}

/// Every identifier with its position.
pub(super) fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + code[rest..].find(is_word)?;
        let length = code[start..]
            .find(|c| !is_word(c))
            .unwrap_or(code.len() - start);
        rest = start + length;
        Some((start, &code[start..start + length]))
    })
}

/// Reads a path or a `use` tree and gives what follows it.
fn tree<'a>(mut rest: &'a str, prefix: &mut Vec<String>, paths: &mut Vec<Vec<String>>) -> &'a str {
    let depth = prefix.len();
    loop {
        rest = rest.trim_start();
        if let Some(inside) = rest.strip_prefix('{') {
            rest = inside;
            while !rest.trim_start().starts_with('}') {
                let before = rest.len();
                rest = tree(rest, prefix, paths).trim_start();
                rest = rest.strip_prefix(',').unwrap_or(rest);
                if rest.is_empty() || rest.len() == before {
                    break;
                }
            }
            rest = rest.trim_start().strip_prefix('}').unwrap_or(rest);
            break;
        }
        let Some((0, word)) = words(rest).next() else {
            paths.push(prefix.clone());
            rest = rest.strip_prefix('*').unwrap_or(rest);
            break;
        };
        prefix.push(word.to_owned());
        rest = &rest[word.len()..];
        match rest.strip_prefix("::") {
            // A turbofish is no part of the path.
            Some(next) if !next.starts_with('<') => rest = next,
            _ => {
                paths.push(prefix.clone());
                break;
            }
        }
    }
    prefix.truncate(depth);
    match rest.trim_start().strip_prefix("as ") {
        Some(alias) => alias
            .trim_start()
            .trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
        None => rest,
    }
}

/// Comments, strings and characters become spaces.
fn blanked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => string(rest),
            'r' | 'b' | 'c' if !ends_in_word(&out) => prefixed_string(rest),
            '\'' => character(rest),
            _ => 0,
        };
        if length == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            out.extend(
                rest[..length]
                    .chars()
                    .map(|c| if c == '\n' { '\n' } else { ' ' }),
            );
            rest = &rest[length..];
        }
    }
    out
}

fn ends_in_word(text: &str) -> bool {
    text.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

fn block_comment(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of a literal that starts with its quote.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of `r"…"`, `br#"…"#`, `b"…"`, `c"…"`; 0 when it is something else.
fn prefixed_string(text: &str) -> usize {
    let prefix = text.len() - text.trim_start_matches(['r', 'b', 'c']).len();
    let after = &text[prefix..];
    let hashes = after.len() - after.trim_start_matches('#').len();
    if prefix > 2 || !after[hashes..].starts_with('"') {
        return 0;
    }
    if !text[..prefix].contains('r') {
        return if hashes == 0 {
            prefix + string(after)
        } else {
            0
        };
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let body = prefix + hashes + 1;
    text[body..]
        .find(&end)
        .map_or(text.len(), |at| body + at + end.len())
}

/// The length of a character literal; 0 for a lifetime.
fn character(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), _) => text[3..].find('\'').map_or(text.len(), |at| at + 4),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}

/// Items under `#[cfg(test)]` become spaces.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        let end = at + item(&rest[at..]);
        out.push_str(&rest[..at]);
        out.extend(
            rest[at..end]
                .chars()
                .map(|c| if c == '\n' { '\n' } else { ' ' }),
        );
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// The length of an item with a body in braces, or up to its semicolon.
fn item(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth = depth.saturating_sub(1),
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        references(&code(text))
            .into_iter()
            .map(|found| format!("{}{}", "^".repeat(found.parents), found.segments.join("/")))
            .collect()
    }

    #[test]
    fn paths_and_groups_are_taken_apart() {
        assert_eq!(paths("use crate::a::B;"), ["a/B"]);
        assert_eq!(
            paths("use crate::{a::{B, C as D}, e, f::*};"),
            ["a/B", "a/C", "e", "f"]
        );
        assert_eq!(
            paths("fn f(x: crate::a::B<crate::c::D>) {}"),
            ["a/B", "c/D"]
        );
        assert_eq!(paths("crate::a::b::<u8>(1)"), ["a/b"]);
        assert_eq!(paths("use super::super::x::Y;"), ["^^x/Y"]);
        assert_eq!(paths("pub(crate) fn f() {}"), Vec::<String>::new());
        assert_eq!(paths("$crate::a::b"), Vec::<String>::new());
    }

    #[test]
    fn comments_literals_and_tests_do_not_count() {
        let text = r###"
            // crate::a
            /* crate::b /* crate::c */ crate::d */
            const E: &str = "crate::e \" crate::f";
            const G: &str = r#"crate::g " crate::h"#;
            const I: (char, u8, &'static str) = ('"', b'"', "crate::i");
            #[cfg(test)] mod tests { use crate::j; fn f() { if true { crate::k() } } }
            #[cfg(test)] use crate::l;
            use crate::m;
        "###;
        assert_eq!(paths(text), ["m"]);
    }

    #[test]
    fn lines_are_kept() {
        let text = "/* one\ntwo */\nuse crate::a;";
        assert_eq!(references(&code(text))[0].line, 3);
    }
}
