//! Markdown, for an issue or the summary of a CI step: the verdict, the failures by cause, what was slow.

use std::fmt::Write as _;

use crate::causes::{self, Failure, Group};
use crate::model::{Handle, Outcome, Report, Test, TestOutcome};

/// Tests of one cause that are listed.
const TESTS: usize = 20;

/// Causes that are listed.
const CAUSES: usize = 50;

/// Beyond so much no further cause is listed: summaries of CI steps may have a megabyte.
const BYTES: usize = 400_000;

/// Slow tests that are listed.
const SLOW: usize = 20;

/// Characters of a cell.
const CELL_CHARS: usize = 300;

/// The report in Markdown. Where it lists less than there is, it says so; whatever names and messages
/// hold is text and no mark-up.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    line(&mut out, &format!("## {}", title(report)));
    line(&mut out, &format!("**{}**", text(&causes::verdict(report))));
    for notice in causes::notices(report) {
        let count = match notice.count {
            0 | 1 => String::new(),
            count => format!("{count}: "),
        };
        line(&mut out, &format!("> ⚠️ {count}{}", text(&notice.text)));
    }
    let groups = causes::groups(report);
    let mut shown = 0;
    for group in groups.iter().take(CAUSES) {
        if out.len() > BYTES {
            break;
        }
        self::group(&mut out, group);
        shown += 1;
    }
    more(&mut out, groups.len() - shown, "causes");
    slow(&mut out, report);
    table(&mut out, report);
    out
}

fn title(report: &Report) -> String {
    match &report.run.project_name {
        Some(name) => format!("Test report of {}", text(name)),
        None => "Test report".to_owned(),
    }
}

/// A paragraph.
fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push_str("\n\n");
}

fn more(out: &mut String, count: usize, what: &str) {
    if count > 0 {
        line(out, &format!("… and {count} more {what}."));
    }
}

fn group(out: &mut String, group: &Group<'_>) {
    let mut head = text(&group.kind.as_str().replace('_', " "));
    if let Some(topic) = group.topic {
        _ = write!(head, " on {}", code(topic));
    }
    if let Some(path) = group.path.filter(|path| !path.is_empty()) {
        _ = write!(head, " at {}", code(path));
    }
    let count = group.failures.len();
    let count = if count > 1 {
        format!(" ({count} tests)")
    } else {
        String::new()
    };
    line(out, &format!("### ❌ {head}{count}"));
    for failure in group.failures.iter().take(TESTS) {
        self::failure(out, failure);
    }
    out.push('\n');
    more(
        out,
        group.failures.len().saturating_sub(TESTS),
        "tests with this cause",
    );
}

fn failure(out: &mut String, failure: &Failure<'_>) {
    let test = failure.test;
    _ = write!(
        out,
        "- {}: {}",
        code(&test.nodeid),
        text(&failure.cause.text)
    );
    if let Some(location) = failure
        .handle
        .and_then(|h| h.location.as_ref())
        .or(test.location.as_ref())
    {
        _ = write!(
            out,
            " ({})",
            code(&format!("{}:{}", location.file, location.line))
        );
    }
    if let Some(case) = &test.case {
        _ = write!(out, "  \n  case: {}", code(&case.to_string()));
    }
    if let Some(rerun) = &test.rerun {
        _ = write!(out, "  \n  run it again: {}", code(rerun));
    }
    out.push('\n');
}

fn slow(out: &mut String, report: &Report) {
    let slow: Vec<(&Test, &Handle)> = report
        .tests
        .iter()
        .filter(|test| test.outcome == TestOutcome::Slow)
        .filter_map(|test| {
            let handles = test.scenarios.iter().flat_map(|scenario| &scenario.handles);
            let over = handles.filter(|handle| handle.exact_outcome() == Some(Outcome::Slow));
            let most = over.max_by(|a, b| excess(a).total_cmp(&excess(b)))?;
            Some((test, most))
        })
        .collect();
    if slow.is_empty() {
        return;
    }
    line(out, "### 🐢 slow");
    out.push_str("| test | topic | latency | budget |\n|---|---|---:|---:|\n");
    for (test, handle) in slow.iter().take(SLOW) {
        let ms = |ms: Option<crate::model::Millis>| {
            ms.map_or(String::new(), |ms| format!("{:.1} ms", ms.get()))
        };
        _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            cell(&test.nodeid),
            cell(&handle.topic),
            ms(handle.latency_ms),
            ms(handle.budget_ms)
        );
    }
    out.push('\n');
    more(out, slow.len().saturating_sub(SLOW), "slow tests");
}

/// How far an expectation is over its budget.
fn excess(handle: &Handle) -> f64 {
    let of = |ms: Option<crate::model::Millis>| ms.unwrap_or_default().get();
    of(handle.latency_ms) - of(handle.budget_ms)
}

