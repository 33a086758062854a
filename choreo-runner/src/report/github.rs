//! What GitHub shows of a run beside its log: annotations at the source lines of failures, and a summary.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use choreo_report::causes;
use choreo_report::merge::Merged;
use choreo_report::model::{Outcome, Report};
use choreo_report::partial::RunId;
use choreo_report::redact::Redactor;

use super::Environment;
use super::record;
use crate::registry::Test;
use crate::verdict::{Kind, Status, Verdict};

/// GitHub shows ten errors and ten warnings of a step, and drops the others.
const ANNOTATIONS: usize = 10;

/// Characters of a text in an annotation or in the summary.
const LONGEST: usize = 4_000;

/// GitHub drops a summary of a step that is larger than 1 MiB.
const LARGEST_SUMMARY: usize = 512 * 1024;

/// Why a run is not in the summary of the step.
#[derive(Debug, thiserror::Error)]
pub(super) enum SummaryError {
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{} would be longer than 512 KiB, and GitHub drops what is much longer", path.display())]
    TooLong { path: PathBuf },
}

/// GitHub, if it runs us.
#[derive(Debug, Clone)]
pub(super) struct GitHub {
    /// Where source files are, from where GitHub looks.
    sources: PathBuf,
    summary: Option<PathBuf>,
    errors: Vec<String>,
    warnings: Vec<String>,
}

impl GitHub {
    pub(super) fn detect(workspace: &Path, environment: Environment<'_>) -> Option<Self> {
        if environment("GITHUB_ACTIONS").as_deref() != Some("true") {
            return None;
        }
        let checkout = environment("GITHUB_WORKSPACE").map(PathBuf::from);
        let below = |checkout: &Path| workspace.strip_prefix(checkout).ok().map(Path::to_owned);
        Some(Self {
            sources: checkout.as_deref().and_then(below).unwrap_or_default(),
            summary: environment("GITHUB_STEP_SUMMARY")
                .filter(|path| !path.is_empty())
                .map(PathBuf::from),
            errors: Vec::new(),
            warnings: Vec::new(),
        })
    }

    /// Notes a failure, or that a test was slow.
    pub(super) fn finished(&mut self, test: &Test, verdict: &Verdict) {
        let slow = verdict.kind == Kind::Outcome(Outcome::Slow);
        let (level, annotations) = match verdict.status {
            Status::Failed => ("error", &mut self.errors),
            Status::Passed if slow => ("warning", &mut self.warnings),
            _ => return,
        };
        if annotations.len() >= ANNOTATIONS {
            return;
        }
        let file = self.sources.join(test.case.file);
        let mut text = record::text(verdict).unwrap_or_else(|| format!("slow {}", verdict.detail));
        // Annotations are kept and shown beside the code, unlike the log.
        Redactor::of_process().text(&mut text);
        annotations.push(format!(
            "::{level} file={},line={},title={}::{}\n",
            property(&file.to_string_lossy()),
            test.case.line,
            property(&test.name),
            escaped(shortened(&text)),
        ));
    }

    /// Lines that GitHub reads in the output of a step.
    pub(super) fn annotations(self) -> String {
        self.errors.into_iter().chain(self.warnings).collect()
    }

    /// Puts the report so far into the summary of the step, in the place of what was there of the same run.
    pub(super) fn summarise(&self, run: &RunId, merged: &Merged) -> Result<(), SummaryError> {
        let Some(path) = &self.summary else {
            return Ok(());
        };
        let error = |action, source| SummaryError::Io {
            action,
            path: path.clone(),
            source,
        };
        let present = match fs::read_to_string(path) {
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => String::new(),
            read => read.map_err(|source| error("read", source))?,
        };
        let text = replaced(&present, run.as_str(), &markdown(merged));
        if text.len() > LARGEST_SUMMARY {
            return Err(SummaryError::TooLong { path: path.clone() });
        }
        fs::write(path, text).map_err(|source| error("write", source))
    }
}

