//! A Consent resource as it leaves the hub: without internal keys.

use platform::encoding::base64url;
use platform::keys::keyed_hash;

use super::fhir::{self, Consent, Identifier, Provision, Reference};
use crate::ids::PersonId;
use crate::realms::Realm;

/// The resource with people and organisations under names that are theirs in receipts and exports of this realm alone.
pub fn outside(realm: &Realm, consent: Consent) -> Consent {
    rename(consent, &|identifier| {
        if is_ours(identifier) {
            let key = identifier.value.as_bytes();
            identifier.value = base64url(keyed_hash(&realm.keys.subjects, "consent.receipt", key));
        }
    })
}

/// A client that reads and writes the consents of a person who uses it.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// Its `client_id`.
    pub client: &'a str,
    /// Whose consents they are.
    pub person: PersonId,
    /// What the client knows that person by.
    pub sub: &'a str,
}

impl Reader<'_> {
    /// The person, as the client knows them: issuer and subject (OpenID Connect Core 1.0 §2).
    pub fn patient(&self, realm: &Realm) -> Identifier {
        Identifier {
            system: realm.issuer.clone(),
            value: self.sub.to_owned(),
        }
    }

    /// Under what the client knows somebody or an organisation: the name says nothing to any other client.
    pub fn name(&self, realm: &Realm, key: &str) -> String {
        let mut whole = u32::try_from(self.client.len())
            .unwrap_or(u32::MAX)
            .to_be_bytes()
            .to_vec();
        whole.extend_from_slice(self.client.as_bytes());
        whole.extend_from_slice(self.person.uuid().as_bytes());
        whole.extend_from_slice(key.as_bytes());
        base64url(keyed_hash(&realm.keys.subjects, "consent.client", &whole))
    }
}

/// The resource as a client of the person reads it: the person as the client knows them, everybody else under names that
/// are theirs for this client and this person alone.
pub fn outside_for(realm: &Realm, reader: &Reader<'_>, consent: Consent) -> Consent {
    let own = reader.person.to_string();
    rename(consent, &|identifier| {
        if identifier.system == fhir::PERSON && identifier.value == own {
            *identifier = reader.patient(realm);
        } else if is_ours(identifier) {
            identifier.value = reader.name(realm, &identifier.value);
        }
    })
}

fn is_ours(identifier: &Identifier) -> bool {
    [fhir::PERSON, fhir::ORGANISATION].contains(&identifier.system.as_str())
}

fn rename(mut consent: Consent, one: &impl Fn(&mut Identifier)) -> Consent {
    let performers = consent.performer.iter_mut();
    for Reference { identifier, .. } in std::iter::once(&mut consent.patient).chain(performers) {
        one(identifier);
    }
    rename_in(&mut consent.provision.provision, one);
    consent
}

fn rename_in(provisions: &mut [Provision], one: &impl Fn(&mut Identifier)) {
    for provision in provisions {
        for actor in &mut provision.actor {
            one(&mut actor.reference.identifier);
            let codings = actor.role.coding.iter_mut();
            for coding in codings.filter(|coding| coding.system == fhir::ORGANISATION) {
                let mut identifier = Identifier {
                    system: std::mem::take(&mut coding.system),
                    value: std::mem::take(&mut coding.code),
                };
                one(&mut identifier);
                (coding.system, coding.code) = (identifier.system, identifier.value);
            }
        }
        rename_in(&mut provision.provision, one);
    }
}
