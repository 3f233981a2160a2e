//! What a caller gives ([`Entry`]) and what is kept ([`Row`]). Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use platform::clock::{Instant, Reading, Synchronisation};
use platform::entropy::Entropy;
use platform::http::RequestId;
use platform::ids::RealmId;
use platform::keys::sealing::{Aad, DataKey, SealError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::ids::{PersonId, SessionId, WriterId};

/// Most characters of a text that is kept in the clear; the rest is cut off.
pub const MAX_TEXT: usize = 256;
/// Most characters of one text inside the sealed detail; the rest is cut off.
pub const MAX_DETAIL_TEXT: usize = 2048;

/// SHA-256, as the chain uses it.
pub type Hash = [u8; 32];
/// Text that is usually a constant.
pub type Text = Cow<'static, str>;

/// What was done: a stable, dotted name such as `sign_in.password` or `token.issue.authorization_code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Action(&'static str);

impl Action {
    /// Names an action.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It was allowed.
    Permit,
    /// It was refused.
    Deny,
    /// It could not be carried out.
    Fault,
}

impl Decision {
    /// The name in the database, in exports and in the hash.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Deny => "deny",
            Self::Fault => "fault",
        }
    }

    /// The decision of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Permit, Self::Deny, Self::Fault]
            .into_iter()
            .find(|one| one.name() == name)
    }
}

/// What happened, as the one who answers for it tells the log (requirement H4.1).
///
/// Everything here except [`Self::detail`] is kept in the clear and for good: internal keys, names of actions and
/// rules, never names, numbers, addresses or health data. What could identify goes into the detail, which is sealed
/// before it is hashed: destroying the key leaves the chain valid.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Whose user base. The nil UUID stands for the hub itself.
    pub realm: RealmId,
    /// Who did it; `None` for a client by itself, the command line and background jobs.
    pub actor: Option<PersonId>,
    /// For whom the actor acted.
    pub on_behalf_of: Option<PersonId>,
    /// Whose data it was about.
    pub subject: Option<PersonId>,
    /// The organisation that the actor acted for.
    pub organisation: Option<Uuid>,
    /// The occupation in which the actor acted.
    pub occupation: Option<Text>,
    /// The session in which it happened.
    pub session: Option<SessionId>,
    /// The client (`client_id`) that asked. Only one that is registered: an unknown one goes into the detail.
    pub client: Option<String>,
    /// The service that was used; `hub` for the hub's own.
    pub service: Text,
    /// What was done.
    pub action: Action,
    /// Kind of what it was done to, such as `client`.
    pub resource_kind: Option<Text>,
    /// Internal keys of what it was done to.
    pub resource_ids: Vec<String>,
    /// How many things a search found.
    pub hits: Option<u64>,
    /// How it ended.
    pub decision: Decision,
    /// Stable id of the reason, such as `token.code.replayed`; always there for a refusal or a fault.
    pub reason: Option<Text>,
    /// What allowed it: a consent, a power, a contract.
    pub granted_by: Option<Text>,
    /// The purpose of use.
    pub purpose: Option<Text>,
    /// The request that it was part of.
    pub request: Option<RequestId>,
    /// What could identify somebody: address, user agent, query, typed login as a keyed hash. Sealed under [`Self::key`].
    pub detail: BTreeMap<&'static str, Value>,
    /// The person's own data key, else the realm's.
    pub key: Arc<DataKey>,
}

impl Entry {
    fn new(realm: RealmId, action: Action, decision: Decision, key: Arc<DataKey>) -> Self {
        Self {
            realm,
            actor: None,
            on_behalf_of: None,
            subject: None,
            organisation: None,
            occupation: None,
            session: None,
            client: None,
            service: Cow::Borrowed("hub"),
            action,
            resource_kind: None,
            resource_ids: Vec::new(),
            hits: None,
            decision,
            reason: None,
            granted_by: None,
            purpose: None,
            request: None,
            detail: BTreeMap::new(),
            key,
        }
    }

    /// Something was allowed. `key` seals the detail: the person's own, else the realm's.
    pub fn permit(realm: RealmId, action: Action, key: Arc<DataKey>) -> Self {
        Self::new(realm, action, Decision::Permit, key)
    }