fn table(out: &mut String, report: &Report) {
    let run = &report.run;
    let totals = &run.totals;
    out.push_str("| passed | slow | failed | errored | skipped | total | time |\n");
    out.push_str("|---:|---:|---:|---:|---:|---:|---:|\n");
    _ = writeln!(
        out,
        "| {} | {} | {} | {} | {} | {} | {:.1} s |",
        totals.passed,
        totals.slow,
        totals.failed,
        totals.errored,
        totals.skipped,
        totals.total,
        run.duration_ms.get() / 1000.0
    );
}

/// Text that is nothing but text, in one line.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in shortened(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Someone would be told of it.
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() || is_invisible(c) => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Text in fixed width, in one line.
fn code(text: &str) -> String {
    let text: String = shortened(text)
        .chars()
        .map(|c| {
            if c.is_control() || is_invisible(c) {
                ' '
            } else {
                c
            }
        })
        .collect();
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 || text.trim().is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

/// The same in a table, where a bar ends the cell even here.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Turns the direction of what follows, or ends a line.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn shortened(text: &str) -> &str {
    match text.char_indices().nth(CELL_CHARS) {
        None => text,
        Some((end, _)) => &text[..end],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        CaseRow, Cause, CauseKind, Location, Millis, Notice, NoticeKind, Run, Scenario, Timestamp,
    };

    #[test]
    fn the_verdict_leads_and_failures_are_grouped() {
        let now = Timestamp::UNIX_EPOCH;
        let mut run = Run::new(now, now, Millis::new(4321.0).unwrap());
        run.project_name = Some("shop".to_owned());
        run.notices
            .push(Notice::new(NoticeKind::Lost, "a process died", 1));
        let mut failed = Test::new(
            "shop::orders",
            "",
            "orders",
            TestOutcome::Failed,
            Millis::ZERO,
        );
        let mut handle = Handle::new("orders.filled", Outcome::Fail);
        handle.cause = Some(Cause::new(
            CauseKind::WrongValue,
            "`qty` was 300, expected 1000",
        ));
        handle.location = Some(Location::new("tests/shop.rs", 12, 5));
        let mut scenario = Scenario::new("orders", Outcome::Fail, Millis::ZERO);
        scenario.handles.push(handle);
        failed.scenarios.push(scenario);
        let mut row = CaseRow::new(2, "tests/orders.csv", 4);
        row.row = Some(2);
        failed.case = Some(row);
        failed.rerun = Some("cargo test --test shop -- --exact orders".to_owned());
        let mut slow = Test::new("shop::bills", "", "bills", TestOutcome::Slow, Millis::ZERO);
        let mut handle = Handle::new("bills", Outcome::Slow);
        handle.latency_ms = Millis::new(61.25);
        handle.budget_ms = Millis::new(50.0);
        let mut scenario = Scenario::new("bills", Outcome::Slow, Millis::ZERO);
        scenario.handles.push(handle);
        slow.scenarios.push(scenario);
        let tests = vec![slow, failed];
        tests.iter().for_each(|test| run.totals.add(test.outcome));

        let expected = "\
## Test report of shop

**1 of 2 tests failed (1 slow).**

> ⚠️ a process died

### ❌ wrong value on `orders.filled`

- `shop::orders`: \\`qty\\` was 300, expected 1000 (`tests/shop.rs:12`)  
  case: `row 2 of tests/orders.csv, line 4`  
  run it again: `cargo test --test shop -- --exact orders`

### 🐢 slow

| test | topic | latency | budget |
|---|---|---:|---:|
| `shop::bills` | `bills` | 61.2 ms | 50.0 ms |

| passed | slow | failed | errored | skipped | total | time |
|---:|---:|---:|---:|---:|---:|---:|
| 0 | 1 | 1 | 0 | 0 | 2 | 4.3 s |
";
        assert_eq!(render(&Report::new(run, tests)), expected);
    }

    #[test]
    fn long_lists_say_how_much_they_leave_out() {
        let now = Timestamp::UNIX_EPOCH;
        let failed =
            |n: usize| Test::new(format!("t{n}"), "", "t", TestOutcome::Failed, Millis::ZERO);
        let report = Report::new(
            Run::new(now, now, Millis::ZERO),
            (0..50).map(failed).collect(),
        );
        let text = render(&report);
        assert!(text.contains("(50 tests)"), "{text}");
        assert!(
            text.contains("… and 30 more tests with this cause."),
            "{text}"
        );
    }

    #[test]
    fn mark_up_in_names_is_text() {
        assert_eq!(
            text("<b>*x*</b>\n@all"),
            "&lt;b&gt;\\*x\\*&lt;/b&gt; &#64;all"
        );
        assert_eq!(code("a`b``c|d"), "``` a`b``c|d ```");
        assert_eq!(cell("a|b"), "`a\\|b`");
        assert_eq!(code(""), "`  `");
        assert_eq!(code("a\r\n\u{202e}b"), "`a   b`");
    }
}