/// The summary of a run.
fn markdown(merged: &Merged) -> String {
    let report = Report::new(merged.run.clone(), merged.failures.clone());
    let totals = &merged.run.totals;
    let mut text = format!(
        "### Choreo: {}\n\n\
         | passed | slow | failed | errored | skipped |\n| ---: | ---: | ---: | ---: | ---: |\n\
         | {} | {} | {} | {} | {} |\n\n",
        inline(&causes::verdict(&report)),
        totals.passed,
        totals.slow,
        totals.failed,
        totals.errored,
        totals.skipped
    );
    for notice in causes::notices(&report) {
        text.push_str(&format!("> {}\n\n", inline(&notice.to_string())));
    }
    for test in &merged.failures {
        let cause = causes::of_test(test).map(|failure| failure.cause.text);
        text.push_str(&format!(
            "<details><summary><code>{}</code> {}</summary>\n\n",
            inline(&test.nodeid),
            inline(cause.as_deref().unwrap_or_default())
        ));
        if let Some(why) = &test.failure_text {
            text.push_str(&format!("<pre>{}</pre>\n\n", inline(shortened(why))));
        }
        if let Some(rerun) = &test.rerun {
            text.push_str(&format!("<pre>{}</pre>\n\n", inline(rerun)));
        }
        text.push_str("</details>\n\n");
    }
    let failed = totals.failed + totals.errored;
    let shown = merged.failures.len() as u64;
    if failed > shown {
        text.push_str(&format!(
            "{} more failed; the report has them all.\n\n",
            failed - shown
        ));
    }
    text
}

/// The text with the section of a run in place of the one that is there, or at the end.
fn replaced(text: &str, run: &str, section: &str) -> String {
    let (start, end) = (
        format!("<!-- choreo {run} -->\n"),
        format!("<!-- end of choreo {run} -->\n"),
    );
    let section = format!("{start}{section}{end}");
    if let Some((before, rest)) = text.split_once(&start)
        && let Some((_, after)) = rest.split_once(&end)
    {
        return format!("{before}{section}{after}");
    }
    let line = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{text}{line}{section}")
}

/// Text for HTML inside of Markdown: nothing in it means anything to either.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // An empty line would end the block of HTML.
            '\n' => out.push_str("&#10;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | ':' | '@' | '$' => {
                out.push_str(&format!("&#{};", u32::from(c)));
            }
            c if c.is_control() && c != '\t' => {}
            c => out.push(c),
        }
    }
    out
}

fn shortened(text: &str) -> &str {
    let end = text.char_indices().nth(LONGEST).map(|(end, _)| end);
    end.map_or(text, |end| &text[..end])
}

/// The text of a command to GitHub.
fn escaped(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a command to GitHub.
fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_a_command() {
        assert_eq!(escaped("100 %\r\n::error::x"), "100 %25%0D%0A::error::x");
        assert_eq!(property("a::b, c\n"), "a%3A%3Ab%2C c%0A");
    }

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(
            inline("</pre>\n\n**x** `y` @who"),
            "&lt;/pre&gt;&#10;&#10;&#42;&#42;x&#42;&#42; &#96;y&#96; &#64;who"
        );
    }

    #[test]
    fn a_run_has_one_section_which_is_replaced() {
        let once = replaced("other tool's\n", "run-1", "first\n");
        let twice = replaced(&once, "run-1", "second\n");
        assert_eq!(
            twice,
            "other tool's\n<!-- choreo run-1 -->\nsecond\n<!-- end of choreo run-1 -->\n"
        );
        let both = replaced(&twice, "run-2", "third\n");
        assert!(both.contains("second\n") && both.ends_with("<!-- end of choreo run-2 -->\n"));
    }

    #[test]
    fn it_is_detected_with_the_place_of_the_sources() {
        let variables = |name: &str| {
            match name {
                "GITHUB_ACTIONS" => Some("true"),
                "GITHUB_WORKSPACE" => Some("/work/shop"),
                _ => None,
            }
            .map(str::to_owned)
        };
        let github = GitHub::detect(Path::new("/work/shop/backend"), &variables);
        assert_eq!(github.map(|github| github.sources), Some("backend".into()));
        assert!(GitHub::detect(Path::new("/work"), &|_| None).is_none());
    }
}
