//! The outputs that READMEs show: their commands are run as a reader would, and what they print is compared
//! with what the README shows.

use crate::step::Step;
use crate::{Done, root};

/// A command whose output a README shows.
struct Demo {
    readme: &'static str,
    command: &'static str,
    /// What has to be in the output, and what it stands for.
    promised: &'static [(&'static str, &'static str)],
}

const DEMOS: [Demo; 2] = [
    Demo {
        readme: "README.md",
        command: "test -p hello-world --test in_memory -- --nocapture",
        promised: &[
            (
                "a_created_order_is_processed ... ok (",
                "a scenario that passes",
            ),
            ("... ok SLOW (", "a scenario over its budget"),
            (
                "none matched",
                "the text for a message that came and was wrong",
            ),
            (
                "nothing came within",
                "the text for a message that never came",
            ),
        ],
    },
    Demo {
        readme: "examples/07-saga/README.md",
        command: "test -p saga --test in_memory an_express -- --nocapture",
        promised: &[
            (
                "failed as expected: fail",
                "a scenario that fails as it should",
            ),
            ("  act 2\n", "what became of each act"),
            ("in which none may", "the text for a forbidden message"),
        ],
    },
];

/// Runs every command, the first one first.
pub(crate) fn run() -> Done {
    DEMOS.iter().try_for_each(Demo::run)
}

impl Demo {
    fn run(&self) -> Done {
        let step = Step::cargo("demo", self.command);
        println!("\n── demo ── {}", step.shell());
        let output = step
            .command()
            .output()
            .map_err(|error| format!("cannot start `{}`: {error}", step.shell()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        println!("{text}");
        if !output.status.success() {
            let log = String::from_utf8_lossy(&output.stderr);
            return Err(format!("the demo failed ({}):\n{log}", output.status));
        }
        promises(self.promised, &text)?;
        let readme = std::fs::read_to_string(root().join(self.readme))
            .map_err(|error| format!("cannot read {}: {error}", self.readme))?;
        shown(self.readme, &readme, &text)
    }
}

fn promises(promised: &[(&str, &str)], output: &str) -> Done {
    for (words, meaning) in promised {
        if !output.contains(words) {
            return Err(format!(
                "the demo no longer shows {meaning}: no `{words}` in its output"
            ));
        }
    }
    Ok(())
}

/// Every text block of a README is output of its command, but for times and ids.
fn shown(name: &str, readme: &str, output: &str) -> Done {
    let output: Vec<String> = output.lines().map(scrubbed).collect();
    for block in readme.split("```text\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        let lines: Vec<String> = block.lines().map(scrubbed).collect();
        if !output.windows(lines.len()).any(|window| window == lines) {
            let missing = lines.iter().find(|line| !output.contains(line));
            return Err(format!(
                "{name} shows an output that its command no longer prints; take the new one over. \
                 The first line that is not there: {missing:?}\n{block}"
            ));
        }
    }
    Ok(())
}

/// A line without what differs from run to run: times, ids, and the column widths that follow from them.
fn scrubbed(line: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        let is_unit = ["ns", "µs", "ms", "s"].contains(&word.trim_end_matches([',', ';']));
        match words.last_mut() {
            Some(number) if is_unit && is_number(number) => *number = "<time>".to_owned(),
            _ => words.push(without_ids(word)),
        }
    }
    words.join(" ")
}

fn is_number(word: &str) -> bool {
    word.trim_start_matches('+').parse::<f64>().is_ok()
}

/// Ids are 32 hexadecimal digits.
fn without_ids(word: &str) -> String {
    let is_id = |part: &str| part.len() == 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts = word
        .split('"')
        .map(|part| if is_id(part) { "id" } else { part });
    parts.collect::<Vec<_>>().join("\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_promise_is_checked() {
        for demo in DEMOS {
            let promised = demo.promised;
            let whole: String = promised
                .iter()
                .map(|(words, _)| format!("{words}\n"))
                .collect();
            assert_eq!(promises(promised, &whole), Ok(()));
            for (words, _) in promised {
                let without = whole.replace(words, "");
                assert!(promises(promised, &without).is_err(), "{words}");
            }
        }
    }

    #[test]
    fn readme_shows_what_is_printed() {
        let output = "one\n  +20.9 µs  ready\n  pass: 387 µs\n  {\"id\":\"aa79621590b14a35d5c569b8eefc201e\"}\ntwo\n";
        let readme = "Text.\n```text\n   +1.2 ms  ready\npass: 2 ms\n{\"id\":\"00000000000000000000000000000000\"}\n```\n";
        let shown = |readme: &str| shown("README.md", readme, output);
        assert_eq!(shown(readme), Ok(()));
        for (now, then) in [
            ("ready", "late"),
            ("{\"id\"", "{\"key\""),
            ("2 ms", "2 places"),
        ] {
            assert!(shown(&readme.replace(now, then)).is_err(), "{then}");
        }
    }
}
