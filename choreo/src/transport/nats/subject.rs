//! Which texts are subjects. The server answers some malformed ones with silence, so they stop here.

/// Whether a text can be subscribed to.
pub(super) fn check_pattern(text: &str) -> Result<(), &'static str> {
    check(text)?;
    let mut parts = text.split('.');
    if parts.any(|part| part == ">") && parts.next().is_some() {
        return Err("`>` may only be the last part of a subject");
    }
    Ok(())
}

/// Whether a text can be published to.
pub(super) fn check_concrete(text: &str) -> Result<(), &'static str> {
    check(text)?;
    let wild = |byte: &u8| matches!(byte, b'*' | b'>');
    if text.as_bytes().iter().any(wild) && text.split('.').any(|part| part == ">" || part == "*") {
        return Err("a message goes to one subject: `*` and `>` are for subscriptions");
    }
    Ok(())
}

/// Whether every subject of `specific`, which may be a pattern too, is one of `general`.
pub(super) fn covers(general: &str, specific: &str) -> bool {
    let mut specific = specific.split('.');
    for part in general.split('.') {
        match (part, specific.next()) {
            (">", Some(_)) => return true,
            (_, Some(">") | None) => return false,
            ("*", Some(_)) => {}
            (one, Some(other)) if one == other => {}
            (_, Some(_)) => return false,
        }
    }
    specific.next().is_none()
}

fn check(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("the subject is empty");
    }
    let (mut plain, mut hole, mut last) = (true, false, b'.');
    // In one pass: every message that is published comes by here.
    for byte in text.bytes() {
        plain &= byte.is_ascii_graphic();
        hole |= byte == b'.' && last == b'.';
        last = byte;
    }
    if !plain && text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("a subject has no white space");
    }
    if hole || last == b'.' {
        return Err(
            "a part of the subject is empty: a dot stands at its start, its end or twice in a row",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_told_from_patterns_and_from_neither() {
        for (text, pattern, concrete) in [
            ("orders.created", true, true),
            ("orders.*.eu", true, false),
            ("orders.>", true, false),
            (">", true, false),
            ("orders.>.eu", false, false),
            ("orders.a*", true, true),
            ("", false, false),
            ("a b", false, false),
            ("a\r\nPUB x 0", false, false),
            (".a", false, false),
            ("a..b", false, false),
            ("a.", false, false),
        ] {
            assert_eq!(check_pattern(text).is_ok(), pattern, "{text:?}");
            assert_eq!(check_concrete(text).is_ok(), concrete, "{text:?}");
        }
    }

    #[test]
    fn a_pattern_covers_what_is_narrower() {
        for (general, specific, expected) in [
            ("a.b", "a.b", true),
            ("a.b", "a.c", false),
            ("a.b", "a", false),
            ("a", "a.b", false),
            ("a.*", "a.b", true),
            ("a.*", "a.*", true),
            ("a.*", "a.>", false),
            ("a.*", "a.b.c", false),
            ("a.>", "a.b.c", true),
            ("a.>", "a.*.c", true),
            ("a.>", "a.>", true),
            ("a.>", "a", false),
            (">", "a", true),
            ("a.b", "a.*", false),
        ] {
            assert_eq!(covers(general, specific), expected, "{general} {specific}");
        }
    }
}
