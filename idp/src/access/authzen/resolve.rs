//! From names to people, and from people to decisions that are on record.

use std::sync::Arc;

use super::model::{Answer, Asked, Asker as Named, Evaluation, Unasked};
use crate::access::{
    self, Action, Asker, Because, Decision, Depth, Loaded, Operator, Question, Reach, Who, deepest,
};
use crate::admin::{Authority, Refusal};
use crate::http::Call;
use crate::hub::Hub;
use crate::ids::PersonId;
use crate::log::{self, Entry};
use crate::numbers::Number;
use crate::oauth::introspection::{Standing, standing};
use crate::oauth::tokens::inspect;
use crate::oauth::{ErrorCode, OAuthError};
use crate::people::{Person, person_by_number};

const EVALUATE: log::Action = log::Action::new("access.evaluate");

/// The asker, known.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub person: Option<PersonId>,
    pub client: Option<String>,
    pub operator: Option<Operator>,
    pub reach: Option<Vec<Reach>>,
}

impl Known {
    pub(super) fn asker(&self) -> Asker<'_> {
        Asker {
            person: self.person,
            client: self.client.as_deref(),
            operator: self.operator.as_ref(),
            reach: self.reach.as_deref(),
        }
    }
}

/// A call of a client that may ask.
pub(super) struct Desk<'a> {
    pub hub: &'a Hub,
    pub call: &'a Call,
    pub authority: Authority,
}

