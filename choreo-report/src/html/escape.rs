//! Text in markup.

use std::fmt::Write as _;
use std::io;

/// `text` for the content of an element.
pub(super) fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(c),
            // Control characters are errors in markup, and marks that turn the direction of text would turn ours.
            c if c.is_control() => escaped.push('\u{fffd}'),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                // Writing into a string cannot fail.
                let _ = write!(escaped, "⟨U+{:04X}⟩", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// `text` for an attribute in quotes.
pub(super) fn attribute(value: &str) -> String {
    text(value)
}

/// At most `chars` characters of `value`, escaped.
pub(super) fn brief(value: &str, chars: usize) -> String {
    match value.char_indices().nth(chars) {
        None => text(value),
        Some((end, _)) => format!("{}…", text(&value[..end])),
    }
}

/// A sentence, in which names stand between backquotes.
pub(super) fn prose(value: &str, chars: usize) -> String {
    let escaped = brief(value, chars);
    let mut html = String::with_capacity(escaped.len());
    let parts: Vec<&str> = escaped.split('`').collect();
    // With an odd number of backquotes the last one is a character like others.
    let pairs = (parts.len() - 1) / 2 * 2;
    for (number, part) in parts.iter().enumerate() {
        html.push_str(part);
        if number < pairs {
            html.push_str(if number % 2 == 0 { "<code>" } else { "</code>" });
        } else if number + 1 < parts.len() {
            html.push('`');
        }
    }
    html
}

/// JSON for a script element: no tag can begin in it. Every `<` of JSON is in a string.
pub(super) fn json_in_script(json: Vec<u8>) -> io::Result<String> {
    let json = String::from_utf8(json).map_err(io::Error::other)?;
    Ok(json.replace('<', "\\u003c"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hostile_gets_through() {
        assert_eq!(
            text("</script><b a='x' c=\"y\">&\0\u{202e}"),
            "&lt;/script&gt;&lt;b a=&#39;x&#39; c=&quot;y&quot;&gt;&amp;\u{fffd}⟨U+202E⟩"
        );
        assert_eq!(brief("añb", 2), "añ…");
        assert_eq!(
            prose("`a` is <b>, `c` not `", 99),
            "<code>a</code> is &lt;b&gt;, <code>c</code> not `"
        );
        let json = json_in_script(b"[\"</script><!--\"]".to_vec()).unwrap_or_default();
        assert_eq!(json, "[\"\\u003c/script>\\u003c!--\"]");
    }
}
