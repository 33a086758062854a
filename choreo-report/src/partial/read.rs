//! Reading a partial line by line, whatever state its writer left it in.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use serde_json::Error;

use super::line::Line;

/// The lines of a partial, one at a time in one buffer.
#[derive(Debug)]
pub(crate) struct Lines {
    reader: BufReader<File>,
    offset: u64,
    buffer: Vec<u8>,
}

/// Where a line is in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    pub(crate) bytes: usize,
}

impl Lines {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            reader: BufReader::new(File::open(path)?),
            offset: 0,
            buffer: Vec::new(),
        })
    }

    /// The next line and where it is; none at the end. A line that is torn or no line of ours is an error of its
    /// own, and those after it can be read.
    pub(crate) fn next(&mut self) -> io::Result<Option<(Place, Result<Line<'_>, Error>)>> {
        self.buffer.clear();
        let bytes = self.reader.read_until(b'\n', &mut self.buffer)?;
        if bytes == 0 {
            return Ok(None);
        }
        let place = Place {
            offset: self.offset,
            bytes,
        };
        self.offset += bytes as u64;
        Ok(Some((place, serde_json::from_slice(&self.buffer))))
    }
}

/// Reads one line again.
pub(crate) fn read_at(file: &mut File, place: Place, buffer: &mut Vec<u8>) -> io::Result<()> {
    buffer.resize(place.bytes, 0);
    file.seek(SeekFrom::Start(place.offset))?;
    file.read_exact(buffer)
}
