//! README's first command, run as a reader would, and its output compared with what README shows.

use crate::step::Step;
use crate::{Done, root};

/// Runs the hello-world scenarios in memory.
pub(crate) fn run() -> Done {
    let step = Step::cargo(
        "demo",
        "test -p hello-world --test in_memory -- --nocapture",
    );
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
    promises(&text)?;
    let readme = std::fs::read_to_string(root().join("README.md"))
        .map_err(|error| format!("cannot read README.md: {error}"))?;
    shown(&readme, &text)
}

/// What has to be in the output, and what it stands for.
const PROMISED: &[(&str, &str)] = &[
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
];

fn promises(output: &str) -> Done {
    for (words, meaning) in PROMISED {
        if !output.contains(words) {
            return Err(format!(
                "the demo no longer shows {meaning}: no `{words}` in its output"
            ));
        }
    }
    Ok(())
}

/// Every text block of README is output of the demo, but for times and ids.
fn shown(readme: &str, output: &str) -> Done {
    let output: Vec<String> = output.lines().map(scrubbed).collect();
    for block in readme.split("```text\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        let lines: Vec<String> = block.lines().map(scrubbed).collect();
        if !output.windows(lines.len()).any(|window| window == lines) {
            let missing = lines.iter().find(|line| !output.contains(line));
            return Err(format!(
                "README.md shows an output that the demo no longer prints; take the new one over. \
                 The first line that is not there: {missing:?}\n{block}"
            ));
        }
    }
    Ok(())
}

/// A line without what differs from run to run: times since the trigger, ids, and the column widths
/// that follow from them.
fn scrubbed(line: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut time = false;
    for word in line.split_whitespace() {
        if std::mem::take(&mut time) {
            continue;
        }
        time = word
            .strip_prefix('+')
            .is_some_and(|number| number.parse::<f64>().is_ok());
        words.push(if time {
            "+".to_owned()
        } else {
            without_ids(word)
        });
    }
    words.join(" ")
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
        let whole: String = PROMISED
            .iter()
            .map(|(words, _)| format!("{words}\n"))
            .collect();
        assert_eq!(promises(&whole), Ok(()));
        for (words, _) in PROMISED {
            assert!(promises(&whole.replace(words, "")).is_err(), "{words}");
        }
    }

    #[test]
    fn readme_shows_what_is_printed() {
        let output =
            "one\n  +20.9 µs  ready\n  {\"id\":\"aa79621590b14a35d5c569b8eefc201e\"}\ntwo\n";
        let readme = "Text.\n```text\n   +1.2 ms  ready\n{\"id\":\"00000000000000000000000000000000\"}\n```\n";
        assert_eq!(shown(readme, output), Ok(()));
        assert!(shown(&readme.replace("ready", "late"), output).is_err());
        assert!(shown(&readme.replace("{\"id\"", "{\"key\""), output).is_err());
    }
}
