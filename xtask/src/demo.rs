//! README's first command, run as a reader would, and its output checked for what README promises.

use crate::Done;
use crate::step::Step;

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
    check(&text)
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

fn check(output: &str) -> Done {
    for (words, meaning) in PROMISED {
        if !output.contains(words) {
            return Err(format!(
                "the demo no longer shows {meaning}: no `{words}` in its output"
            ));
        }
    }
    Ok(())
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
        assert_eq!(check(&whole), Ok(()));
        for (words, _) in PROMISED {
            assert!(check(&whole.replace(words, "")).is_err(), "{words}");
        }
    }
}
