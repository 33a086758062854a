//! JSON (RFC 8259), and a table in it: a list of objects or lists.

use super::{Cell, Cells, Problem, Row};

/// Deeper values than this are refused, before the reader's own stack is.
const DEPTH: usize = 128;

/// A value. A number stays text: which numbers are right, the parameter's type says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    /// With the items' texts.
    List(Vec<Cell>),
    Object,
}

pub(super) fn rows(text: &str) -> Result<Vec<Row>, Problem> {
    let mut reader = Reader::new(text);
    reader.space();
    if reader.peek() != Some('[') {
        return Err(reader.problem(
            "the rows are a list, of objects or of lists: `[{ \"count\": 1 }, …]`".to_owned(),
        ));
    }
    let mut rows = Vec::new();
    reader.list(|reader| {
        let line = reader.line;
        let cells = match reader.peek() {
            Some('{') => Cells::Named(reader.object(0)?),
            Some('[') => Cells::Listed(reader.cells(0)?),
            None => return Err(reader.expected("another row")),
            _ => {
                return Err(reader.problem(format!(
                    "row {} is neither an object, whose keys are the names of the parameters, nor \
                     a list of their values",
                    rows.len() + 1
                )));
            }
        };
        rows.push(Row { line, cells });
        Ok(())
    })?;
    reader.end()?;
    Ok(rows)
}

/// One value that is all of a text.
pub(crate) fn value(text: &str) -> Option<Json> {
    let mut reader = Reader::new(text);
    reader.space();
    let value = reader.value(0).ok()?;
    reader.end().ok()?;
    Some(value)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// Counted on the way: every row and every field has one.
    line: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        self.line += usize::from(letter == '\n');
        Some(letter)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.next();
        }
    }

    fn problem(&self, message: String) -> Problem {
        Problem {
            line: self.line,
            message,
        }
    }

    fn expected(&self, what: &str) -> Problem {
        let found = self
            .peek()
            .map_or_else(|| "the file ends".to_owned(), |it| format!("`{it}` stands"));
        self.problem(format!("{found} where JSON has {what}"))
    }

    fn end(&mut self) -> Result<(), Problem> {
        self.space();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.expected("its end")),
        }
    }

    /// The elements between `[` and `]`; the reader stands at the `[`.
    fn list(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        self.sequence(']', &mut element)
    }

    fn sequence(
        &mut self,
        close: char,
        element: &mut dyn FnMut(&mut Self) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        self.next();
        self.space();
        if self.peek() == Some(close) {
            self.next();
            return Ok(());
        }
        loop {
            self.space();
            if self.peek() == Some(close) {
                return Err(self.problem(format!(
                    "the last `,` before this `{close}` is one too many; remove it"
                )));
            }
            element(self)?;
            self.space();
            match self.peek() {
                Some(',') => self.next(),
                Some(letter) if letter == close => {
                    self.next();
                    return Ok(());
                }
                _ => return Err(self.expected(&format!("`,` or `{close}`"))),
            };
        }
    }

    fn object(&mut self, depth: usize) -> Result<Vec<(String, Cell)>, Problem> {
        let mut fields: Vec<(String, Cell)> = Vec::new();
        self.sequence('}', &mut |reader| {
            if reader.peek() != Some('"') {
                return Err(reader.expected("a key in quotes"));
            }
            let line = reader.line;
            let key = reader.string()?;
            if fields.iter().any(|(other, _)| *other == key) {
                return Err(Problem {
                    line,
                    message: format!("field `{key}` is there twice"),
                });
            }
            reader.space();
            if reader.peek() != Some(':') {
                return Err(reader.expected("`:`"));
            }
            reader.next();
            reader.space();
            let cell = reader.cell(depth + 1)?;
            fields.push((key, cell));
            Ok(())
        })?;
        Ok(fields)
    }

    fn cells(&mut self, depth: usize) -> Result<Vec<Cell>, Problem> {
        let mut cells = Vec::new();
        self.list(|reader| {
            cells.push(reader.cell(depth + 1)?);
            Ok(())
        })?;
        Ok(cells)
    }

    fn cell(&mut self, depth: usize) -> Result<Cell, Problem> {
        let start = self.at;
        let value = self.value(depth)?;
        Ok(Cell::Json(value, self.text[start..self.at].to_owned()))
    }

    fn value(&mut self, depth: usize) -> Result<Json, Problem> {
        if depth > DEPTH {
            return Err(self.problem(format!(
                "values nest deeper than {DEPTH} levels; make them flatter"
            )));
        }
        match self.peek() {
            Some('{') => self.object(depth).map(|_| Json::Object),
            Some('[') => self.cells(depth).map(Json::List),
            Some('"') => self.string().map(Json::Text),
            Some('-' | '0'..='9') => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Json, Problem> {
        const WORDS: [(&str, Json); 3] = [
            ("null", Json::Null),
            ("true", Json::Bool(true)),
            ("false", Json::Bool(false)),
        ];
        for (word, value) in WORDS {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.expected(
            "a value: a text in quotes, a number, `true`, `false`, `null`, a list or an object",
        ))
    }

    fn number(&mut self) -> Result<Json, Problem> {
        let start = self.at;
        if self.peek() == Some('-') {
            self.next();
        }
        let whole = self.digits()?;
        if whole.len() > 1 && whole.starts_with('0') {
            return Err(self.problem("a number has no leading zeros; remove them".to_owned()));
        }
        if self.peek() == Some('.') {
            self.next();
            self.digits()?;
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            self.next();
            if matches!(self.peek(), Some('+' | '-')) {
                self.next();
            }
            self.digits()?;
        }
        Ok(Json::Number(self.text[start..self.at].to_owned()))
    }

    fn digits(&mut self) -> Result<&'t str, Problem> {
        let start = self.at;
        while matches!(self.peek(), Some('0'..='9')) {
            self.next();
        }
        if start == self.at {
            return Err(self.expected("a digit"));
        }
        Ok(&self.text[start..self.at])
    }

    fn string(&mut self) -> Result<String, Problem> {
        self.next();
        let mut text = String::new();
        loop {
            match self.peek() {
                Some('"') => {
                    self.next();
                    return Ok(text);
                }
                Some('\\') => {
                    self.next();
                    text.push(self.escaped()?);
                }
                Some('\0'..='\u{1f}') | None => {
                    return Err(self.problem(
                        "the closing quote of a string is missing on its line; a line end within it is written `\\n`".to_owned(),
                    ));
                }
                Some(letter) => {
                    self.next();
                    text.push(letter);
                }
            }
        }
    }

    fn escaped(&mut self) -> Result<char, Problem> {
        let letter = match self.peek() {
            Some(plain @ ('"' | '\\' | '/')) => plain,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                self.next();
                return self.code_point();
            }
            _ => return Err(self.expected("an escape such as `\\n`")),
        };
        self.next();
        Ok(letter)
    }

    fn code_point(&mut self) -> Result<char, Problem> {
        let first = self.unit()?;
        let code = if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u") {
            self.at += 2;
            let second = self.unit()?;
            if (0xdc00..0xe000).contains(&second) {
                0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
            } else {
                first
            }
        } else {
            first
        };
        char::from_u32(code).ok_or_else(|| {
            self.problem(format!(
                "`\\u{first:04x}` is half of a pair whose other half is missing; write the letter itself"
            ))
        })
    }

    fn unit(&mut self) -> Result<u32, Problem> {
        let digits = self.text.get(self.at..self.at + 4).unwrap_or_default();
        if digits.len() != 4 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(self.expected("four hexadecimal digits"));
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|error| self.problem(error.to_string()))
    }
}
