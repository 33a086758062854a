//! What a scenario says when Rust's own test harness runs it instead of `choreo::main!()`.

use std::path::Path;

/// Fails the test that stands beside every scenario: it runs only where the target's own `main`
/// does not, and scenarios would be left out without a word.
///
/// # Panics
///
/// Always, with what to add to `Cargo.toml`.
#[track_caller]
pub fn not_run_by_choreo(scenario: &str, file: &str, crate_name: Option<&str>) -> ! {
    panic!("{}", explanation(scenario, file, crate_name));
}

fn explanation(scenario: &str, file: &str, crate_name: Option<&str>) -> String {
    let path = Path::new(file);
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let is_test_file = path
        .parent()
        .and_then(Path::file_name)
        .is_some_and(|folder| folder == "tests");
    // A file below `tests/` is a target of its name; a module is part of the crate's target.
    let target = match (stem, crate_name) {
        (Some(stem), Some(crate_name)) if stem.replace('-', "_") == crate_name => stem,
        (Some(stem), None) if is_test_file => stem,
        (_, Some(crate_name)) => crate_name,
        _ => "…",
    };
    format!(
        "the scenario `{scenario}` was not run: this test target uses Rust's own test harness, \
         and scenarios run under Choreo's.\n\n\
         Add to Cargo.toml:\n\n    \
         [[test]]\n    \
         name = \"{target}\"\n    \
         harness = false\n\n\
         and end the target's root file with:\n\n    \
         fn main() {{ choreo::main!() }}\n\n\
         Scenarios that stand in src/ belong to the target of the library: move them into a file \
         below tests/.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_to_add_name_the_target_of_the_file() {
        let text = explanation("typed", "tests/order-flow.rs", Some("order_flow"));
        assert!(text.contains("`typed`"), "{text}");
        assert!(
            text.contains("[[test]]\n    name = \"order-flow\"\n    harness = false\n"),
            "{text}"
        );
    }

    #[test]
    fn a_module_belongs_to_the_target_of_its_crate() {
        let text = explanation("typed", "tests/suite/orders.rs", Some("suite"));
        assert!(text.contains("name = \"suite\""), "{text}");
    }

    #[test]
    fn without_cargo_the_file_names_the_target() {
        let text = explanation("typed", "tests/orders.rs", None);
        assert!(text.contains("name = \"orders\""), "{text}");
    }

    #[test]
    #[should_panic(expected = "harness = false")]
    fn it_fails_the_test() {
        not_run_by_choreo("typed", "tests/orders.rs", None);
    }
}
