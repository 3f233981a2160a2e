//! Filters and paths from their words.

use std::iter::Peekable;
use std::vec::IntoIter;

use serde_json::Value;

use super::lexer::{Token, tokens};
use super::{DEEPEST, Filter, MOST_TERMS, Name, Operator, Path};
use crate::scim::error::{FILTER, PATH, ScimError};

/// Reads a filter.
pub fn parse_filter(text: &str) -> Result<Filter, ScimError> {
    let mut parser = Parser::of(text).ok_or(FILTER)?;
    let filter = parser.either(0).ok_or(FILTER)?;
    if parser.tokens.next().is_some() {
        return Err(FILTER);
    }
    Ok(filter)
}

/// Reads the path of a change.
pub fn parse_path(text: &str) -> Result<Path, ScimError> {
    let mut parser = Parser::of(text).ok_or(PATH)?;
    let path = parser.path().ok_or(PATH)?;
    if parser.tokens.next().is_some() {
        return Err(PATH);
    }
    Ok(path)
}

struct Parser {
    tokens: Peekable<IntoIter<Token>>,
    terms: usize,
}

impl Parser {
    fn of(text: &str) -> Option<Self> {
        Some(Self {
            tokens: tokens(text)?.into_iter().peekable(),
            terms: 0,
        })
    }

    /// Whether the next word is this one; if so, it is taken.
    fn takes(&mut self, word: &str) -> bool {
        let is = |token: &Token| matches!(token, Token::Word(next) if next.eq_ignore_ascii_case(word));
        self.tokens.next_if(is).is_some()
    }

    fn takes_token(&mut self, token: &Token) -> bool {
        self.tokens.next_if_eq(token).is_some()
    }

    fn either(&mut self, depth: usize) -> Option<Filter> {
        let mut filter = self.both(depth)?;
        while self.takes("or") {
            let next = self.both(depth)?;
            filter = Filter::Or(Box::new(filter), Box::new(next));
        }
        Some(filter)
    }

    fn both(&mut self, depth: usize) -> Option<Filter> {
        let mut filter = self.factor(depth)?;
        while self.takes("and") {
            let next = self.factor(depth)?;
            filter = Filter::And(Box::new(filter), Box::new(next));
        }
        Some(filter)
    }

    fn factor(&mut self, depth: usize) -> Option<Filter> {
        if depth >= DEEPEST {
            return None;
        }
        let negated = self.takes("not");
        if self.takes_token(&Token::Open) {
            let inner = self.either(depth + 1)?;
            if !self.takes_token(&Token::Close) {
                return None;
            }
            return Some(if negated {
                Filter::Not(Box::new(inner))
            } else {
                inner
            });
        }
        if negated {
            return None;
        }
        self.terms += 1;
        if self.terms > MOST_TERMS {
            return None;
        }
        let Token::Word(word) = self.tokens.next()? else {
            return None;
        };
        let name = name(&word)?;
        name.attribute.as_ref()?;
        if self.takes_token(&Token::OpenValues) {
            let inner = self.either(depth + 1)?;
            return self
                .takes_token(&Token::CloseValues)
                .then(|| Filter::Any(name, Box::new(inner)));
        }
        if self.takes("pr") {
            return Some(Filter::Present(name));
        }
        let Token::Word(word) = self.tokens.next()? else {
            return None;
        };
        let operator = operator(&word)?;
        let value = self.value()?;
        Some(Filter::Compare(name, operator, value))
    }

    fn value(&mut self) -> Option<Value> {
        match self.tokens.next()? {
            Token::Text(value) | Token::Number(value) => Some(value),
            Token::Word(word) => match word.as_str() {
                "true" | "True" => Some(true.into()),
                "false" | "False" => Some(false.into()),
                "null" => Some(Value::Null),
                _ => None,
            },
            _ => None,
        }
    }

    fn path(&mut self) -> Option<Path> {
        let Token::Word(word) = self.tokens.next()? else {
            return None;
        };
        let mut name = name(&word)?;
        let mut values = None;
        if self.takes_token(&Token::OpenValues) {
            name.attribute.as_ref().filter(|_| name.part.is_none())?;
            values = Some(self.either(1)?);
            if !self.takes_token(&Token::CloseValues) {
                return None;
            }
            let part = |token: &Token| matches!(token, Token::Word(word) if word.starts_with('.'));
            if let Some(Token::Word(word)) = self.tokens.next_if(part) {
                name.part = Some(simple(word.strip_prefix('.')?)?);
            }
        }
        Some(Path { name, values })
    }
}

fn operator(word: &str) -> Option<Operator> {
    Some(match word.to_ascii_lowercase().as_str() {
        "eq" => Operator::Equal,
        "ne" => Operator::NotEqual,
        "co" => Operator::Contains,
        "sw" => Operator::StartsWith,
        "ew" => Operator::EndsWith,
        "gt" => Operator::Greater,
        "ge" => Operator::GreaterOrEqual,
        "lt" => Operator::Less,
        "le" => Operator::LessOrEqual,
        _ => return None,
    })
}

/// A name of an attribute or a part, by itself.
fn simple(text: &str) -> Option<String> {
    let starts = text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '$');
    let fits = text
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '$'));
    (starts && fits).then(|| text.to_owned())
}

/// `[URN:]attribute[.part]`; a URN alone is the whole of an extension. URNs have dots in their version, so what follows
/// the last colon is looked at with care.
fn name(word: &str) -> Option<Name> {
    let Some((schema, rest)) = word.rsplit_once(':') else {
        return plain(None, word);
    };
    if !schema.to_ascii_lowercase().starts_with("urn:") {
        return None;
    }
    // `…:2.0:User` names a schema; `…:2.0:User:userName` an attribute of it.
    let is_schema_alone = schema
        .rsplit(':')
        .next()
        .is_some_and(|version| version.starts_with(|letter: char| letter.is_ascii_digit()));
    if is_schema_alone {
        return Some(Name {
            schema: Some(word.to_owned()),
            attribute: None,
            part: None,
        });
    }
    plain(Some(schema), rest)
}

fn plain(schema: Option<&str>, text: &str) -> Option<Name> {
    let (attribute, part) = match text.split_once('.') {
        Some((attribute, part)) => (attribute, Some(simple(part)?)),
        None => (text, None),
    };
    Some(Name {
        schema: schema.map(str::to_owned),
        attribute: Some(simple(attribute)?),
        part,
    })
}
