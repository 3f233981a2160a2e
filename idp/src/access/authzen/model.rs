//! Requests and answers of the Authorization API, and what they ask in our words. Pure.

use platform::clock::Instant;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::access::{Action, Decision, Depth, Kind, Period, Purpose};

/// The most evaluations in one request.
pub(super) const MOST: usize = 100;
/// The longest name of anything; an access token may be longer.
const LONGEST: usize = 200;
const LONGEST_TOKEN: usize = 16_384;

/// A `subject` or a `resource` (§5.1, §5.2).
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Entity {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub properties: Map<String, Value>,
}

/// An `action` (§5.3).
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Named {
    pub name: String,
}

/// An evaluation (§6.1), or the defaults of many (§7.1.1).
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Evaluation {
    #[serde(default)]
    pub subject: Option<Entity>,
    #[serde(default)]
    pub action: Option<Named>,
    #[serde(default)]
    pub resource: Option<Entity>,
    #[serde(default)]
    pub context: Option<Map<String, Value>>,
}

/// Many evaluations (§7.1).
#[derive(Debug, Deserialize)]
pub(super) struct Evaluations {
    #[serde(flatten)]
    pub defaults: Evaluation,
    #[serde(default, rename = "evaluations")]
    pub each: Option<Vec<Value>>,
    #[serde(default)]
    pub options: Options,
}

/// `options` (§7.1.2).
#[derive(Debug, Default, Deserialize)]
pub(super) struct Options {
    #[serde(default)]
    pub evaluations_semantic: Semantic,
}

/// `evaluations_semantic` (§7.1.2.1).
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Semantic {
    #[default]
    ExecuteAll,
    DenyOnFirstDeny,
    PermitOnFirstPermit,
}

impl Semantic {
    /// Whether a decision is the last that is answered.
    pub(super) fn ends_with(self, permitted: bool) -> bool {
        match self {
            Self::ExecuteAll => false,
            Self::DenyOnFirstDeny => !permitted,
            Self::PermitOnFirstPermit => permitted,
        }
    }
}

/// A search (§8).
#[derive(Debug, Deserialize)]
pub(super) struct Search {
    #[serde(flatten)]
    pub entities: Evaluation,
    #[serde(default)]
    pub page: Paging,
}

/// `page` of a search (§8.2.1).
#[derive(Debug, Default, Deserialize)]
pub(super) struct Paging {
    #[serde(default)]
    pub token: Option<String>,
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Who is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asker {
    Person(String),
    Client(String),
    Token(String),
}

/// What is asked, as far as it can be read without looking anything up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub kind: Kind,
    /// `None`: as deep as is permitted.
    pub depth: Option<Depth>,
    pub data: Period,
    pub purpose: Purpose,
}

/// Why a request has no answer in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unasked {
    /// Something that must be there is not, or is not what it must be: 400.
    Malformed,
    /// A word that is none of ours: it is not permitted.
    Unknown,
}

impl Evaluation {
    /// With the defaults in the place of what it leaves out.
    pub(super) fn or(self, defaults: &Self) -> Self {
        Self {
            subject: self.subject.or_else(|| defaults.subject.clone()),
            action: self.action.or_else(|| defaults.action.clone()),
            resource: self.resource.or_else(|| defaults.resource.clone()),
            context: self.context.or_else(|| defaults.context.clone()),
        }
    }

    /// The asker.
    pub(super) fn asker(&self) -> Result<Asker, Unasked> {
        let subject = self.subject.as_ref().ok_or(Unasked::Malformed)?;
        let id = subject.id.clone().ok_or(Unasked::Malformed)?;
        let longest = if subject.kind == "access_token" {
            LONGEST_TOKEN
        } else {
            LONGEST
        };
        if id.is_empty() || id.len() > longest {
            return Err(Unasked::Unknown);
        }
        match subject.kind.as_str() {
            "person" => Ok(Asker::Person(id)),
            "client" => Ok(Asker::Client(id)),
            "access_token" => Ok(Asker::Token(id)),
            _ => Err(Unasked::Unknown),
        }
    }

    /// The action.
    pub(super) fn action(&self) -> Result<Action, Unasked> {
        let action = self.action.as_ref().ok_or(Unasked::Malformed)?;
        Action::parse(&action.name).ok_or(Unasked::Unknown)
    }

    /// The number of the person whose data it is.
    pub(super) fn owner(&self) -> Result<&str, Unasked> {
        let resource = self.resource.as_ref().ok_or(Unasked::Malformed)?;
        let id = resource.id.as_deref().ok_or(Unasked::Malformed)?;
        if id.is_empty() || id.len() > LONGEST {
            return Err(Unasked::Unknown);
        }
        Ok(id)
    }

