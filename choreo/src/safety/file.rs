//! The files of an allowlist: `choreo.toml` and `allowlist.yaml`. Errors have line and column, and
//! never quote an entry: it could hold a password.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use saphyr_parser::{Event, Marker, Parser, ScanError, Span};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::allowlist::{COMMON_KEY, Entry, Found, TRANSPORT_KEYS, key_of};

/// The file of which the section `[allow]` is read.
pub(crate) const TOML_NAME: &str = "choreo.toml";

/// The file of Choreo for Python.
pub(crate) const YAML_NAME: &str = "allowlist.yaml";

/// Categories of the YAML file, and the keys of `[allow]` that they stand for.
const CATEGORIES: [(&str, &str); 4] = [
    ("nats_servers", "nats"),
    ("kafka_brokers", "kafka"),
    ("amqp_brokers", "rabbitmq"),
    ("redis_servers", "redis"),
];

/// The category of an in-memory transport: it opens no socket, so nothing is checked.
const MOCK_CATEGORY: &str = "mock_endpoints";

/// Why an allowlist could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AllowlistError {
    /// The file exists and cannot be read.
    #[error("cannot read the allowlist {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is malformed.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What is wrong and what to write instead.
        message: String,
    },
}

/// What is wrong and where, before the file's name is known.
struct Flaw {
    line: usize,
    column: usize,
    message: String,
}

/// The category of the YAML file for a transport's name, if there is one.
pub(crate) fn category_of(transport: &str) -> Option<&'static str> {
    let wanted = key_of(transport);
    let mut categories = CATEGORIES.iter();
    let (category, _) = categories.find(|(_, key)| *key == wanted)?;
    Some(category)
}

/// Reads both files of a directory, as far as they are there.
pub(crate) fn read_directory(directory: &Path) -> Result<Found, AllowlistError> {
    let mut found = Found::default();
    for (name, reader) in [
        (TOML_NAME, read_toml as fn(&str, &mut Found) -> _),
        (YAML_NAME, read_yaml),
    ] {
        let path = directory.join(name);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if is_absent(&error) => continue,
            Err(source) => return Err(AllowlistError::Read { path, source }),
        };
        match reader(&text, &mut found) {
            Ok(true) => found.files.push(path),
            Ok(false) => {}
            Err(Flaw {
                line,
                column,
                message,
            }) => {
                return Err(AllowlistError::Malformed {
                    path,
                    line,
                    column,
                    message,
                });
            }
        }
    }
    Ok(found)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Reads `[allow]`; false when there is no such section.
fn read_toml(text: &str, found: &mut Found) -> Result<bool, Flaw> {
    let flaw_at = |offset: usize, message: String| {
        let (line, column) = position(text, offset);
        Flaw {
            line,
            column,
            message,
        }
    };
    let document = DeTable::parse(text).map_err(|error| {
        flaw_at(
            error.span().map_or(0, |span| span.start),
            format!("invalid TOML: {}", error.message()),
        )
    })?;
    let Some(allow) = document.get_ref().get("allow") else {
        return Ok(false);
    };
    let DeValue::Table(allow_table) = allow.get_ref() else {
        return Err(flaw_at(
            allow.span().start,
            "`allow` must be a section: `[allow]`".into(),
        ));
    };
    for (key, value) in allow_table {
        let Some(known) = known_key(key.get_ref()) else {
            return Err(flaw_at(
                key.span().start,
                format!(
                    "unknown key `{}` in [allow]; known keys are `{COMMON_KEY}`, `{}`",
                    key.get_ref().escape_debug(),
                    TRANSPORT_KEYS.join("`, `")
                ),
            ));
        };
        let DeValue::Array(items) = value.get_ref() else {
            return Err(flaw_at(value.span().start, list_wanted(known)));
        };
        for item in items {
            let offset = Spanned::span(item).start;
            let DeValue::String(entry) = item.get_ref() else {
                return Err(flaw_at(offset, list_wanted(known)));
            };
            let entry = Entry::parse(known, entry)
                .map_err(|error| flaw_at(offset, format!("entry of `{known}`: {error}")))?;
            found.entries.push(entry);
        }
    }
    Ok(true)
}

fn known_key(text: &str) -> Option<&'static str> {
    [COMMON_KEY]
        .into_iter()
        .chain(TRANSPORT_KEYS)
        .find(|known| *known == text)
}

fn list_wanted(key: &str) -> String {
    format!("`{key}` must be a list of texts: `{key} = [\"host:port\"]`")
}

/// Line and column, both from 1, of a byte offset.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before[start..].chars().count() + 1,
    )
}