impl Desk<'_> {
    /// The asker, if there is such a one here and now.
    pub(super) async fn asker(&self, named: Named) -> Result<Option<Known>, Refusal> {
        match named {
            Named::Person(number) => {
                let person = self.person(&number).await?;
                let person = person.filter(|person| person.may_sign_in());
                Ok(person.map(|person| Known {
                    person: Some(person.id),
                    ..Known::default()
                }))
            }
            Named::Client(id) => {
                let client = self.hub.clients.find(&self.call.realm, &id).await?;
                match client {
                    Some(client) => self.client(&client.id).await.map(Some),
                    None => Ok(None),
                }
            }
            Named::Token(token) => self.token(&token).await,
        }
    }

    /// A client by itself.
    pub(super) async fn client(&self, id: &str) -> Result<Known, Refusal> {
        Ok(Known {
            client: Some(id.to_owned()),
            operator: self.operator(id).await?,
            ..Known::default()
        })
    }

    async fn operator(&self, client: &str) -> Result<Option<Operator>, Refusal> {
        access::operator(self.hub, &self.call.realm, client)
            .await
            .map_err(|error| Refusal::unavailable(&error))
    }

    /// What stands behind a token, as far as the caller may know of it (RFC 7662 §4).
    async fn token(&self, token: &str) -> Result<Option<Known>, Refusal> {
        let realm = &self.call.realm;
        let active = match inspect(self.hub, realm, token).await {
            Ok(active) => active,
            Err(error) if error.code == ErrorCode::InvalidToken => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let caller = self.hub.clients.find(realm, &self.authority.client).await?;
        let Some(caller) = caller else { return Ok(None) };
        let claims = &active.claims;
        let serves = &caller.metadata.grants.serves;
        let is_audience = claims.aud.names(&caller.id) || serves.iter().any(|one| claims.aud.names(one));
        if standing(&caller, &claims.client_id, is_audience) == Standing::Stranger {
            return Ok(None);
        }
        let person = match &active.family {
            None => None,
            Some(family) => match self.hub.people.by_id(realm, family.person).await? {
                Some(person) if person.may_sign_in() => Some(person.id),
                _ => return Ok(None),
            },
        };
        let reach = match (person, &claims.authorization_details) {
            (None, _) => None,
            (Some(_), None) => Some(Vec::new()),
            (Some(person), Some(details)) => {
                // A number that names another person by now reaches that person's data only as far as they allow it.
                let whose = match details.person() {
                    None => Some(person),
                    Some(number) => self.person(number).await?.map(|other| other.id),
                };
                let parts = whose.map(|whose| details.iter().map(|detail| detail.reach(whose)).collect());
                Some(parts.unwrap_or_default())
            }
        };
        Ok(Some(Known {
            person,
            client: Some(claims.client_id.clone()),
            operator: self.operator(&claims.client_id).await?,
            reach,
        }))
    }

    /// The person whom a number names.
    pub(super) async fn person(&self, number: &str) -> Result<Option<Arc<Person>>, Refusal> {
        let realm = &self.call.realm;
        let Ok(number) = Number::parse(number) else {
            return Ok(None);
        };
        match person_by_number(&self.hub.store, realm, number).await? {
            Some(id) => Ok(self.hub.people.by_id(realm, id).await?),
            None => Ok(None),
        }
    }

    /// The facts about an asker and an owner.
    pub(super) async fn load(&self, known: &Known, owner: PersonId) -> Result<Loaded, Refusal> {
        let who = Who {
            asker: known.person,
            subject: owner,
            operator: known.operator.as_ref(),
        };
        access::load(self.hub, &self.call.realm, who)
            .await
            .map_err(|error| Refusal::unavailable(&error))
    }

    /// The decision, not yet on record.
    pub(super) fn decide(
        &self,
        (known, owner): (&Known, PersonId),
        (action, terms): (Action, &Asked),
        loaded: &Loaded,
    ) -> Decision {
        let question = Question {
            asker: known.asker(),
            subject: owner,
            action,
            kind: terms.kind,
            depth: terms.depth.unwrap_or(Depth::Everything),
            purpose: terms.purpose,
            data: terms.data,
            at: self.hub.clock.now(),
        };
        match terms.depth {
            Some(_) => access::decide(&question, &loaded.facts()),
            None => deepest(&question, &loaded.facts()),
        }
    }

    /// Answers one evaluation, on record.
    pub(super) async fn evaluate(&self, evaluation: &Evaluation) -> Result<Answer, Asking> {
        let (asker, action, number, terms) = (
            evaluation.asker(),
            evaluation.action(),
            evaluation.owner(),
            evaluation.asked(),
        );
        let parts = [
            asker.as_ref().err(),
            action.as_ref().err(),
            number.as_ref().err(),
            terms.as_ref().err(),
        ];
        if parts.contains(&Some(&Unasked::Malformed)) {
            return Err(Asking::Malformed);
        }
        let (Ok(asker), Ok(action), Ok(number), Ok(terms)) = (asker, action, number, terms) else {
            self.record_unknown("access.unknown_word").await?;
            return Ok(Answer::unknown());
        };
        let (known, owner) = (self.asker(asker).await?, self.person(number).await?);
        let (Some(known), Some(owner)) = (known, owner) else {
            self.record_unknown("access.unknown").await?;
            return Ok(Answer::unknown());
        };
        let loaded = self.load(&known, owner.id).await?;
        let decision = self.decide((&known, owner.id), (action, &terms), &loaded);
        let row = self.row(EVALUATE, (&known, &owner), (action, &terms), &decision);
        self.hub.record(row).await.map_err(Refusal::from)?;
        Ok(Answer::of(&decision))
    }

    async fn record_unknown(&self, reason: &'static str) -> Result<(), Refusal> {
        let mut row = self.call.deny(EVALUATE, reason);
        row.client = Some(self.authority.client.clone());
        Ok(self.hub.record(row).await?)
    }

    /// The row about a decision: who asked for whom, what, whose, and what allowed or forbade it.
    fn row(
        &self,
        action: log::Action,
        (known, owner): (&Known, &Person),
        (what, terms): (Action, &Asked),
        decision: &Decision,
    ) -> Entry {
        let mut row = match decision {
            Decision::Permit(permit) => {
                let because: Vec<String> = permit.because.iter().map(|one: &Because| one.to_log()).collect();
                self.call.permit(action).granted_by(because.join(" "))
            }
            Decision::Deny(denied) => {
                let row = self.call.deny(action, denied.reason.id());
                match denied.by {
                    Some(consent) => row.granted_by(format!("consent:{consent}")),
                    None => row,
                }
            }
        };
        row.actor = known.person;
        row.client = Some(
            known
                .client
                .clone()
                .unwrap_or_else(|| self.authority.client.clone()),
        );
        row.service = self.authority.client.clone().into();
        row.purpose = Some(terms.purpose.as_str().into());
        row.key = owner.key.clone();
        row.subject(owner.id)
            .resource(terms.kind.as_str(), [what.as_str().to_owned()])
    }

    /// One row for a search: what it was after and how much it found.
    pub(super) async fn record_search(
        &self,
        what: &'static str,
        owner: Option<&Person>,
        (known, hits): (Option<&Known>, usize),
    ) -> Result<(), Refusal> {
        const SEARCH: log::Action = log::Action::new("access.search");
        let mut row = self.call.permit(SEARCH);
        row.actor = known.and_then(|known| known.person);
        row.client = Some(self.authority.client.clone());
        row.hits = Some(u64::try_from(hits).unwrap_or(u64::MAX));
        row.resource_kind = Some(what.into());
        if let Some(owner) = owner {
            row.key = owner.key.clone();
            row = row.subject(owner.id);
        }
        Ok(self.hub.record(row).await?)
    }
}

/// Why an evaluation has no answer.
#[derive(Debug)]
pub(super) enum Asking {
    /// It is none.
    Malformed,
    /// It could not be answered.
    Refused(Refusal),
}

impl From<Refusal> for Asking {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<OAuthError> for Asking {
    fn from(error: OAuthError) -> Self {
        Self::Refused(error.into())
    }
}