    /// Everything else.
    pub(super) fn asked(&self) -> Result<Asked, Unasked> {
        let resource = self.resource.as_ref().ok_or(Unasked::Malformed)?;
        let depth = match resource.properties.get("depth") {
            None => None,
            Some(Value::String(word)) => Some(Depth::parse(word).ok_or(Unasked::Unknown)?),
            Some(_) => return Err(Unasked::Malformed),
        };
        let moment = |name: &str| match resource.properties.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => text
                .parse::<jiff::Timestamp>()
                .map(|at| Some(Instant::from_micros(at.as_microsecond())))
                .map_err(|_| Unasked::Malformed),
            Some(_) => Err(Unasked::Malformed),
        };
        let purpose = match self.context.as_ref().and_then(|context| context.get("purpose")) {
            None => Purpose::Own,
            Some(Value::String(word)) => purpose(word).ok_or(Unasked::Unknown)?,
            Some(_) => return Err(Unasked::Malformed),
        };
        Ok(Asked {
            kind: Kind::parse(&resource.kind).ok_or(Unasked::Unknown)?,
            depth,
            data: Period::between(moment("from")?, moment("until")?),
            purpose,
        })
    }
}

fn purpose(word: &str) -> Option<Purpose> {
    let by_code = || Purpose::ALL.iter().copied().find(|one| one.hl7() == Some(word));
    Purpose::parse(word).or_else(by_code)
}

/// An answer (§6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Answer {
    pub decision: bool,
    pub context: Value,
}

impl Answer {
    /// Not permitted, because something was not known.
    pub(super) fn unknown() -> Self {
        Self {
            decision: false,
            context: json!({"reason": "access.no_consent"}),
        }
    }

    /// Not permitted, because an evaluation among many is not one (§7.2.1).
    pub(super) fn malformed() -> Self {
        Self {
            decision: false,
            context: json!({"error": {"status": 400, "message": "This is not an evaluation"}}),
        }
    }

    pub(super) fn of(decision: &Decision) -> Self {
        match decision {
            Decision::Permit(permit) => {
                let keep = &permit.obligations;
                let moment = |moment: Option<Instant>| moment.map(Instant::to_rfc3339);
                let data: Vec<Value> = keep
                    .data
                    .iter()
                    .map(|part| json!({"from": moment(part.start()), "until": moment(part.end())}))
                    .collect();
                Self {
                    decision: true,
                    context: json!({"obligations": {
                        "depth": keep.depth,
                        "data": data,
                        "notify": keep.notify,
                        "until": moment(keep.until),
                    }}),
                }
            }
            Decision::Deny(denied) => Self {
                decision: false,
                context: json!({"reason": denied.reason.id()}),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Evaluation {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_an_evaluation_leaves_out_comes_from_the_defaults_and_nothing_else_does() {
        let defaults = read(json!({"subject": {"type": "person", "id": "1"}, "action": {"name": "read"}}));
        let one = read(json!({"action": {"name": "create"}, "resource": {"type": "vitals", "id": "2"}}));
        let both = one.or(&defaults);
        assert_eq!(both.asker(), Ok(Asker::Person("1".to_owned())));
        assert_eq!(both.action(), Ok(Action::Create));
        assert_eq!(both.owner(), Ok("2"));
    }

    #[test]
    fn unknown_words_are_not_permitted_and_missing_parts_are_no_request() {
        let good = json!({
            "subject": {"type": "person", "id": "1"}, "action": {"name": "read"},
            "resource": {"type": "vitals", "id": "2", "properties": {"depth": "daily"}},
            "context": {"purpose": "TREAT"},
        });
        let asked = read(good.clone()).asked().unwrap();
        assert_eq!((asked.purpose, asked.depth), (Purpose::Care, Some(Depth::Daily)));
        for (pointer, value, expected) in [
            ("/resource/type", json!("genome"), Unasked::Unknown),
            ("/resource/properties/depth", json!("5"), Unasked::Unknown),
            ("/resource/properties/depth", json!(5), Unasked::Malformed),
            ("/context/purpose", json!("mischief"), Unasked::Unknown),
            ("/context/purpose", json!(["care"]), Unasked::Malformed),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).unwrap() = value;
            assert_eq!(read(bad).asked(), Err(expected), "{pointer}");
        }
        let empty = Evaluation::default();
        assert_eq!(empty.asker(), Err(Unasked::Malformed));
        assert_eq!(empty.action(), Err(Unasked::Malformed));
        assert_eq!(empty.owner(), Err(Unasked::Malformed));
    }

    #[test]
    fn a_semantic_ends_where_its_name_says() {
        assert!(!Semantic::ExecuteAll.ends_with(true) && !Semantic::ExecuteAll.ends_with(false));
        assert!(Semantic::DenyOnFirstDeny.ends_with(false) && !Semantic::DenyOnFirstDeny.ends_with(true));
        assert!(
            Semantic::PermitOnFirstPermit.ends_with(true) && !Semantic::PermitOnFirstPermit.ends_with(false)
        );
    }
}