impl Flaw {
    fn at(mark: &Marker, message: impl Into<String>) -> Self {
        Self {
            line: mark.line(),
            column: mark.col() + 1,
            message: message.into(),
        }
    }
}

impl From<ScanError> for Flaw {
    fn from(error: ScanError) -> Self {
        Self::at(error.marker(), format!("invalid YAML: {}", error.info()))
    }
}

/// What is needed of YAML: a mapping from categories to lists of texts.
struct Yaml<'text>(Parser<'text, saphyr_parser::StrInput<'text>>);

impl<'text> Yaml<'text> {
    /// The next event that carries content.
    fn next(&mut self) -> Result<(Event<'text>, Span), Flaw> {
        loop {
            let Some(next) = self.0.next() else {
                return Ok((Event::StreamEnd, Span::default()));
            };
            match next? {
                (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
                (Event::Alias(_), span) => {
                    return Err(Flaw::at(
                        &span.start,
                        "aliases are not read here: write the list out",
                    ));
                }
                other => return Ok(other),
            }
        }
    }

    /// Goes past a value of which the first event has been read.
    fn skip(&mut self, first: &Event<'_>) -> Result<(), Flaw> {
        let mut depth = usize::from(opens(first));
        while depth > 0 {
            let (event, span) = self.next()?;
            match event {
                Event::MappingEnd | Event::SequenceEnd => depth -= 1,
                // A parser that ends in the middle would otherwise keep us here.
                Event::StreamEnd => return Err(Flaw::at(&span.start, "the file ends too early")),
                other => depth += usize::from(opens(&other)),
            }
        }
        Ok(())
    }
}

fn opens(event: &Event<'_>) -> bool {
    matches!(event, Event::MappingStart(..) | Event::SequenceStart(..))
}

/// Reads an allowlist of Choreo for Python; always true: the file as a whole is an allowlist.
fn read_yaml(text: &str, found: &mut Found) -> Result<bool, Flaw> {
    const SHAPE: &str = "an allowlist is a mapping from categories to lists: `nats_servers:` and \
                         below it `- host:port`";
    let mut yaml = Yaml(Parser::new_from_str(text));
    let (first, span) = yaml.next()?;
    match &first {
        // An empty file is an empty allowlist.
        Event::StreamEnd => return Ok(true),
        Event::DocumentEnd => {}
        Event::Scalar(value, ..) if matches!(&**value, "" | "~" | "null") => {}
        Event::MappingStart(..) => read_categories(&mut yaml, found)?,
        _ => return Err(Flaw::at(&span.start, SHAPE)),
    }
    loop {
        match yaml.next()? {
            (Event::DocumentEnd, _) => {}
            (Event::StreamEnd, _) => return Ok(true),
            (_, span) => return Err(Flaw::at(&span.start, "only one YAML document is read here")),
        }
    }
}

fn read_categories(yaml: &mut Yaml<'_>, found: &mut Found) -> Result<(), Flaw> {
    let mut seen: Vec<String> = Vec::new();
    loop {
        let (event, span) = yaml.next()?;
        let category = match event {
            Event::MappingEnd => return Ok(()),
            Event::Scalar(name, ..) => name.into_owned(),
            _ => return Err(Flaw::at(&span.start, "a category must be a text")),
        };
        if seen.contains(&category) {
            return Err(Flaw::at(
                &span.start,
                format!("category `{category}` stands here twice"),
            ));
        }
        let key = CATEGORIES
            .iter()
            .find(|(name, _)| *name == category)
            .map(|(_, key)| *key);
        let (value, value_span) = yaml.next()?;
        match (key, &value) {
            (Some(key), Event::SequenceStart(..)) => read_entries(yaml, key, &category, found)?,
            (Some(_), _) => {
                return Err(Flaw::at(
                    &value_span.start,
                    format!("`{category}` must be a list of texts"),
                ));
            }
            (None, _) => {
                yaml.skip(&value)?;
                if category != MOCK_CATEGORY {
                    found.ignored.push(category.escape_debug().to_string());
                }
            }
        }
        seen.push(category);
    }
}

fn read_entries(
    yaml: &mut Yaml<'_>,
    key: &'static str,
    category: &str,
    found: &mut Found,
) -> Result<(), Flaw> {
    loop {
        let (event, span) = yaml.next()?;
        match event {
            Event::SequenceEnd => return Ok(()),
            Event::Scalar(text, ..) => {
                let entry = Entry::parse(key, &text).map_err(|error| {
                    Flaw::at(&span.start, format!("entry of `{category}`: {error}"))
                })?;
                found.entries.push(entry);
            }
            _ => {
                return Err(Flaw::at(
                    &span.start,
                    format!("`{category}` must be a list of texts"),
                ));
            }
        }
    }
}
