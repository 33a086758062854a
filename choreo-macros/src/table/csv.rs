//! Comma-separated values (RFC 4180) with a header line.

use std::iter::Peekable;
use std::str::Chars;

use super::{Cell, Cells, Problem, Row};

pub(super) fn rows(text: &str) -> Result<Vec<Row>, Problem> {
    let mut reader = Reader {
        letters: text.chars().peekable(),
        line: 1,
    };
    let Some((header_line, header)) = reader.record()? else {
        return Err(Problem {
            line: 1,
            message: "a header line with the names of the parameters is missing".to_owned(),
        });
    };
    for (at, name) in header.iter().enumerate() {
        let message = if name.is_empty() {
            format!("column {} of the header has no name", at + 1)
        } else if header[..at].contains(name) {
            format!("column `{name}` is there twice")
        } else {
            continue;
        };
        return Err(Problem {
            line: header_line,
            message,
        });
    }
    let mut rows = Vec::new();
    while let Some((line, values)) = reader.record()? {
        if values.len() != header.len() {
            let message = format!(
                "row {} has {}, and the header has {}",
                rows.len() + 1,
                counted(values.len(), "value"),
                counted(header.len(), "column"),
            );
            return Err(Problem { line, message });
        }
        let cells = header
            .iter()
            .cloned()
            .zip(values.into_iter().map(Cell::Text))
            .collect();
        rows.push(Row {
            line,
            cells: Cells::Named(cells),
        });
    }
    Ok(rows)
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

struct Reader<'t> {
    letters: Peekable<Chars<'t>>,
    line: usize,
}

impl Reader<'_> {
    /// The next line that is not empty, which quoted line ends may make longer than one.
    fn record(&mut self) -> Result<Option<(usize, Vec<String>)>, Problem> {
        loop {
            if self.letters.peek().is_none() {
                return Ok(None);
            }
            let line = self.line;
            let mut fields = Vec::new();
            let mut quoted = false;
            loop {
                let (field, was_quoted) = self.field()?;
                quoted |= was_quoted;
                fields.push(field);
                if self.letters.peek() != Some(&',') {
                    break;
                }
                self.next();
            }
            self.end_of_line();
            let is_empty = !quoted && fields.len() == 1 && fields[0].is_empty();
            if !is_empty {
                return Ok(Some((line, fields)));
            }
        }
    }

    /// One field, and whether it stood in quotes. Spaces around it are not part of it.
    fn field(&mut self) -> Result<(String, bool), Problem> {
        self.skip_spaces();
        if self.letters.peek() == Some(&'"') {
            let field = self.quoted()?;
            self.skip_spaces();
            return match self.letters.peek().copied() {
                None | Some(',' | '\n' | '\r') => Ok((field, true)),
                Some(letter) => Err(self.problem(format!(
                    "a `,` is missing before `{letter}`; a quote inside of quotes is written twice"
                ))),
            };
        }
        let mut field = String::new();
        while let Some(&letter) = self.letters.peek() {
            match letter {
                ',' | '\n' | '\r' => break,
                '"' => {
                    return Err(self.problem(
                        "a field that has a quote in it stands in quotes: `\"a \"\"b\"\"\"`"
                            .to_owned(),
                    ));
                }
                _ => field.push(letter),
            }
            self.next();
        }
        Ok((field.trim_end_matches([' ', '\t']).to_owned(), false))
    }

    fn quoted(&mut self) -> Result<String, Problem> {
        let opened = self.line;
        self.next();
        let mut field = String::new();
        loop {
            match self.next() {
                Some('"') if self.letters.peek() == Some(&'"') => {
                    self.next();
                    field.push('"');
                }
                Some('"') => return Ok(field),
                Some(letter) => field.push(letter),
                None => {
                    return Err(Problem {
                        line: opened,
                        message: "the closing quote of a field is missing".to_owned(),
                    });
                }
            }
        }
    }

    fn skip_spaces(&mut self) {
        while matches!(self.letters.peek(), Some(' ' | '\t')) {
            self.next();
        }
    }

    fn end_of_line(&mut self) {
        if self.letters.peek() == Some(&'\r') {
            self.next();
        }
        if self.letters.peek() == Some(&'\n') {
            self.next();
        }
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.letters.next();
        if letter == Some('\n') {
            self.line += 1;
        }
        letter
    }

    fn problem(&self, message: String) -> Problem {
        Problem {
            line: self.line,
            message,
        }
    }
}
