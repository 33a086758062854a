//! Regexes are compiled once here, so that a mistake shows while the test is compiled.

use syn::LitStr;

use crate::recover::Diagnostics;

pub(super) fn check(literal: &LitStr, diagnostics: &mut Diagnostics) {
    let pattern = literal.value();
    let (problem, start, end) = match regex_syntax::Parser::new().parse(&pattern) {
        Ok(_) => return,
        Err(regex_syntax::Error::Parse(error)) => (
            error.kind().to_string(),
            error.span().start.offset,
            error.span().end.offset,
        ),
        Err(regex_syntax::Error::Translate(error)) => (
            error.kind().to_string(),
            error.span().start.offset,
            error.span().end.offset,
        ),
        Err(other) => (other.to_string(), 0, pattern.len()),
    };
    diagnostics.error(
        literal.span(),
        format!(
            "this regex does not compile: {problem}\n{}",
            excerpt(&pattern, start, end)
        ),
    );
}

/// The line of the regex where the mistake is, and carets under it.
fn excerpt(pattern: &str, start: usize, end: usize) -> String {
    let line_start = pattern[..start]
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    let line_end = pattern[start..]
        .find('\n')
        .map_or(pattern.len(), |newline| start + newline);
    // A regex over several lines is indented like the code around it.
    let line_start = line_start + pattern[line_start..start].len()
        - pattern[line_start..start].trim_start().len();
    let indent = pattern[line_start..start].chars().count();
    let width = pattern[start..end.clamp(start, line_end)]
        .chars()
        .count()
        .max(1);
    format!(
        "    {}\n    {}{}",
        &pattern[line_start..line_end],
        " ".repeat(indent),
        "^".repeat(width)
    )
}
