//! The cases of a scenario: their names and the arguments that their rows give.

use std::path::Path;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::LitStr;
use syn::spanned::Spanned as _;

use crate::check;
use crate::model::{CaseParameter, CaseSource};
use crate::paths::Paths;
use crate::recover::Diagnostics;
use crate::table::{Cell, Format, Row};

use super::datum::{self, Place};

/// More mistakes than this in one file are counted, not listed.
const SHOWN: usize = 10;

/// Longer values than this are cut where a mistake shows them.
const VALUE: usize = 40;

/// One test of a scenario.
pub(super) struct Case {
    /// What follows the scenario's name: nothing when it has no rows.
    pub(super) suffix: String,
    /// Whose line the case is listed under.
    pub(super) span: Span,
    /// Which of the scenario's rows, from 1: nothing when it has no rows.
    pub(super) number: Option<usize>,
    /// Nothing when its row is an attribute.
    pub(super) in_file: Option<InFile>,
    pub(super) values: Vec<TokenStream>,
}

/// Where a row is in a file of rows.
pub(super) struct InFile {
    pub(super) path: LitStr,
    /// Which of the file's rows, from 1.
    pub(super) row: usize,
    pub(super) line: usize,
}

/// One test for each row, in the order of the source. A scenario without rows is one test.
pub(super) fn cases(
    sources: &[CaseSource],
    parameters: &[CaseParameter],
    ident: Span,
    paths: &Paths,
    diagnostics: &mut Diagnostics,
) -> Vec<Case> {
    if sources.is_empty() {
        return vec![Case {
            suffix: String::new(),
            span: ident,
            number: None,
            in_file: None,
            values: Vec::new(),
        }];
    }
    let mut named: Vec<(Option<String>, Case)> = Vec::new();
    for source in sources {
        match source {
            CaseSource::Row(row) => named.push((
                row.name.as_ref().map(ToString::to_string),
                Case {
                    suffix: String::new(),
                    span: row.written.span(),
                    number: None,
                    in_file: None,
                    values: row.values.iter().map(|it| it.to_token_stream()).collect(),
                },
            )),
            CaseSource::File(path) => {
                let rows = match load(&path.value()) {
                    Ok(rows) => rows,
                    Err(problem) => {
                        diagnostics.error(path.span(), problem);
                        continue;
                    }
                };
                match file_cases(path, &rows, parameters, paths) {
                    Ok(cases) => named.extend(cases),
                    Err(problems) => problems
                        .into_iter()
                        .for_each(|problem| diagnostics.error(path.span(), problem)),
                }
            }
        }
    }
    let width = named.len().to_string().len();
    named
        .into_iter()
        .enumerate()
        .map(|(at, (name, case))| {
            let number = at + 1;
            let name = name.map(|name| format!("_{name}")).unwrap_or_default();
            Case {
                suffix: format!("::case_{number:0width$}{name}"),
                number: Some(number),
                ..case
            }
        })
        .collect()
}

/// What makes cargo build anew when a file of rows changes.
pub(super) fn tracked(sources: &[CaseSource]) -> Vec<TokenStream> {
    sources
        .iter()
        .filter_map(|source| match source {
            CaseSource::Row(_) => None,
            CaseSource::File(path) => Some(quote! {
                const _: &[::core::primitive::u8] = ::core::include_bytes!(
                    ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #path)
                );
            }),
        })
        .collect()
}

/// The rows of a file below the package's folder.
fn load(path: &str) -> Result<Vec<Row>, String> {
    let Some(format) = Format::of(path) else {
        return Err(format!(
            "rows are read from a file whose name ends in `.json` or `.csv`, and `{path}` does not"
        ));
    };
    if Path::new(path).has_root() || path.contains(':') {
        return Err(
            "the path starts at the package's folder, where its Cargo.toml is: write \
             `tests/orders.json`"
                .to_owned(),
        );
    }
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let text = std::fs::read(Path::new(&folder).join(path)).map_err(|error| {
        format!(
            "`{path}` cannot be read: {error}; the path starts at the package's folder, where its \
             Cargo.toml is"
        )
    })?;
    let text = String::from_utf8(text)
        .map_err(|_| format!("`{path}` is not a text in UTF-8; save it as one"))?;
    rows(path, format, &text)
}

fn rows(path: &str, format: Format, text: &str) -> Result<Vec<Row>, String> {
    let rows = format
        .rows(text)
        .map_err(|problem| format!("{path}:{}: {}", problem.line, problem.message))?;
    if rows.is_empty() {
        return Err(format!(
            "`{path}` has no rows, so the scenario would never run; add one"
        ));
    }
    Ok(rows)
}

fn file_cases(
    path: &LitStr,
    rows: &[Row],
    parameters: &[CaseParameter],
    paths: &Paths,
) -> Result<Vec<(Option<String>, Case)>, Vec<String>> {
    let mut problems = Vec::new();
    let mut cases: Vec<(Option<String>, Case)> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let place = format!("{}:{}: row {}", path.value(), row.line, at + 1);
        let matched = match check::cases::row(row, parameters) {
            Ok(matched) => matched,
            Err(found) => {
                problems.extend(found.iter().map(|problem| sentence(&place, problem)));
                continue;
            }
        };
        if let Some(name) = &matched.name
            && cases.iter().any(|(other, _)| other.as_ref() == Some(name))
        {
            problems.push(format!(
                "{place}: another row has the name `{name}` too; rename one of them"
            ));
        }
        let mut values = Vec::with_capacity(parameters.len());
        for (parameter, cell) in parameters.iter().zip(matched.cells) {
            let field = parameter.name.as_deref().unwrap_or("_");
            let at = format!("{place}: field `{field}`");
            let expression = datum::expression(
                &parameter.ty,
                cell,
                &Place {
                    paths,
                    span: path.span(),
                    at: at.clone(),
                },
            );
            match expression {
                Ok(value) => values.push(value),
                Err(takes) => problems.push(format!(
                    "{at} is `{}`, and `{}` takes {takes}",
                    cut(cell),
                    parameter.shown
                )),
            }
        }
        let case = Case {
            suffix: String::new(),
            span: path.span(),
            number: None,
            in_file: Some(InFile {
                path: path.clone(),
                row: at + 1,
                line: row.line,
            }),
            values,
        };
        cases.push((matched.name, case));
    }
    if problems.is_empty() {
        return Ok(cases);
    }
    let more = problems.len().saturating_sub(SHOWN);
    problems.truncate(SHOWN);
    if more > 0 {
        let mistakes = if more == 1 { "mistake" } else { "mistakes" };
        problems.push(format!(
            "`{}` has {more} more {mistakes}, told once these are mended",
            path.value()
        ));
    }
    Err(problems)
}

fn sentence(place: &str, problem: &str) -> String {
    if problem.starts_with("has ") {
        format!("{place} {problem}")
    } else {
        format!("{place}: {problem}")
    }
}

fn cut(cell: &Cell) -> String {
    let (Cell::Json(_, text) | Cell::Text(text)) = cell;
    let mut letters = text.chars();
    let mut shown: String = letters.by_ref().take(VALUE).collect();
    if letters.next().is_some() {
        shown.push('…');
    }
    shown
}
