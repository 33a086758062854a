//! Names that are out to break the page do not.

use std::process::Command;

use choreo_test_page::{Browser, made, on_every_screen};

#[tokio::test]
async fn hostile_names_are_shown_as_text_everywhere() {
    on_every_screen(async |browser, screen| {
    let report = made::hostile();
    browser.open(&report).await;
    let mut seen = std::collections::HashSet::new();
    for number in 0..report.tests.len() {
        browser
            .until("document.querySelector('.diff') !== null")
            .await;
        browser.run("(document.querySelectorAll('details').forEach((one) => { one.open = true; }), document.querySelectorAll('.event').forEach((one) => one.click()), document.querySelectorAll('[data-seg]').forEach((one) => one.click()), true)").await;
        browser.settle().await;
        browser.run("(document.querySelectorAll('details').forEach((one) => { one.open = true; }), true)").await;
        browser.settle().await;
        assert_eq!(browser.count("main article").await, 1, "test {number}");
        let name = browser
            .text("document.querySelector('.test-head h2').textContent")
            .await;
        assert!(seen.insert(name), "test {number} is shown twice");
        browser.assert_fits(screen).await;
        browser.assert_no_problems().await;
        browser.run("(document.activeElement.blur(), true)").await;
        browser.press("j").await;
    }
    for page in ["latency", "run", "compare"] {
        browser
            .run(&format!("(location.hash = 'page={page}', true)"))
            .await;
        browser
            .until(&format!(
                "document.querySelector('[data-page={page}].page') !== null"
            ))
            .await;
        browser.assert_fits(screen).await;
        browser.assert_no_problems().await;
    }
    assert_eq!(browser.run("window.broken === undefined").await, true);
    assert_eq!(browser.count("img, iframe, main script").await, 0);
    browser.screenshot(&format!("hostile-{screen}")).await;
    })
    .await;
}

/// A name as the page shows it.
fn visible(name: &str) -> String {
    name.replace('\0', "\u{2400}")
        .replace('\u{202e}', "⟨U+202E⟩")
        .replace('\u{202c}', "⟨U+202C⟩")
}

/// The blocks of code in a Markdown text: the fence, and what is between it and the next of its kind.
fn blocks(markdown: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        let fence = line.trim_end_matches(char::is_alphabetic);
        if line.starts_with("```") && fence.chars().all(|c| c == '`') {
            let within: Vec<&str> = lines.by_ref().take_while(|line| *line != fence).collect();
            found.push((fence, within.join("\n")));
        }
    }
    found
}

/// What the open test, of this name, gives to the clipboard: a command for a shell, and Markdown.
async fn assert_copied(browser: &Browser, name: &str, visible: &str) {
    browser
        .run("(navigator.clipboard.writeText = async (text) => { window.copied = text; }, true)")
        .await;
    browser.click("[data-copy=rerun]").await;
    let command = browser.text("window.copied").await;
    if name.contains('\0') {
        // No shell can hold it.
        assert!(command.ends_with(&format!(" '{name}'")), "{visible}");
    } else {
        let script = browser.folder().join("again.sh");
        let words = format!("cargo() {{ printf '%s\\0' \"$@\"; }}\n{command}\n");
        std::fs::write(&script, words).expect("a file");
        let run = Command::new("sh").arg(&script).output().expect("a shell");
        let words = String::from_utf8(run.stdout).expect("the words of the command");
        let wanted = format!("test\0--test\0orders\0--\0--exact\0{name}\0");
        assert!(words == wanted, "{visible} is one word");
    }

    browser.click("[data-copy=markdown]").await;
    let markdown = browser.text("window.copied").await;
    let title = markdown.lines().next().unwrap_or_default();
    let title = title
        .trim_start_matches("### ")
        .trim_end_matches(": failed");
    let bare = title.trim_start_matches('`');
    let fence = &title[..title.len() - bare.len()];
    let bare = bare.strip_suffix(fence).expect("the other end of the name");
    assert!(bare.contains(visible) && !bare.contains(fence), "{title}");
    let blocks = blocks(&markdown);
    assert_eq!(blocks.len(), 2, "the timeline and the command of {visible}");
    for (fence, within) in &blocks {
        assert!(!within.contains(*fence), "{visible} ends its block of code");
    }
    assert!(blocks[1].1 == command, "{visible} is run again");
}

#[tokio::test]
async fn hostile_names_can_be_searched_linked_and_copied() {
    on_every_screen(async |browser, screen| {
        let page = browser.write(&made::hostile());
        for name in [
            "</script><script>window.broken = true</script>",
            "constructor",
            "__proto__",
            "مرحبا بالعالم",
            "\u{202e}gnp.exe\u{202c}",
            "👩‍👩‍👧‍👦 emoji 🏳️‍🌈",
            "nul\0nul",
            "``` it's `$HOME` ````",
            "ä".repeat(512 * 1024).as_str(),
        ] {
            // Of the longest, the beginning.
            let sought: String = name.chars().take(100).collect();
            let visible = visible(&sought);
            browser.open_page(&page, "").await;
            browser.search(&format!("\"{sought}\"")).await;
            assert!(browser.count(".test").await >= 1, "{sought} is found");
            let named = serde_json::json!(visible);
            browser.run(&format!("([...document.querySelectorAll('.test')].find((one) => one.textContent.includes({named})).click(), true)")).await;
            browser.settle().await;
            browser
                .until("document.querySelector('.test-head') !== null")
                .await;
            let hash = browser.text("location.hash").await;
            browser.open_page(&page, &hash).await;
            let shown = browser
                .text("document.querySelector('.test-head h2').textContent")
                .await;
            assert!(shown.contains(&visible), "{shown} is at the link of {sought}");
            assert_copied(browser, name, &visible).await;
            browser.assert_no_problems().await;
        }
        browser.assert_fits(screen).await;
    })
    .await;
}

#[tokio::test]
async fn the_policy_allows_no_network_and_no_foreign_script() {
    on_every_screen(async |browser, _| {
        browser.open(&made::many(3, &[1])).await;
        let try_all = "(() => { const script = document.createElement('script'); script.textContent = 'window.broken = true'; \
                       document.body.append(script); const image = new Image(); image.src = 'http://127.0.0.1:9/x.png'; \
                       document.body.append(image); fetch('http://127.0.0.1:9/').catch(() => { window.refused = true; }); return true; })()";
        browser.run(try_all).await;
        browser
            .until("window.refused === true && window.problems.length >= 3")
            .await;
        assert_eq!(browser.run("window.broken === undefined").await, true);
        let problems = browser.run("window.problems.toSorted()").await;
        assert_eq!(
            problems,
            serde_json::json!([
                "policy: connect-src",
                "policy: img-src",
                "policy: script-src-elem"
            ])
        );
        browser.run("(window.problems = [], true)").await;
    })
    .await;
}

#[tokio::test]
async fn half_surrogate_pairs_of_another_report_are_shown() {
    on_every_screen(async |browser, _| {
        browser.open(&made::many(2, &[1])).await;
        // The Python tool writes them; a Rust string cannot hold one.
        let drop = r#"(() => { const earlier = '{"tests":[{"nodeid":"x\\ud800","name":"\\ud83d half \\u0000","outcome":"passed","scenarios":[]}]}';
            const transfer = new DataTransfer(); transfer.items.add(new File([earlier], 'results.json'));
            document.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true })); return true; })()"#;
        browser.run(drop).await;
        browser
            .until("document.querySelector('.change-gone') !== null")
            .await;
        assert_eq!(
            browser.text_of(".change-gone ul").await,
            "\u{fffd} half \u{2400}"
        );
    })
    .await;
}
