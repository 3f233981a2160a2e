//! A filter as words.

use serde_json::Value;

use super::LONGEST;

/// A word of a filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name, an operator, `and`, `true`, …
    Word(String),
    /// Text in quotes.
    Text(Value),
    /// A number.
    Number(Value),
    Open,
    Close,
    OpenValues,
    CloseValues,
}

/// Cuts a filter into words; `None` if it is too long or has letters that belong to none.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    if text.len() > LONGEST {
        return None;
    }
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let (token, length) = match letter {
            ' ' => {
                rest = rest.get(1..)?;
                continue;
            }
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '[' => (Token::OpenValues, 1),
            ']' => (Token::CloseValues, 1),
            '"' => {
                let length = quoted(rest)?;
                let value: Value = serde_json::from_str(rest.get(..length)?).ok()?;
                (Token::Text(value), length)
            }
            '-' | '0'..='9' => {
                let length = rest
                    .find(|one: char| !matches!(one, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'))
                    .unwrap_or(rest.len());
                let value: Value = serde_json::from_str(rest.get(..length)?).ok()?;
                (Token::Number(value), length)
            }
            '.' | 'a'..='z' | 'A'..='Z' | '$' => {
                let length = rest.find(|one: char| !is_of_name(one)).unwrap_or(rest.len());
                (Token::Word(rest.get(..length)?.to_owned()), length)
            }
            _ => return None,
        };
        tokens.push(token);
        rest = rest.get(length..)?;
    }
    Some(tokens)
}

/// Letters of names and of the URNs of schemas.
fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '.' | ':' | '-' | '_' | '$')
}

/// The length of a JSON string at the beginning of `text`.
fn quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (place, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(place + 1),
            _ => {}
        }
    }
    None
}
