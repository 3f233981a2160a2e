//! Passwords known from breaches, in a file that is searched where it lies.
//!
//! The format is that of the download "ordered by hash" of Have I Been Pwned: lines `HASH:COUNT`, HASH the SHA-1 of a
//! password in UTF-8 as 40 upper-case hexadecimal digits, in ascending order of HASH, none twice, each line ended by LF
//! or CR LF. A look-up reads some forty pieces of a file of forty gigabytes; nothing is loaded, nothing leaves the house.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use platform::encoding::hex;

/// Hexadecimal digits of a hash.
const DIGITS: usize = 40;
/// The longest line: hash, colon, a count of twenty digits, CR LF, rounded up.
const LONGEST: usize = 64;

/// The file.
#[derive(Debug, Clone)]
pub struct Breached(PathBuf);

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum BreachedFileError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// A line is not `HASH:COUNT`.
    #[error("line {0} is not 40 upper-case hexadecimal digits, a colon and a count")]
    Malformed(u64),
    /// A line does not come after the one before.
    #[error("line {0} does not come after the line before it; sort the file by its hashes")]
    Unsorted(u64),
    /// It has no lines.
    #[error("it is empty")]
    Empty,
}

impl Breached {
    /// The file at `path`.
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Whether a password is in it.
    pub fn contains(&self, password: &str) -> io::Result<bool> {
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        let wanted = hex(hash).to_uppercase();
        let file = File::open(&self.0)?;
        let (mut low, mut high) = (0, file.metadata()?.len());
        // Between `low` and `high`, both starts of lines or the end, the hash is if it is anywhere.
        while low < high {
            let (start, line) = line_around(&file, low, low.midpoint(high))?;
            match line.hash.as_str().cmp(&wanted) {
                std::cmp::Ordering::Equal => return Ok(true),
                std::cmp::Ordering::Less => low = start + line.length,
                std::cmp::Ordering::Greater => high = start,
            }
        }
        Ok(false)
    }

    /// Looks the whole file through; the number of its lines.
    pub fn check(path: &Path) -> Result<u64, BreachedFileError> {
        let mut reader = BufReader::with_capacity(1 << 20, File::open(path)?);
        let (mut before, mut line, mut count) = (String::new(), Vec::new(), 0);
        loop {
            line.clear();
            if io::Read::take(&mut reader, LONGEST as u64).read_until(b'\n', &mut line)? == 0 {
                return if count == 0 {
                    Err(BreachedFileError::Empty)
                } else {
                    Ok(count)
                };
            }
            count += 1;
            let whole = line.len() < LONGEST || line.ends_with(b"\n");
            let read = Line::parse(&line).filter(|_| whole);
            let read = read.ok_or(BreachedFileError::Malformed(count))?;
            if read.hash <= before {
                return Err(BreachedFileError::Unsorted(count));
            }
            before = read.hash;
        }
    }
}

struct Line {
    hash: String,
    /// With what ends it.
    length: u64,
}

impl Line {
    /// A line with its end; at the end of the file that may be missing.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let ended = text
            .strip_suffix('\n')
            .map(|line| line.strip_suffix('\r').unwrap_or(line));
        let (hash, count) = ended.unwrap_or(text).split_once(':')?;
        let digits = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'A'..=b'F');
        let hash_fits = hash.len() == DIGITS && hash.bytes().all(digits);
        let count_fits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
        (hash_fits && count_fits).then(|| Self {
            hash: hash.to_owned(),
            length: bytes.len() as u64,
        })
    }
}

