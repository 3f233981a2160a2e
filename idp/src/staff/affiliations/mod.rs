//! Who works where, and as what: joiner, mover, leaver.
//!
//! ```text
//! join: registered or invited ──▶ affiliation ── ended by who administers the organisation, or over by its term ──▶ ended
//!                                                   with its occupations and what is delegated on it
//! the last one of a person ends: the staff number, every session and every token end in the same transaction
//! ```
//!
//! **Sessions.** A person is one person, with one sign-in, whether they come as staff or for themselves. Nothing tells
//! a session that was begun for work from another, so when somebody is no longer staff anywhere, all of theirs end and
//! they sign in anew as what they are now.
//!
//! Nobody changes their own affiliations and occupations, whatever they hold: a consent may open data to whoever works
//! somewhere as something.

mod provisioning;
mod store;

use platform::clock::Instant;
use platform::database::Tx;
use platform::keys::Aad;

use super::act::{Act, Known, allowed};
use super::attendance;
use super::delegation::Affiliated;
use super::delegations;
use super::error::StaffError;
use super::numbering;
use super::organisations::{self, enter};
use super::powers::Power;
use super::reach::Basis;
use super::term::Term;
use super::words::OccupationCode;
use crate::ids::{AffiliationId, OccupationId, OrganisationId, PersonId};
use crate::numbers::Number;
use crate::oauth::families::revoke_person_in;
use crate::people::{Person, Prepared};
use crate::realms::Realm;
use crate::sessions::end_all_in;

pub(crate) use provisioning::{join_new, leave_all, rejoin};
pub use store::{
    count, find, find_occupation, lapsed, list, members_among, occupations, occupied, of_person, standing,
};

/// Somebody's place in an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affiliation {
    /// Its key.
    pub id: AffiliationId,
    /// Whose.
    pub person: PersonId,
    /// Where.
    pub organisation: OrganisationId,
    /// As what they are called there.
    pub title: Option<String>,
    /// When it holds.
    pub term: Term,
    /// When it was ended.
    pub ended_at: Option<Instant>,
}

impl Affiliation {
    /// As far as delegations hang on it.
    pub fn affiliated(&self) -> Affiliated {
        Affiliated {
            person: self.person,
            organisation: self.organisation,
            term: self.term,
            ended: self.ended_at.is_some(),
        }
    }

    /// Whether it holds at `now`.
    pub fn is_live(&self, now: Instant) -> bool {
        self.affiliated().is_live(now)
    }
}

/// What somebody does in an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupation {
    /// Its key.
    pub id: OccupationId,
    /// Whose.
    pub person: PersonId,
    /// In which affiliation.
    pub affiliation: AffiliationId,
    /// What.
    pub code: OccupationCode,
    /// The number of the licence, sealed under the person's key.
    pub sealed_licence: Option<Vec<u8>>,
    /// When the licence expires.
    pub licence_until: Option<Instant>,
    /// When it was ended.
    pub ended_at: Option<Instant>,
}

impl Occupation {
    /// Whether it may be acted in at `now`, as far as it depends on itself.
    pub fn is_live(&self, now: Instant) -> bool {
        self.ended_at.is_none() && self.licence_until.is_none_or(|until| now < until)
    }
}

/// Which affiliations.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those with organisations at or below one of these; nothing: all.
    pub visible: Option<Vec<OrganisationId>>,
    /// Those with this one.
    pub organisation: Option<OrganisationId>,
    /// And with what is below it.
    pub below: bool,
    /// Those with this occupation.
    pub occupation: Option<OccupationCode>,
    /// Past ones too.
    pub past: bool,
}

/// A place to be taken.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where.
    pub organisation: OrganisationId,
    /// As what they are called there.
    pub title: Option<String>,
    /// When.
    pub term: Term,
}

/// An occupation to be added, its licence sealed already.
#[derive(Debug, Clone)]
pub struct NewOccupation {
    /// What.
    pub code: OccupationCode,
    /// The number of the licence, sealed.
    pub sealed_licence: Option<Vec<u8>>,
    /// When it expires.
    pub licence_until: Option<Instant>,
}

/// Somebody who joined.
#[derive(Debug, Clone)]
pub struct Joined {
    /// Their affiliation.
    pub affiliation: Affiliation,
    /// Their staff number.
    pub number: Number,
    /// What allowed it.
    pub basis: Basis,
}

/// What seals a licence.
pub fn licence_aad(act: &Act, person: PersonId, code: OccupationCode) -> Aad {
    licence_aad_of(&act.realm, person, code)
}

