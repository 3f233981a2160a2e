//! A Consent resource as a client sends it: names from outside become keys of ours.

use std::collections::HashMap;

use super::compile::actor as known_actor;
use super::fhir::{
    self, Actor, Coding, Consent, GRANTEES, Identifier, NUMBER, ORGANISATION, PERSON, Provision,
};
use super::outside::Reader;
use super::whom::{self, Named};
use super::{InvalidConsent, compile};
use crate::access::{Effect, Grantee, Rule};
use crate::hub::Hub;
use crate::numbers::Number;
use crate::oauth::OAuthError;
use crate::people::person_by_number;
use crate::realms::Realm;
use crate::recovery::family;
use crate::staff::words::OccupationCode;
use crate::ties::Relation;

/// Why a resource that a client sent says nothing here.
#[derive(Debug)]
pub enum Inside {
    /// It is none that is understood.
    Invalid(InvalidConsent),
    /// It is about somebody else, or given by somebody else, than the person whose token the client has.
    Other,
    /// It names somebody or something that the person cannot give it to.
    Nobody,
    /// The client would let itself in.
    Itself,
    /// Something did not answer.
    Broken(OAuthError),
}

impl From<InvalidConsent> for Inside {
    fn from(error: InvalidConsent) -> Self {
        Self::Invalid(error)
    }
}

impl From<OAuthError> for Inside {
    fn from(error: OAuthError) -> Self {
        Self::Broken(error)
    }
}

/// The rules of a resource that `reader` sent. Somebody is named as in what the client read (`known`: the rules of those
/// consents), or by a number; whoever could not be chosen on the person's own pages can neither be named here.
pub async fn inside(
    hub: &Hub,
    realm: &Realm,
    reader: &Reader<'_>,
    known: &[Rule],
    mut consent: Consent,
) -> Result<Vec<Rule>, Inside> {
    let patient = reader.patient(realm);
    let mut people = consent.performer.iter().chain([&consent.patient]);
    if !people.all(|reference| reference.identifier == patient) {
        return Err(Inside::Other);
    }
    let names = Names {
        hub,
        realm,
        reader,
        known: keys(realm, reader, known),
    };
    for provision in &mut consent.provision.provision {
        names.enter(provision).await?;
        for inner in &mut provision.provision {
            names.enter(inner).await?;
        }
    }
    let rules = compile(&consent)?;
    let itself = Grantee::Client(reader.client.to_owned());
    let lets_itself_in = rules
        .iter()
        .any(|rule| rule.effect == Effect::Permit && rule.grantee == itself);
    if lets_itself_in {
        Err(Inside::Itself)
    } else {
        Ok(rules)
    }
}

/// The keys in rules by the names that the client knows them by.
fn keys(realm: &Realm, reader: &Reader<'_>, rules: &[Rule]) -> HashMap<String, String> {
    let mut keys = HashMap::new();
    let mut add = |key: String| keys.insert(reader.name(realm, &key), key);
    for rule in rules {
        match &rule.grantee {
            Grantee::Person(person) => drop(add(person.to_string())),
            Grantee::Staff { person, organisation } => {
                add(person.to_string());
                add(organisation.to_string());
            }
            Grantee::Organisation { organisation, .. } => drop(add(organisation.to_string())),
            Grantee::Everyone | Grantee::Relation(_) | Grantee::Client(_) => {}
        }
    }
    keys
}

struct Names<'a> {
    hub: &'a Hub,
    realm: &'a Realm,
    reader: &'a Reader<'a>,
    known: HashMap<String, String>,
}

impl Names<'_> {
    async fn enter(&self, provision: &mut Provision) -> Result<(), Inside> {
        for actor in &mut provision.actor {
            actor.reference.display = None;
            self.resolve(actor).await?;
        }
        Ok(())
    }

    async fn resolve(&self, actor: &mut Actor) -> Result<(), Inside> {
        let Identifier { system, value } = &actor.reference.identifier;
        match system.as_str() {
            NUMBER => {
                let grantee = self.by_number(actor).await?;
                *actor = grantee.as_ref().and_then(known_actor).ok_or(Inside::Nobody)?;
                Ok(())
            }
            PERSON | ORGANISATION => {
                let place = actor
                    .role
                    .coding
                    .iter_mut()
                    .find(|coding| coding.system == ORGANISATION);
                if let Some(place) = place {
                    place.code = self.known(&place.code)?;
                }
                let known = self.known(value)?;
                actor.reference.identifier.value = known;
                has_known_occupation(actor)
            }
            fhir::RELATION if Relation::parse(value).is_some() => Ok(()),
            fhir::CLIENT => {
                let found = self.hub.clients.find(self.realm, value).await;
                let found = found.map_err(OAuthError::from)?;
                found.map(drop).ok_or(Inside::Nobody)
            }
            _ => Err(Inside::Nobody),
        }
    }

    fn known(&self, name: &str) -> Result<String, Inside> {
        self.known.get(name).cloned().ok_or(Inside::Nobody)
    }

    async fn by_number(&self, actor: &Actor) -> Result<Option<Grantee>, Inside> {
        let Ok(number) = Number::parse(&actor.reference.identifier.value) else {
            return Ok(None);
        };
        let (first, more) = actor.role.coding.split_first().ok_or(InvalidConsent::Code)?;
        if first.system != GRANTEES {
            return Err(InvalidConsent::Code.into());
        }
        let named = match (first.code.as_str(), more) {
            ("person", []) => return self.trusted(number).await,
            (sort @ ("organisation" | "organisation_tree"), more) => Named::Organisation {
                number,
                below: sort == "organisation_tree",
                occupation: match more {
                    [] => None,
                    [one] => Some(occupation(one)?),
                    _ => return Err(InvalidConsent::Code.into()),
                },
            },
            ("staff", [at]) if at.system == NUMBER => match Number::parse(&at.code) {
                Ok(at) => Named::Staff { number, at },
                Err(_) => return Ok(None),
            },
            _ => return Err(InvalidConsent::Code.into()),
        };
        Ok(whom::resolve(self.hub, self.realm, named, self.reader.person).await?)
    }

    /// Somebody who is neither an organisation nor one of its staff: only who is trusted already.
    async fn trusted(&self, number: Number) -> Result<Option<Grantee>, Inside> {
        let found = person_by_number(&self.hub.store, self.realm, number).await;
        let Some(person) = found.map_err(OAuthError::from)? else {
            return Ok(None);
        };
        let trusted = family::trusted(self.hub, self.realm, self.reader.person).await?;
        let is_trusted = trusted.iter().any(|one| one.person == person);
        Ok(is_trusted.then_some(Grantee::Person(person)))
    }
}

fn has_known_occupation(actor: &Actor) -> Result<(), Inside> {
    let mut codings = actor.role.coding.iter();
    match codings.find(|coding| coding.system == fhir::OCCUPATION) {
        Some(coding) => Ok(occupation(coding).map(drop)?),
        None => Ok(()),
    }
}

fn occupation(coding: &Coding) -> Result<OccupationCode, InvalidConsent> {
    let found = OccupationCode::parse(&coding.code).filter(|_| coding.system == fhir::OCCUPATION);
    found.ok_or(InvalidConsent::Code)
}
