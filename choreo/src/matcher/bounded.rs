//! Text that stops growing: descriptions of patterns and values of any size.

use std::fmt::{self, Write};

/// Stands where text was cut off.
const ELLIPSIS: char = '…';

/// A buffer for a limited number of characters. Writing more is an error, so that writers stop
/// instead of formatting what nobody sees.
#[derive(Debug)]
pub(crate) struct Bounded {
    text: String,
    left: usize,
    cut: bool,
}

impl Write for Bounded {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        match part.char_indices().nth(self.left) {
            None => {
                self.left -= part.chars().count();
                self.text.push_str(part);
                Ok(())
            }
            Some((end, _)) => {
                self.text.push_str(&part[..end]);
                self.left = 0;
                self.cut = true;
                Err(fmt::Error)
            }
        }
    }
}

/// What `write` writes, at most `max_chars` characters of it; the last one is `…` if something
/// was cut off.
pub(crate) fn bounded(max_chars: usize, write: impl FnOnce(&mut Bounded) -> fmt::Result) -> String {
    let mut out = Bounded {
        text: String::new(),
        left: max_chars,
        cut: false,
    };
    let complete = write(&mut out).is_ok() && !out.cut;
    if !complete {
        if out.left == 0 {
            out.text.pop();
        }
        if max_chars > 0 {
            out.text.push(ELLIPSIS);
        }
    }
    out.text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, max_chars: usize) -> String {
        bounded(max_chars, |out| out.write_str(text))
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(cut("größe", 5), "größe");
        assert_eq!(cut("größe", 4), "grö…");
        assert_eq!(cut("größe", 1), "…");
        assert_eq!(cut("größe", 0), "");
        assert_eq!(cut("", 0), "");
        assert_eq!(cut("日本語", 2), "日…");
    }

    #[test]
    fn writers_are_stopped_at_the_limit() {
        let mut written = 0;
        let text = bounded(3, |out| {
            loop {
                out.write_str("ab")?;
                written += 1;
            }
        });
        assert_eq!((text.as_str(), written), ("ab…", 1));
    }
}
