//! The types of `authorization_details` that realms know.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::access::{Action, Actions, Depth, Kind, Purpose, Purposes, Reach};
use crate::ids::PersonId;

/// The longest `authorization_details` in a request, in bytes.
const LONGEST: usize = 4096;
/// The most objects in it.
const MOST: usize = 10;

/// The types that realms know (`authorization_details_types_supported`).
pub const TYPES: &[&str] = &["musubi_health_record"];

/// `authorization_details` that are malformed, of a type nobody knows here, or with a member that their type does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("authorization_details are not what their types allow")]
pub struct InvalidDetails;

/// `authorization_details`: one to ten objects, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuthorizationDetails(Vec<AuthorizationDetail>);

/// One object of `authorization_details`, by its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum AuthorizationDetail {
    /// To read from the health record of the person who allows it.
    #[serde(rename = "musubi_health_record")]
    HealthRecord(HealthRecord),
}

/// What of a health record is read, how deeply, and what for: of the person who allows it, or of another who allows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthRecord {
    /// The number of the person whose record it is, if it is not that of the person who allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Which kinds (the common member of RFC 9396 §2.2).
    pub datatypes: BTreeSet<Kind>,
    /// How deep.
    pub depth: Depth,
    /// What for.
    pub purpose: Purpose,
}

impl AuthorizationDetails {
    /// Reads what a client sent.
    pub fn parse(text: &str) -> Result<Self, InvalidDetails> {
        if text.len() > LONGEST {
            return Err(InvalidDetails);
        }
        let details: Vec<AuthorizationDetail> = serde_json::from_str(text).map_err(|_| InvalidDetails)?;
        let full = details.iter().all(|AuthorizationDetail::HealthRecord(record)| {
            !record.datatypes.is_empty() && record.is_named_well()
        });
        let details = Self(details);
        // One request, one person: a token speaks of nobody else.
        let one = details
            .iter()
            .all(|AuthorizationDetail::HealthRecord(record)| record.person.as_deref() == details.person());
        if full && one && (1..=MOST).contains(&details.0.len()) {
            Ok(details)
        } else {
            Err(InvalidDetails)
        }
    }

    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = &AuthorizationDetail> {
        self.0.iter()
    }

    /// The number of the person whom they name.
    pub fn person(&self) -> Option<&str> {
        self.0.first().and_then(AuthorizationDetail::person)
    }

    /// Whether each of `asked` is within one of these (RFC 9396 §6.1).
    pub fn covers(&self, asked: &Self) -> bool {
        asked
            .iter()
            .all(|asked| self.iter().any(|granted| granted.covers(asked)))
    }
}

impl AuthorizationDetail {
    /// `type`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::HealthRecord(_) => "musubi_health_record",
        }
    }

    /// The number of the person whom it names.
    pub fn person(&self) -> Option<&str> {
        match self {
            Self::HealthRecord(record) => record.person.as_deref(),
        }
    }

    /// What a token with this reaches, as the decision takes it: to see and to find what is `person`'s.
    pub fn reach(&self, person: PersonId) -> Reach {
        match self {
            Self::HealthRecord(record) => Reach {
                subject: person,
                kinds: record.datatypes.iter().copied().collect(),
                actions: Actions::of(&[Action::Read, Action::Search]),
                purposes: Purposes::of(&[record.purpose, Purpose::Own]),
                depth: record.depth,
            },
        }
    }

    /// Whether `asked` goes no further than this.
    fn covers(&self, asked: &Self) -> bool {
        match (self, asked) {
            (Self::HealthRecord(granted), Self::HealthRecord(asked)) => {
                granted.person == asked.person
                    && granted.datatypes.is_superset(&asked.datatypes)
                    && granted.depth >= asked.depth
                    && granted.purpose == asked.purpose
            }
        }
    }
}

