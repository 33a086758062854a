//! Files of rows: JSON and CSV, read strictly. Knows neither tokens nor parameters.

mod csv;
mod json;

pub(crate) use json::{Json, value as json_value};

/// One row, and the line on which it starts.
#[derive(Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) line: usize,
    pub(crate) cells: Cells,
}

/// The values of a row.
#[derive(Debug, PartialEq)]
pub(crate) enum Cells {
    Named(Vec<(String, Cell)>),
    Listed(Vec<Cell>),
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// With its text in the file.
    Json(Json, String),
    /// A field of CSV, whose type nobody knows yet.
    Text(String),
}

/// What keeps a file from being a table.
#[derive(Debug, PartialEq)]
pub(crate) struct Problem {
    pub(crate) line: usize,
    pub(crate) message: String,
}

/// The formats, by the ending of the file's name.
#[derive(Clone, Copy)]
pub(crate) enum Format {
    Json,
    Csv,
}

impl Format {
    pub(crate) fn of(path: &str) -> Option<Self> {
        match path.rsplit_once('.')?.1 {
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// The rows of a file's text.
    pub(crate) fn rows(self, text: &str) -> Result<Vec<Row>, Problem> {
        // What some editors and spreadsheets put in front says nothing.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match self {
            Self::Json => json::rows(text),
            Self::Csv => csv::rows(text),
        }
    }
}
