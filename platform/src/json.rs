//! JSON in which no member occurs twice, at any depth.
//!
//! RFC 8259 §4 leaves open which of two members counts: one reader takes the first, another the last, and whoever stands
//! between them approves what is never done. What somebody outside sends to be kept is read by this.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Not JSON, or a member occurs twice.
#[derive(Debug, thiserror::Error)]
#[error("the text is not JSON in which every member occurs once")]
pub struct NotUnique;

/// Reads a text.
pub fn parse_unique(text: &[u8]) -> Result<Value, NotUnique> {
    serde_json::from_slice::<Unique>(text)
        .map(|Unique(value)| value)
        .map_err(|_| NotUnique)
}

struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some((name, Unique(value))) = members.next_entry::<String, Unique>()? {
            if all.insert(name, value).is_some() {
                return Err(A::Error::custom("a member occurs twice"));
            }
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_as_it_always_is_unless_a_member_occurs_twice() {
        for text in [
            "null",
            "[1, -2, 3.5, 18446744073709551615, true, \"\\u7d50\", {}]",
            r#"{"a": {"b": [{"a": 1}, {"a": 2}]}, "b": null}"#,
        ] {
            let usual: Value = serde_json::from_str(text).unwrap();
            assert_eq!(parse_unique(text.as_bytes()).unwrap(), usual, "{text}");
        }
        let deep = "[".repeat(1000);
        for text in [
            r#"{"a": 1, "a": 1}"#,
            r#"{"a": 1, "\u0061": 2}"#,
            r#"[{"b": [{"a": 1, "c": 2, "a": 3}]}]"#,
            "{",
            "{} {}",
            deep.as_str(),
        ] {
            assert!(parse_unique(text.as_bytes()).is_err(), "{text}");
        }
    }
}
