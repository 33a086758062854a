//! No text of a compile error without a case: every text in the macros' source, and every one that
//! the library puts on its traits, stands in the output of some case.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::LitStr;

/// Texts in the macros' source that are not about mistakes.
const OTHERS: [&str; 4] = [
    // What CHOREO_EXPAND prints.
    "expansion of {name}:\n{expansion}\n",
    // A pattern of what a date looks like.
    "0000-00-00 00:00:00",
    // Documentation of what `derive(Stage)` makes.
    "What each transport of [`{ident}`] is to be.",
    "The transport `{ident}`.",
];

#[test]
fn every_text_has_a_case() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let said: Vec<String> = files(&here.join("fail"), "stderr")
        .iter()
        .flat_map(|file| read(file).lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let mut texts = Vec::new();
    let macros = here.join("../../choreo-macros/src");
    for file in files(&macros, "rs") {
        if !file.starts_with(macros.join("tests")) {
            collect(&file, false, &mut texts);
        }
    }
    for file in files(&here.join("../../choreo/src"), "rs") {
        collect(&file, true, &mut texts);
    }
    assert!(texts.len() > 400, "{} texts found", texts.len());
    let missing: Vec<_> = texts
        .into_iter()
        .filter(|(_, text)| !OTHERS.contains(&text.as_str()))
        .filter(|(_, text)| {
            let parts = parts(text.lines().next().unwrap_or_default());
            !said.iter().any(|line| in_order(line, &parts))
        })
        .map(|(file, text)| format!("{}: {text}", file.display()))
        .collect();
    assert!(
        missing.is_empty(),
        "without a case in tests/ui/fail:\n{}",
        missing.join("\n")
    );
}

/// The files below a folder that have this ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is part of the repository") {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|it| it == ending) {
            found.push(path);
        }
    }
    found
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).expect("the file is text")
}

/// The texts of a source file; of one that is `only_marked`, those of errors alone.
fn collect(file: &Path, only_marked: bool, texts: &mut Vec<(PathBuf, String)>) {
    let tokens: TokenStream = read(file).parse().expect("the source is Rust");
    let mut found = Vec::new();
    walk(tokens, only_marked, &mut found);
    texts.extend(found.into_iter().map(|text| (file.to_owned(), text)));
}

fn walk(tokens: TokenStream, only_marked: bool, found: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|it| it.to_string() == word);
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                at += usize::from(is(at, "!"));
                let Some(TokenTree::Group(attribute)) = tokens.get(at) else {
                    continue;
                };
                if attribute.delimiter() != Delimiter::Bracket {
                    continue;
                }
                at += 1;
                let words = attribute.stream().to_string().replace(' ', "");
                if words.starts_with("diagnostic::on_unimplemented") {
                    walk(attribute.stream(), false, found);
                } else if words == "cfg(test)" {
                    // Up to the end of the item that is for tests.
                    while let Some(token) = tokens.get(at) {
                        at += 1;
                        let ends = match token {
                            TokenTree::Group(body) => body.delimiter() == Delimiter::Brace,
                            other => other.to_string() == ";",
                        };
                        if ends {
                            break;
                        }
                    }
                }
            }
            // What holds always, as its invariant says.
            TokenTree::Ident(word) if word == "expect" && is(at.wrapping_sub(2), ".") => at += 1,
            TokenTree::Ident(word) if word == "compile_error" && is(at, "!") => {
                if let Some(TokenTree::Group(text)) = tokens.get(at + 1) {
                    walk(text.stream(), false, found);
                }
                at += 2;
            }
            TokenTree::Group(group) => walk(group.stream(), only_marked, found),
            TokenTree::Literal(literal) if !only_marked => {
                let text = syn::parse_str::<LitStr>(&literal.to_string());
                found.extend(
                    text.map(|text| text.value())
                        .ok()
                        .filter(|it| it.trim().contains(' ')),
                );
            }
            _ => {}
        }
    }
}

/// What a line of a text says around its `{…}`.
fn parts(line: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '{' && letters.next_if_eq(&'{').is_none() {
            letters.by_ref().find(|it| *it == '}');
            parts.push(String::new());
            continue;
        }
        if letter == '}' {
            letters.next_if_eq(&'}');
        }
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    parts
}

fn in_order(line: &str, parts: &[String]) -> bool {
    let mut rest = line;
    parts
        .iter()
        .all(|part| match rest.split_once(part.as_str()) {
            Some((_, behind)) => {
                rest = behind;
                true
            }
            None => false,
        })
}