    /// Something was refused, for `reason`.
    pub fn deny(realm: RealmId, action: Action, reason: impl Into<Text>, key: Arc<DataKey>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..Self::new(realm, action, Decision::Deny, key)
        }
    }

    /// Something could not be carried out, for `reason`.
    pub fn fault(realm: RealmId, action: Action, reason: impl Into<Text>, key: Arc<DataKey>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..Self::new(realm, action, Decision::Fault, key)
        }
    }

    /// Sets who did it.
    pub fn actor(self, actor: PersonId) -> Self {
        Self {
            actor: Some(actor),
            ..self
        }
    }

    /// Sets whose data it was about.
    pub fn subject(self, subject: PersonId) -> Self {
        Self {
            subject: Some(subject),
            ..self
        }
    }

    /// Sets actor and subject to one person: somebody who did something with what is theirs.
    pub fn person(self, person: PersonId) -> Self {
        self.actor(person).subject(person)
    }

    /// Sets the session.
    pub fn session(self, session: SessionId) -> Self {
        Self {
            session: Some(session),
            ..self
        }
    }

    /// Sets the registered client that asked.
    pub fn client(self, client_id: impl Into<String>) -> Self {
        Self {
            client: Some(client_id.into()),
            ..self
        }
    }

    /// Sets the request.
    pub fn request(self, request: RequestId) -> Self {
        Self {
            request: Some(request),
            ..self
        }
    }

    /// Sets what it was done to.
    pub fn resource(self, kind: impl Into<Text>, ids: impl IntoIterator<Item = String>) -> Self {
        Self {
            resource_kind: Some(kind.into()),
            resource_ids: ids.into_iter().collect(),
            ..self
        }
    }

    /// Sets what allowed it.
    pub fn granted_by(self, grant: impl Into<Text>) -> Self {
        Self {
            granted_by: Some(grant.into()),
            ..self
        }
    }

    /// Adds something that could identify somebody.
    pub fn detail(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.detail.insert(name, value.into());
        self
    }

    /// What is kept of it, as of `reading`. Texts are cut to their bounds and rid of NUL, which PostgreSQL cannot keep:
    /// one row must not be able to refuse the rows that share its commit.
    pub fn into_row(self, reading: &Reading, entropy: &Entropy) -> Result<Row, SealError> {
        let mut row = Row {
            realm: self.realm,
            at: reading.at,
            clock_offset: reading.offset_micros,
            clock_error_bound: reading.error_bound_micros,
            clock_stratum: i32::from(reading.stratum),
            clock_source: clean(Cow::Owned(reading.source.to_string())),
            clock_state: Cow::Borrowed(state_name(reading.synchronisation)),
            actor: self.actor,
            on_behalf_of: self.on_behalf_of,
            subject: self.subject,
            organisation: self.organisation,
            occupation: self.occupation.map(clean),
            session: self.session,
            client: self.client.map(|client| clean(client.into())),
            service: clean(self.service),
            action: clean(Cow::Borrowed(self.action.name())),
            resource_kind: self.resource_kind.map(clean),
            resource_ids: resource_ids(self.resource_ids),
            hits: self.hits.map(|hits| i64::try_from(hits).unwrap_or(i64::MAX)),
            decision: self.decision,
            reason: self.reason.map(clean),
            granted_by: self.granted_by.map(clean),
            purpose: self.purpose.map(clean),
            request: self.request.map(|request| request.0.to_vec()),
            detail: None,
        };
        if !self.detail.is_empty() {
            let detail: BTreeMap<_, _> = self
                .detail
                .into_iter()
                .map(|(name, value)| (name, shorten(value)))
                .collect();
            let text = serde_json::Value::from_iter(detail).to_string();
            row.detail = Some(self.key.seal(entropy, &row.place(), text.as_bytes())?);
        }
        Ok(row)
    }
}

/// What is kept of an entry; every field is part of the hash. True time was within `clock_error_bound` of `at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the fields are those of Entry and of platform::clock::Reading, times in microseconds"
)]
pub struct Row {
    pub realm: RealmId,
    pub at: Instant,
    pub clock_offset: i64,
    pub clock_error_bound: i64,
    pub clock_stratum: i32,
    pub clock_source: Text,
    pub clock_state: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<PersonId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<PersonId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<PersonId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occupation: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<Text>,
    pub service: Text,
    pub action: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_kind: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_ids: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hits: Option<i64>,
    pub decision: Decision,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granted_by: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Text>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "super::lines::optional_base64url"
    )]
    pub request: Option<Vec<u8>>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "super::lines::optional_base64url"
    )]
    pub detail: Option<Vec<u8>>,
}

impl Row {
    /// The detail, opened with the key that sealed it; an empty object if the row has none. [`SealError::OtherKey`] says
    /// that another key sealed it (the person's instead of the realm's, or a destroyed one).
    pub fn open_detail(&self, key: &DataKey) -> Result<serde_json::Map<String, Value>, SealError> {
        let Some(sealed) = &self.detail else {
            return Ok(serde_json::Map::new());
        };
        let opened = key.open(&self.place(), sealed)?;
        serde_json::from_slice(&opened).map_err(|_| SealError::Broken)
    }

