//! Which page of a list: by index (RFC 7644 §3.4.2.4) or by cursor (RFC 9865). Pure.

use super::error::{COUNT, CURSOR, SYNTAX, ScimError};

/// Entries of a page, if it is not said.
pub const USUAL: u64 = 100;
/// Entries of a page at the most.
pub const MOST: u64 = 200;

/// What of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many entries come before.
    pub skip: u64,
    /// How many it has at most.
    pub count: u64,
    /// Whether the next page is named by a cursor.
    pub by_cursor: bool,
}

impl Page {
    /// From what was sent. `position` reads a cursor. A page by index may be shorter than asked; one by cursor is what was
    /// asked, or refused (RFC 9865 §2.1).
    pub fn of(
        start: Option<i64>,
        count: Option<i64>,
        cursor: Option<&str>,
        position: impl FnOnce(&str) -> Option<u64>,
    ) -> Result<Self, ScimError> {
        let asked = count.map(|count| u64::try_from(count).unwrap_or(0));
        let Some(cursor) = cursor else {
            let start = start
                .and_then(|start| u64::try_from(start).ok())
                .unwrap_or(1)
                .max(1);
            return Ok(Self {
                skip: start - 1,
                count: asked.unwrap_or(USUAL).min(MOST),
                by_cursor: false,
            });
        };
        if start.is_some() {
            return Err(SYNTAX);
        }
        let skip = if cursor.is_empty() {
            0
        } else {
            position(cursor).ok_or(CURSOR)?
        };
        match asked.unwrap_or(USUAL) {
            count if count > MOST => Err(COUNT),
            count => Ok(Self {
                skip,
                count,
                by_cursor: true,
            }),
        }
    }

    /// The entries of a list that are on it.
    pub fn cut<T>(self, entries: Vec<T>) -> Vec<T> {
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        entries
            .into_iter()
            .skip(size(self.skip))
            .take(size(self.count))
            .collect()
    }

    /// Where the next page begins, if there is one.
    pub fn next(self, shown: u64, total: u64) -> Option<u64> {
        let end = self.skip + shown;
        (self.by_cursor && shown > 0 && end < total).then_some(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(start: Option<i64>, count: Option<i64>, cursor: Option<&str>) -> Result<(u64, u64), ScimError> {
        Page::of(start, count, cursor, |text| text.parse().ok()).map(|page| (page.skip, page.count))
    }

    #[test]
    fn what_is_out_of_bounds_is_read_as_the_specification_says() {
        assert_eq!(page(None, None, None), Ok((0, USUAL)));
        assert_eq!(page(Some(0), Some(-5), None), Ok((0, 0)));
        assert_eq!(page(Some(-3), Some(10_000), None), Ok((0, MOST)));
        assert_eq!(page(Some(11), Some(10), None), Ok((10, 10)));
        assert_eq!(page(None, Some(10), Some("")), Ok((0, 10)));
        assert_eq!(page(None, Some(10), Some("20")), Ok((20, 10)));
        assert_eq!(page(None, Some(10_000), Some("")), Err(COUNT));
        assert_eq!(page(None, None, Some("x")), Err(CURSOR));
        assert_eq!(page(Some(1), None, Some("")), Err(SYNTAX));
    }

    #[test]
    fn the_last_page_by_cursor_names_no_next() {
        let page = Page::of(None, Some(2), Some(""), |_| None).unwrap();
        assert_eq!(
            (page.next(2, 3), page.next(2, 2), page.next(0, 3)),
            (Some(2), None, None)
        );
        assert_eq!(page.cut(vec![1, 2, 3]), [1, 2]);
    }
}
