//! Filters and paths (RFC 7644 §3.4.2.2, §3.5.2): the whole grammar, with limits. Pure.
//!
//! ```text
//! filter   = term { "or" term }          term = factor { "and" factor }
//! factor   = [ "not" ] "(" filter ")" | path "pr" | path operator value | path "[" filter "]"
//! path     = [ URN ":" ] name [ "." name ]
//! a path of a change may have a filter in the middle: name "[" filter "]" [ "." name ]
//! ```

mod evaluate;
mod lexer;
mod parser;

pub use evaluate::{matches, value_matches};
pub use parser::{parse_filter, parse_path};

use serde_json::Value;

/// Longest filter or path.
pub const LONGEST: usize = 4000;
/// Most comparisons in one filter.
pub const MOST_TERMS: usize = 60;
/// Deepest nesting.
pub const DEEPEST: usize = 12;

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `co`
    Contains,
    /// `sw`
    StartsWith,
    /// `ew`
    EndsWith,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
}

/// An attribute, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The schema, if it is named.
    pub schema: Option<String>,
    /// The attribute; nothing: the whole extension.
    pub attribute: Option<String>,
    /// A part of it.
    pub part: Option<String>,
}

/// A filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Both.
    And(Box<Filter>, Box<Filter>),
    /// Either.
    Or(Box<Filter>, Box<Filter>),
    /// Not.
    Not(Box<Filter>),
    /// It has a value.
    Present(Name),
    /// It has a value that compares so.
    Compare(Name, Operator, Value),
    /// One of its values matches.
    Any(Name, Box<Filter>),
}

/// What a change is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The attribute; the part is that of the values that are meant.
    pub name: Name,
    /// Which of its values.
    pub values: Option<Filter>,
}
