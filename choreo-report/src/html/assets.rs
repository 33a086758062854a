//! The page's own parts: its template, its style, and its modules joined into one script.
//!
//! Modules are joined by two rules that make a bundler unnecessary, and that a test holds them to: imports and
//! exports stand at the beginning of a line in the plain forms that [`join`] knows, and a module comes after those
//! that it imports. Each module becomes a function of its own, so names in them do not meet.

use std::fmt::Write as _;
use std::sync::LazyLock;

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

/// The markup, with `{{places}}` for what differs between pages.
const TEMPLATE: &str = include_str!("../../page/template.html");

/// The style sheet.
pub(super) const STYLE: &str = include_str!("../../page/page.css");

macro_rules! modules {
    ($( $name:literal ),+ $(,)?) => {
        /// Name and text of each module, those that others import first.
        const MODULES: &[(&str, &str)] = &[
            $( ($name, include_str!(concat!("../../page/modules/", $name, ".js"))) ),+
        ];
    };
}

modules![
    "text",
    "dom",
    "highlight",
    "state",
    "query",
    "data",
    "search",
    "misses",
    "difflines",
    "payload",
    "events",
    "sequence",
    "waterfall",
    "timeline",
    "expectation",
    "replies",
    "markdown",
    "detail",
    "list",
    "latency",
    "compare",
    "verdict",
    "keys",
    "theme",
    "main",
];

/// The template before and after the place of the chunks, which are written one by one.
pub(super) fn template() -> (&'static str, &'static str) {
    TEMPLATE.split_once("{{chunks}}").unwrap_or((TEMPLATE, ""))
}

/// The pieces of a template: each place with the text before it, and the text after the last.
pub(super) fn places(template: &str) -> impl Iterator<Item = (Option<&str>, &str)> {
    let mut rest = Some(template);
    std::iter::from_fn(move || {
        let text = rest?;
        let found = text.split_once("{{").and_then(|(before, after)| {
            let (place, after) = after.split_once("}}")?;
            Some((before, place, after))
        });
        rest = found.map(|(_, _, after)| after);
        Some(found.map_or((None, text), |(before, place, _)| (Some(place), before)))
    })
}

/// The one script of the page.
pub(super) fn script() -> &'static str {
    static SCRIPT: LazyLock<String> = LazyLock::new(|| join(MODULES));
    &SCRIPT
}

/// What the page may do: run this script, use this style, show what it holds. Nothing else, and no network.
pub(super) fn policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; \
             form-action 'none'",
            hash(script()),
            hash(STYLE)
        )
    });
    &POLICY
}

fn hash(text: &str) -> String {
    BASE64.encode(&Sha256::digest(text.as_bytes()))
}

/// Joins modules into one script in strict mode: each is a function that gives what it exports.
fn join(modules: &[(&str, &str)]) -> String {
    let mut script = String::from("\"use strict\";\n");
    for (name, text) in modules {
        let mut exported: Vec<&str> = Vec::new();
        let mut body = String::new();
        for line in text.lines() {
            if let Some((names, from)) = import(line) {
                // Writing into a string cannot fail.
                let _ = writeln!(body, "const {names} = module_{from};");
            } else if let Some(names) = line
                .strip_prefix("export { ")
                .and_then(|rest| rest.strip_suffix(" };"))
            {
                exported.extend(names.split(", "));
            } else if let Some(rest) = line.strip_prefix("export ") {
                exported.extend(declared(rest));
                let _ = writeln!(body, "{rest}");
            } else if !line.trim_start().starts_with("//") && !line.trim().is_empty() {
                let _ = writeln!(body, "{line}");
            }
        }
        let _ = writeln!(
            script,
            "const module_{name} = (() => {{\n{body}return {{ {} }};\n}})();",
            exported.join(", ")
        );
    }
    script
}

/// `import { a, b } from "./name.js";` as its names and the module's name.
fn import(line: &str) -> Option<(&str, &str)> {
    let (names, from) = line.strip_prefix("import ")?.split_once(" from \"./")?;
    Some((names, from.strip_suffix(".js\";")?))
}

/// The name that a line declares.
fn declared(line: &str) -> Option<&str> {
    let rest = ["async function ", "function ", "class ", "const "]
        .iter()
        .find_map(|word| line.strip_prefix(word))?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    Some(&rest[..end])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_module_on_disk_is_part_of_the_script() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/page/modules");
        let files = std::fs::read_dir(folder).expect("the folder of modules");
        let on_disk: HashSet<String> = files
            .map(|file| {
                file.expect("a file")
                    .file_name()
                    .to_string_lossy()
                    .replace(".js", "")
            })
            .collect();
        let listed: HashSet<String> = MODULES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(on_disk, listed);
    }

    #[test]
    fn modules_keep_to_the_forms_that_are_joined() {
        let mut before: Vec<(&str, String)> = Vec::new();
        for (name, text) in MODULES {
            let mut exported = Vec::new();
            for line in text.lines() {
                if line.starts_with("import") {
                    let (names, from) = import(line).unwrap_or_else(|| panic!("{name}: {line}"));
                    let found = before.iter().find(|(one, _)| *one == from);
                    let (_, offered) =
                        found.unwrap_or_else(|| panic!("{name} comes before {from}"));
                    for wanted in names.trim_matches(['{', '}', ' ']).split(", ") {
                        assert!(
                            offered.contains(&format!(" {wanted},")),
                            "{name}: {from} has no {wanted}"
                        );
                    }
                } else if let Some(rest) = line.strip_prefix("export ") {
                    match rest
                        .strip_prefix("{ ")
                        .and_then(|rest| rest.strip_suffix(" };"))
                    {
                        Some(names) => exported.extend(names.split(", ")),
                        None => exported
                            .push(declared(rest).unwrap_or_else(|| panic!("{name}: {line}"))),
                    }
                }
            }
            let offered = exported.iter().map(|one| format!(" {one},")).collect();
            before.push((name, offered));
        }
    }

    #[test]
    fn no_module_can_end_the_script_or_parses_markup() {
        let forbidden = [
            "</script",
            "<!--",
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
        ];
        for part in forbidden {
            assert!(!script().contains(part), "{part}");
        }
        assert!(!STYLE.contains("</style"));
        assert!(!STYLE.contains("url("));
    }

    #[test]
    fn joining_keeps_names_apart() {
        let joined = join(&[
            (
                "one",
                "// why\nconst same = 1;\nexport const first = same;\nexport async function other() {\n}\n",
            ),
            (
                "two",
                "import { first } from \"./one.js\";\nconst same = first;\nexport { same };\n",
            ),
        ]);
        assert_eq!(
            joined,
            "\"use strict\";\nconst module_one = (() => {\nconst same = 1;\nconst first = same;\nasync function other() {\n}\n\
             return { first, other };\n})();\nconst module_two = (() => {\nconst { first } = module_one;\nconst same = first;\n\
             return { same };\n})();\n"
        );
    }

    #[test]
    fn places_are_found_in_order() {
        let found: Vec<_> = places("a{{b}}c{{d}}").collect();
        assert_eq!(found, [(Some("b"), "a"), (Some("d"), "c"), (None, "")]);
    }
}