/// The same where nobody acts.
pub fn licence_aad_of(realm: &Realm, person: PersonId, code: OccupationCode) -> Aad {
    Aad::new(
        realm.id.uuid(),
        "occupation.licence",
        person.uuid().as_bytes(),
        code.word().as_bytes(),
    )
}

/// Somebody to be registered: the person, sealed, their place, their occupations.
pub type Newcomer = (Prepared, Place, Vec<NewOccupation>);

/// Registers somebody who is not a person of the realm yet: the person, their numbers, their place, in one transaction.
pub async fn register(
    tx: &Tx,
    act: &Act,
    person: Prepared,
    place: Place,
    occupations: Vec<NewOccupation>,
) -> Result<(Person, Joined), StaffError> {
    enter(tx, act.realm.id).await?;
    register_entered(tx, act, (person, place, occupations)).await
}

/// Registers several, all of them or nobody.
pub async fn register_all(
    tx: &Tx,
    act: &Act,
    all: Vec<Newcomer>,
) -> Result<Vec<(Person, Joined)>, StaffError> {
    enter(tx, act.realm.id).await?;
    let mut registered = Vec::with_capacity(all.len());
    for one in all {
        registered.push(register_entered(tx, act, one).await?);
    }
    Ok(registered)
}

async fn register_entered(
    tx: &Tx,
    act: &Act,
    (prepared, place, occupations): Newcomer,
) -> Result<(Person, Joined), StaffError> {
    let (_, basis) = allowed(tx, act, place.organisation, Power::StaffWrite).await?;
    let person = prepared.person.clone();
    prepared.write(tx).await?;
    let joined = settle(tx, act, person.id, place, basis).await?;
    for occupation in occupations {
        add_occupation(tx, act, &joined.affiliation, occupation).await?;
    }
    Ok((person, joined))
}

/// Gives a place to somebody who is a person of the realm: the realm's administration to anybody, others only to staff
/// of theirs. Whoever else shall join is invited and accepts ([`super::invitations`]).
pub async fn affiliate(tx: &Tx, act: &Act, person: PersonId, place: Place) -> Result<Joined, StaffError> {
    enter(tx, act.realm.id).await?;
    let theirs = of_person(tx, act.realm.id, person).await?;
    let live = || theirs.iter().filter(|one| one.is_live(act.now));
    let places = live().map(|one| one.organisation).chain([place.organisation]);
    let known = Known::load(tx, act, &[], places.collect::<Vec<_>>()).await?;
    let basis = known.basis(place.organisation, Power::StaffWrite)?;
    let is_ours = live().any(|one| known.basis(one.organisation, Power::StaffWrite).is_ok());
    if basis != Basis::Realm && !is_ours {
        return Err(StaffError::StaffUnknown);
    }
    if act.caller.person == Some(person) {
        return Err(StaffError::Own);
    }
    settle(tx, act, person, place, basis).await
}

/// Writes the place down, and gives a staff number to who has none. Whether it is allowed was decided before.
pub(super) async fn settle(
    tx: &Tx,
    act: &Act,
    person: PersonId,
    place: Place,
    basis: Basis,
) -> Result<Joined, StaffError> {
    let reversed = place.term.until.is_some_and(|until| until <= place.term.from);
    if reversed || place.term.is_over(act.now) {
        return Err(StaffError::Term);
    }
    organisations::active(tx, act, place.organisation).await?;
    let affiliation = Affiliation {
        id: AffiliationId::new(&act.entropy, act.now)?,
        person,
        organisation: place.organisation,
        title: place.title,
        term: place.term,
        ended_at: None,
    };
    if !store::insert(tx, act.realm.id, &affiliation, act.now).await? {
        return Err(StaffError::Affiliated);
    }
    let number = numbering::give_staff(tx, act, person).await?;
    Ok(Joined {
        affiliation,
        number,
        basis,
    })
}

/// What somebody's leaving ended.
#[derive(Debug, Clone)]
pub struct Left {
    /// The affiliation.
    pub affiliation: Affiliation,
    /// How many delegations went with it.
    pub withdrawn: u64,
    /// Whether it was their last, so that their sessions and tokens ended.
    pub last: bool,
}

/// Ends an affiliation and all that hangs on it.
pub async fn end(tx: &Tx, act: &Act, id: AffiliationId) -> Result<(Left, Basis), StaffError> {
    enter(tx, act.realm.id).await?;
    let affiliation = find(tx, act.realm.id, id)
        .await?
        .ok_or(StaffError::AffiliationUnknown)?;
    let allowed = allowed(tx, act, affiliation.organisation, Power::StaffWrite).await;
    let (_, basis) = allowed.map_err(|error| match error {
        StaffError::OrganisationUnknown => StaffError::AffiliationUnknown,
        other => other,
    })?;
    // To leave is to hold less; nobody is kept.
    let left = leave(tx, act, affiliation).await?;
    Ok((left, basis))
}

