//! What a report's page holds compressed, for tests that search it.

use std::io::Read as _;

use data_encoding::BASE64;
use flate2::read::DeflateDecoder;

/// The text of all chunks.
pub(crate) fn unpacked(page: &str) -> Vec<u8> {
    let digit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let mut out = Vec::new();
    for run in page.split(|c| !digit(c)).filter(|run| run.len() > 40) {
        let Ok(bytes) = BASE64.decode(run.as_bytes()) else {
            continue;
        };
        let mut text = Vec::new();
        // What is no compressed text is something else.
        if DeflateDecoder::new(&*bytes).read_to_end(&mut text).is_ok() {
            out.extend(text);
        }
    }
    assert!(
        out.windows(10).any(|text| text == b"\"scenarios"),
        "the page holds the details of a test"
    );
    out
}
