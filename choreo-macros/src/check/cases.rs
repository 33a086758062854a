//! Rows against the parameters that they fill.

use quote::ToTokens as _;
use syn::{Ident, Type};

use crate::model::{CaseParameter, CaseSource};
use crate::recover::Diagnostics;
use crate::table::{Cell, Cells, Json, Row};

/// The key of a file's row that names the case, unless a parameter has this name.
const NAME: &str = "case";

/// Reports rows with too few or too many values, names that two rows share, and rows that no
/// parameter takes.
pub(crate) fn cases(
    sources: &[CaseSource],
    parameters: &[CaseParameter],
    diagnostics: &mut Diagnostics,
) {
    let mut names: Vec<&Ident> = Vec::new();
    for source in sources {
        if parameters.is_empty() {
            let written = match source {
                CaseSource::Row(row) => row.written.clone(),
                CaseSource::File(path) => path.to_token_stream(),
            };
            diagnostics.error_spanned(
                written,
                "the scenario takes no values: add a parameter for each after `s: Scenario<'_>`, \
                 such as `count: u32`, or remove this",
            );
            continue;
        }
        match source {
            CaseSource::Row(row) => {
                if row.values.len() != parameters.len() {
                    diagnostics.error_spanned(
                        &row.written,
                        format!("this row {}", wrong_number(row.values.len(), parameters)),
                    );
                }
                if let Some(name) = &row.name {
                    if names.contains(&name) {
                        diagnostics.error(
                            name.span(),
                            format!("two rows have the name `{name}`; rename one of them"),
                        );
                    }
                    names.push(name);
                }
            }
            CaseSource::File(_) => parameters
                .iter()
                .for_each(|parameter| readable(parameter, diagnostics)),
        }
    }
}

/// A file gives owned values to parameters that have names.
fn readable(parameter: &CaseParameter, diagnostics: &mut Diagnostics) {
    if parameter.name.is_none() {
        diagnostics.error_spanned(
            &parameter.written,
            "the fields of a file's rows are found by the parameters' names: give this one a name \
             and take it apart in the body",
        );
    }
    let borrowed = match &parameter.ty {
        Type::Reference(reference) => {
            !matches!(&*reference.elem, Type::Path(path) if path.path.is_ident("str"))
        }
        Type::ImplTrait(_) => true,
        _ => false,
    };
    if borrowed {
        diagnostics.error_spanned(
            &parameter.written,
            "a file's row gives an owned value: write a type such as `String`, `Vec<u32>` or one \
             that implements `Deserialize`",
        );
    }
}

/// A row of a file in the order of the parameters.
#[derive(Debug)]
pub(crate) struct Matched<'r> {
    pub(crate) name: Option<String>,
    pub(crate) cells: Vec<&'r Cell>,
}

/// Finds the cell of each parameter, or everything that keeps them from being found.
pub(crate) fn row<'r>(
    row: &'r Row,
    parameters: &[CaseParameter],
) -> Result<Matched<'r>, Vec<String>> {
    let fields = match &row.cells {
        Cells::Listed(cells) if cells.len() == parameters.len() => {
            return Ok(Matched {
                name: None,
                cells: cells.iter().collect(),
            });
        }
        Cells::Listed(cells) => return Err(vec![wrong_number(cells.len(), parameters)]),
        Cells::Named(fields) => fields,
    };
    let mut problems = Vec::new();
    let mut name = None;
    let known = |key: &str| parameters.iter().any(|it| it.name.as_deref() == Some(key));
    for (key, cell) in fields {
        if known(key) {
            continue;
        }
        if key != NAME {
            problems.push(format!(
                "field `{key}` is no parameter of the scenario, which takes {}",
                listed(parameters)
            ));
            continue;
        }
        match case_name(cell) {
            Ok(given) => name = given,
            Err(problem) => problems.push(problem),
        }
    }
    let mut cells = Vec::with_capacity(parameters.len());
    for parameter in parameters {
        match fields
            .iter()
            .find(|(key, _)| Some(key) == parameter.name.as_ref())
        {
            Some((_, cell)) => cells.push(cell),
            None => problems.push(format!(
                "field `{}` is missing; the scenario takes `{}`",
                parameter.name.as_deref().unwrap_or("_"),
                parameter.shown
            )),
        }
    }
    if problems.is_empty() {
        Ok(Matched { name, cells })
    } else {
        Err(problems)
    }
}

fn case_name(cell: &Cell) -> Result<Option<String>, String> {
    let name = match cell {
        Cell::Text(text) if text.is_empty() => return Ok(None),
        Cell::Json(Json::Null, _) => return Ok(None),
        Cell::Text(text) | Cell::Json(Json::Text(text), _) => text,
        Cell::Json(_, text) => {
            return Err(format!(
                "field `{NAME}` names the row and is a text, not `{text}`"
            ));
        }
    };
    let is_word = name
        .chars()
        .all(|letter| letter.is_alphanumeric() || letter == '_');
    if is_word && !name.is_empty() {
        Ok(Some(name.clone()))
    } else {
        Err(format!(
            "field `{NAME}` names the row, and {name:?} is not made of letters, digits and `_`"
        ))
    }
}

/// What a row with another number of values has to be told.
fn wrong_number(values: usize, parameters: &[CaseParameter]) -> String {
    let plural = if values == 1 { "" } else { "s" };
    format!(
        "has {values} value{plural}, and the scenario takes {}: {}",
        parameters.len(),
        listed(parameters)
    )
}

fn listed(parameters: &[CaseParameter]) -> String {
    let shown: Vec<String> = parameters
        .iter()
        .map(|parameter| format!("`{}`", parameter.shown))
        .collect();
    shown.join(", ")
}

/// Reports a parameter that nothing fills.
pub(super) fn unfilled(parameter: &CaseParameter, diagnostics: &mut Diagnostics) {
    diagnostics.error_spanned(
        &parameter.written,
        "nothing fills this parameter: write a row such as `#[case(…)]` for each case below \
         `#[choreo::scenario(…)]`, or make it a local variable",
    );
}