/// The same by nobody's wish: its term is over.
pub async fn lapse(tx: &Tx, act: &Act, id: AffiliationId) -> Result<Option<Left>, StaffError> {
    enter(tx, act.realm.id).await?;
    let found = find(tx, act.realm.id, id).await?;
    let over = found.filter(|one| one.ended_at.is_none() && one.term.is_over(act.now));
    match over {
        Some(affiliation) => leave(tx, act, affiliation).await.map(Some),
        None => Ok(None),
    }
}

async fn leave(tx: &Tx, act: &Act, affiliation: Affiliation) -> Result<Left, StaffError> {
    let (realm, person) = (act.realm.id, affiliation.person);
    if !store::end(tx, realm, affiliation.id, act.now).await? {
        return Err(StaffError::Over);
    }
    let withdrawn = delegations::withdraw_with(tx, act, affiliation.id).await?;
    match attendance::go(tx, act, person, affiliation.id).await {
        Ok(_) | Err(StaffError::NotThere) => {}
        Err(error) => return Err(error),
    }
    let last = standing(tx, realm, person, act.now).await? == 0;
    if last {
        numbering::take_staff(tx, act, person).await?;
        end_all_in(tx, realm, person, act.now).await?;
        revoke_person_in(tx, realm, person, act.now).await?;
    }
    let affiliation = Affiliation {
        ended_at: Some(act.now),
        ..affiliation
    };
    Ok(Left {
        affiliation,
        withdrawn,
        last,
    })
}

/// Adds an occupation to somebody's affiliation.
pub async fn occupy(
    tx: &Tx,
    act: &Act,
    id: AffiliationId,
    new: NewOccupation,
) -> Result<(Occupation, Basis), StaffError> {
    enter(tx, act.realm.id).await?;
    let affiliation = find(tx, act.realm.id, id)
        .await?
        .ok_or(StaffError::AffiliationUnknown)?;
    let basis = over_staff(tx, act, &affiliation).await?;
    if affiliation.ended_at.is_some() || affiliation.term.is_over(act.now) {
        return Err(StaffError::Over);
    }
    Ok((add_occupation(tx, act, &affiliation, new).await?, basis))
}

async fn add_occupation(
    tx: &Tx,
    act: &Act,
    affiliation: &Affiliation,
    new: NewOccupation,
) -> Result<Occupation, StaffError> {
    if new.code.is_licensed() && new.sealed_licence.is_none() {
        return Err(StaffError::Licence);
    }
    let occupation = Occupation {
        id: OccupationId::new(&act.entropy, act.now)?,
        person: affiliation.person,
        affiliation: affiliation.id,
        code: new.code,
        sealed_licence: new.sealed_licence,
        licence_until: new.licence_until,
        ended_at: None,
    };
    if store::insert_occupation(tx, act.realm.id, &occupation, act.now).await? {
        Ok(occupation)
    } else {
        Err(StaffError::Occupied)
    }
}

/// Ends an occupation.
pub async fn retire(tx: &Tx, act: &Act, id: OccupationId) -> Result<(Occupation, Basis), StaffError> {
    enter(tx, act.realm.id).await?;
    let occupation = find_occupation(tx, act.realm.id, id)
        .await?
        .ok_or(StaffError::OccupationUnknown)?;
    let affiliation = find(tx, act.realm.id, occupation.affiliation)
        .await?
        .ok_or(StaffError::OccupationUnknown)?;
    let basis = over_staff(tx, act, &affiliation).await;
    let basis = basis.map_err(|error| match error {
        StaffError::AffiliationUnknown => StaffError::OccupationUnknown,
        other => other,
    })?;
    if !store::end_occupation(tx, act.realm.id, id, act.now).await? {
        return Err(StaffError::Over);
    }
    let ended = Occupation {
        ended_at: Some(act.now),
        ..occupation
    };
    Ok((ended, basis))
}

/// Power over somebody else's affiliation.
async fn over_staff(tx: &Tx, act: &Act, affiliation: &Affiliation) -> Result<Basis, StaffError> {
    let allowed = allowed(tx, act, affiliation.organisation, Power::StaffWrite).await;
    let (known, basis) = allowed.map_err(|error| match error {
        StaffError::OrganisationUnknown => StaffError::AffiliationUnknown,
        other => other,
    })?;
    if known.reach.is_own(affiliation.person) {
        return Err(StaffError::Own);
    }
    Ok(basis)
}
