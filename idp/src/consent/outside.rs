//! A Consent resource as it leaves the hub: without internal keys.

use platform::encoding::base64url;
use platform::keys::keyed_hash;

use super::fhir::{self, Consent, Provision, Reference};
use crate::realms::Realm;

/// The resource with people and organisations under names that are theirs in receipts and exports of this realm alone.
pub fn outside(realm: &Realm, mut consent: Consent) -> Consent {
    hide(realm, &mut consent.patient);
    consent
        .performer
        .iter_mut()
        .for_each(|reference| hide(realm, reference));
    hide_in(realm, &mut consent.provision.provision);
    consent
}

fn hide_in(realm: &Realm, provisions: &mut [Provision]) {
    for provision in provisions {
        for actor in &mut provision.actor {
            hide(realm, &mut actor.reference);
            let codings = actor.role.coding.iter_mut();
            for coding in codings.filter(|coding| coding.system == fhir::ORGANISATION) {
                coding.code = pseudonym(realm, &coding.code);
            }
        }
        hide_in(realm, &mut provision.provision);
    }
}

fn hide(realm: &Realm, reference: &mut Reference) {
    let identifier = &mut reference.identifier;
    if [fhir::PERSON, fhir::ORGANISATION].contains(&identifier.system.as_str()) {
        identifier.value = pseudonym(realm, &identifier.value);
    }
}

fn pseudonym(realm: &Realm, key: &str) -> String {
    base64url(keyed_hash(
        &realm.keys.subjects,
        "consent.receipt",
        key.as_bytes(),
    ))
}