    /// What the sealed detail is bound to. The sequence number is not known when it is sealed; the chain binds that.
    fn place(&self) -> Aad {
        let owner = self
            .subject
            .map(|subject| *subject.uuid().as_bytes())
            .unwrap_or_default();
        let mut row = self.request.clone().unwrap_or_default();
        row.extend_from_slice(self.action.as_bytes());
        Aad::new(self.realm.uuid(), "log.detail", &owner, &row)
    }
}

/// A row in its chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chained {
    /// The writer.
    pub writer: WriterId,
    /// Its place in the writer's chain, from 1.
    pub seq: i64,
    /// The hash over the hash before and this row.
    #[serde(with = "super::lines::hexadecimal")]
    pub hash: Hash,
    /// The row.
    pub row: Row,
}

/// Where a row stands, once it is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The writer.
    pub writer: WriterId,
    /// The place in the writer's chain, from 1.
    pub seq: i64,
    /// The hash of the row in the chain.
    pub hash: Hash,
}

fn state_name(state: Synchronisation) -> &'static str {
    match state {
        Synchronisation::Synchronised => "synchronised",
        Synchronisation::Holdover => "holdover",
        Synchronisation::Unsynchronised => "unsynchronised",
    }
}

fn resource_ids(ids: Vec<String>) -> Option<Text> {
    let ids: Vec<Value> = ids
        .into_iter()
        .map(|id| clean(id.into()).into_owned().into())
        .collect();
    (!ids.is_empty()).then(|| Value::from(ids).to_string().into())
}

fn clean(text: Text) -> Text {
    let text = if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        text
    };
    cut(text, MAX_TEXT)
}

fn cut(text: Text, most: usize) -> Text {
    if text.len() <= most {
        return text;
    }
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(text.get(..end).unwrap_or_default().to_owned()),
        None => text,
    }
}

fn shorten(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(cut(text.into(), MAX_DETAIL_TEXT).into_owned()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use platform::clock::Clock;

    use super::*;

    fn entry(key: &Arc<DataKey>) -> Entry {
        Entry::permit(
            RealmId::from(Uuid::from_u128(1)),
            Action::new("sign_in.password"),
            key.clone(),
        )
    }

    fn kept(entry: Entry) -> Row {
        entry
            .into_row(&Clock::system().reading(), &Entropy::seeded(9))
            .unwrap()
    }

    #[test]
    fn a_detail_opens_only_under_its_key_and_in_its_row() {
        let (key, other) = [1, 2]
            .map(|seed| Arc::new(DataKey::generate(&Entropy::seeded(seed)).unwrap()))
            .into();
        let row = kept(
            entry(&key)
                .detail("address", "192.0.2.1")
                .request(RequestId([7; 16])),
        );
        assert_eq!(row.open_detail(&key).unwrap()["address"], "192.0.2.1");
        assert!(matches!(row.open_detail(&other), Err(SealError::OtherKey)));
        for moved in [
            Row {
                realm: RealmId::from(Uuid::from_u128(2)),
                ..row.clone()
            },
            Row {
                subject: Some(PersonId::from(Uuid::from_u128(3))),
                ..row.clone()
            },
            Row {
                request: Some(vec![8; 16]),
                ..row.clone()
            },
            Row {
                action: "sign_out".into(),
                ..row.clone()
            },
        ] {
            assert!(matches!(moved.open_detail(&key), Err(SealError::Broken)));
        }
    }

    #[test]
    fn what_could_identify_is_nowhere_in_the_clear() {
        let key = Arc::new(DataKey::generate(&Entropy::seeded(1)).unwrap());
        let row = kept(entry(&key).detail("query", "Yamada Hanako"));
        assert!(!format!("{row:?}").contains("Yamada"));
        let sealed = row.detail.unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"Yamada"));
    }

    #[test]
    fn nul_and_overlong_texts_are_kept_in_a_form_that_every_database_takes() {
        let key = Arc::new(DataKey::generate(&Entropy::seeded(1)).unwrap());
        let row = kept(entry(&key).client("a\0b".to_owned() + &"結".repeat(1000)));
        let client = row.client.unwrap();
        assert!(client.starts_with("a\u{fffd}b結"));
        assert_eq!(client.chars().count(), MAX_TEXT);
    }

    #[test]
    fn a_refusal_and_a_fault_always_have_a_reason() {
        let key = Arc::new(DataKey::generate(&Entropy::seeded(1)).unwrap());
        let realm = RealmId::from(Uuid::nil());
        let denied = Entry::deny(
            realm,
            Action::new("token.issue"),
            "token.code.replayed",
            key.clone(),
        );
        let failed = Entry::fault(realm, Action::new("token.issue"), "database.unavailable", key);
        assert_eq!(
            (denied.decision, denied.reason.as_deref()),
            (Decision::Deny, Some("token.code.replayed"))
        );
        assert_eq!(
            (failed.decision, failed.reason.as_deref()),
            (Decision::Fault, Some("database.unavailable"))
        );
    }
}