impl HealthRecord {
    /// Whether it names a person as numbers are written, or nobody.
    fn is_named_well(&self) -> bool {
        self.person.as_ref().is_none_or(|number| {
            (1..=40).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(datatypes: &str, depth: &str, purpose: &str) -> String {
        format!(
            r#"[{{"type":"musubi_health_record","datatypes":{datatypes},"depth":"{depth}","purpose":"{purpose}"}}]"#
        )
    }

    fn parse(datatypes: &str, depth: &str, purpose: &str) -> AuthorizationDetails {
        AuthorizationDetails::parse(&one(datatypes, depth, purpose)).unwrap()
    }

    #[test]
    fn what_a_type_does_not_have_is_refused() {
        let good = one(r#"["vitals"]"#, "daily", "care");
        assert!(AuthorizationDetails::parse(&good).is_ok());
        let many = format!("[{}]", [good.trim_matches(['[', ']']); 11].join(","));
        for text in [
            "",
            "[]",
            "{}",
            "null",
            "[null]",
            "[[]]",
            r#"[{"datatypes":["vitals"],"depth":"daily","purpose":"care"}]"#,
            r#"[{"type":"payment_initiation"}]"#,
            r#"[{"type":["musubi_health_record"]}]"#,
            &good.replace("care\"", "care\",\"actions\":[\"write\"]"),
            &good.replace("care\"", "care\",\"purpose\":\"research\""),
            &good.replace("\"depth\":\"daily\",", ""),
            &one("[]", "daily", "care"),
            &one(r#""vitals""#, "daily", "care"),
            &one(r#"["genome"]"#, "daily", "care"),
            &one(r#"["vitals"]"#, "5", "care"),
            &one(r#"["vitals"]"#, "daily", "marketing"),
            &many,
            &format!("{good}{}", " ".repeat(4096)),
            &"[".repeat(2000),
        ] {
            assert_eq!(AuthorizationDetails::parse(text), Err(InvalidDetails), "{text}");
        }
    }

    #[test]
    fn a_request_speaks_of_one_person_and_names_them_by_number() {
        let own =
            r#"{"type":"musubi_health_record","datatypes":["vitals"],"depth":"daily","purpose":"family"}"#;
        let of = |person: &str| own.replace("\"depth\"", &format!("\"person\":{person},\"depth\""));
        let read = |all: &[&str]| AuthorizationDetails::parse(&format!("[{}]", all.join(",")));
        let (one, other) = (of("\"71\""), of("\"72\""));
        assert_eq!(read(&[&one, &one]).unwrap().person(), Some("71"));
        for mixed in [[one.as_str(), &other], [own, &one], [&one, own]] {
            assert_eq!(read(&mixed), Err(InvalidDetails));
        }
        for wrong in ["\"\"", "71", "\"hanako\"", "[\"71\"]"] {
            assert_eq!(read(&[&of(wrong)]), Err(InvalidDetails), "{wrong}");
        }
        let (granted, asked) = (read(&[&one]).unwrap(), read(&[&other]).unwrap());
        assert!(granted.covers(&granted) && !granted.covers(&asked));
        assert!(!granted.covers(&read(&[own]).unwrap()) && !read(&[own]).unwrap().covers(&granted));
    }

    #[test]
    fn nothing_wider_or_for_another_purpose_is_covered() {
        let granted = parse(r#"["vitals","daily_life"]"#, "daily", "care");
        for (datatypes, depth, purpose, covered) in [
            (r#"["vitals","daily_life"]"#, "daily", "care", true),
            (r#"["daily_life"]"#, "aggregate", "care", true),
            (r#"["daily_life"]"#, "values", "care", false),
            (r#"["daily_life","meals"]"#, "daily", "care", false),
            (r#"["daily_life"]"#, "daily", "research", false),
        ] {
            let asked = parse(datatypes, depth, purpose);
            assert_eq!(granted.covers(&asked), covered, "{datatypes} {depth} {purpose}");
        }
    }

    #[test]
    fn the_names_of_the_types_are_those_that_are_written() {
        let details = parse(r#"["vitals"]"#, "everything", "wellness");
        let written = serde_json::to_value(&details).unwrap();
        for (index, detail) in details.iter().enumerate() {
            assert_eq!(written[index]["type"], detail.kind());
            assert!(TYPES.contains(&detail.kind()));
        }
    }
}
