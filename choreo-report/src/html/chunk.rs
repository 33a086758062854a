//! Details of tests, some hundred at a time: one line of JSON each, deflated, in base64.

use std::io::{self, Write};

use data_encoding::BASE64;
use flate2::Compression;
use flate2::write::DeflateEncoder;

/// A chunk is closed when it has this many bytes before compression: some milliseconds for a browser.
const FULL: usize = 256 * 1024;

/// Compresses what is read much more often than it is written, without keeping the writer waiting: the next levels
/// take twice the time for a tenth less.
const LEVEL: u32 = 3;

/// A compressed text in the making.
#[derive(Debug)]
pub(super) struct Packed {
    encoder: DeflateEncoder<Vec<u8>>,
    /// Bytes before compression.
    pub(super) size: usize,
}

impl Default for Packed {
    fn default() -> Self {
        Self {
            encoder: DeflateEncoder::new(Vec::new(), Compression::new(LEVEL)),
            size: 0,
        }
    }
}

impl Packed {
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.size += bytes.len();
        self.encoder.write_all(bytes)
    }

    pub(super) fn base64(self) -> io::Result<String> {
        Ok(BASE64.encode(&self.encoder.finish()?))
    }
}

/// The chunks of a page.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    open: Packed,
    /// Tests in the open chunk.
    inside: usize,
    /// The number of the first test of each chunk.
    starts: Vec<usize>,
    tests: usize,
}

impl Chunks {
    /// Adds a test as a line of JSON; says in which chunk it is.
    pub(super) fn add(&mut self, line: &[u8], out: &mut impl Write) -> io::Result<usize> {
        if self.inside > 0 && self.open.size + line.len() > FULL {
            self.close(out)?;
        }
        if self.inside == 0 {
            self.starts.push(self.tests);
        }
        self.open.push(line)?;
        self.open.push(b"\n")?;
        self.inside += 1;
        self.tests += 1;
        Ok(self.starts.len() - 1)
    }

    fn close(&mut self, out: &mut impl Write) -> io::Result<()> {
        let number = self.starts.len() - 1;
        let packed = std::mem::take(&mut self.open).base64()?;
        writeln!(
            out,
            "<script type=\"text/plain\" id=\"choreo-chunk-{number}\">{packed}</script>"
        )?;
        self.inside = 0;
        Ok(())
    }

    /// Closes the last chunk; gives the number of the first test of each.
    pub(super) fn finish(&mut self, out: &mut impl Write) -> io::Result<Vec<usize>> {
        if self.inside > 0 {
            self.close(out)?;
        }
        Ok(std::mem::take(&mut self.starts))
    }
}