/// The line that has the byte at `place`, and where it starts; not before `low`, where one starts.
fn line_around(file: &File, low: u64, place: u64) -> io::Result<(u64, Line)> {
    let malformed = || io::Error::new(io::ErrorKind::InvalidData, "a line is not HASH:COUNT");
    let from = place.saturating_sub(LONGEST as u64).max(low);
    let mut window = [0; 2 * LONGEST];
    let filled = fill(file, &mut window, from)?;
    let window = window.get(..filled).unwrap_or_default();
    let offset = usize::try_from(place - from).map_err(|_| malformed())?;
    let (before, after) = window.split_at_checked(offset).ok_or_else(malformed)?;
    let begins = match before.iter().rposition(|byte| *byte == b'\n') {
        Some(end) => end + 1,
        // Without a line end before it, the line starts at `low`, or is longer than a line may be.
        None if from == low => 0,
        None => return Err(malformed()),
    };
    let ends = after
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(filled, |end| offset + end + 1);
    let line = window
        .get(begins..ends)
        .and_then(Line::parse)
        .ok_or_else(malformed)?;
    Ok((from + begins as u64, line))
}

/// Reads from `offset` until the buffer is full or the file ends.
fn fill(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + filled as u64)? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn hash(password: &str) -> String {
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        hex(hash).to_uppercase()
    }

    fn file(lines: &[String], end: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "{}{end}", lines.join(end)).unwrap();
        file
    }

    fn sorted(passwords: &[String]) -> Vec<String> {
        let mut lines: Vec<String> = passwords
            .iter()
            .enumerate()
            .map(|(index, password)| format!("{}:{}", hash(password), index * index * 7919))
            .collect();
        lines.sort();
        lines
    }

    #[test]
    fn every_password_of_the_file_is_found_and_no_other_whatever_ends_its_lines() {
        for count in [1, 2, 3, 7, 500] {
            let known: Vec<String> = (0..count).map(|index| format!("known {index}")).collect();
            for end in ["\n", "\r\n"] {
                let file = file(&sorted(&known), end);
                assert_eq!(Breached::check(file.path()).unwrap(), count);
                let breached = Breached::at(file.path().to_owned());
                for password in &known {
                    assert!(breached.contains(password).unwrap(), "{password}");
                }
                for index in 0..500 {
                    assert!(!breached.contains(&format!("other {index}")).unwrap());
                }
            }
        }
    }

    #[test]
    fn the_last_line_may_lack_its_end() {
        let file = file(&sorted(&["one".to_owned(), "two".to_owned()]), "\n");
        let length = file.as_file().metadata().unwrap().len();
        file.as_file().set_len(length - 1).unwrap();
        let breached = Breached::at(file.path().to_owned());
        assert!(breached.contains("one").unwrap() && breached.contains("two").unwrap());
        assert!(!breached.contains("three").unwrap());
        assert_eq!(Breached::check(file.path()).unwrap(), 2);
    }

    #[test]
    fn the_hash_is_the_sha_1_that_the_published_file_has() {
        assert_eq!(hash("password"), "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8");
    }

    #[test]
    fn a_file_that_cannot_be_searched_is_refused_by_its_first_bad_line() {
        let good = sorted(&["one".to_owned(), "two".to_owned(), "three".to_owned()]);
        let check = |lines: &[String]| Breached::check(file(lines, "\n").path());
        let backwards: Vec<String> = good.iter().rev().cloned().collect();
        assert!(matches!(check(&backwards), Err(BreachedFileError::Unsorted(2))));
        let twice = vec![good[0].clone(), good[0].clone()];
        assert!(matches!(check(&twice), Err(BreachedFileError::Unsorted(2))));
        for bad in [
            good[1].to_lowercase(),
            good[1].replace(':', ";"),
            format!("{}9", good[1].replace(':', "")),
            "password".to_owned(),
            String::new(),
            format!("{}{}", good[1], "0".repeat(100)),
        ] {
            let lines = vec![good[0].clone(), bad.clone(), good[2].clone()];
            assert!(
                matches!(check(&lines), Err(BreachedFileError::Malformed(2))),
                "{bad}"
            );
        }
        let empty = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(
            Breached::check(empty.path()),
            Err(BreachedFileError::Empty)
        ));
        assert!(!Breached::at(empty.path().to_owned()).contains("one").unwrap());
        let broken = file(&["x".repeat(5000)], "\n");
        assert!(Breached::at(broken.path().to_owned()).contains("one").is_err());
    }
}
