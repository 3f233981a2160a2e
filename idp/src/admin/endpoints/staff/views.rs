//! How organisations, staff and delegations look.

use std::collections::HashMap;

use platform::clock::Instant;
use serde::Serialize;
use utoipa::ToSchema;

use super::StaffDesk;
use crate::admin::Refusal;
use crate::ids::{OrganisationId, PersonId};
use crate::numbers::Number;
use crate::people::Person;
use crate::staff::affiliations::{Affiliation, Occupation, licence_aad, occupations};
use crate::staff::delegation::{Chain, Delegation};
use crate::staff::numbering::{of_organisations, of_staff};
use crate::staff::organisations::{Organisation, find_all};

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Organisation)]
pub(super) struct OrganisationView {
    /// What names it.
    pub number: String,
    /// Its name.
    name: String,
    /// What it is: `hospital`, `department`, …
    kind: &'static str,
    /// The number of the organisation that it is directly below.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    /// `active` or `ended`.
    state: &'static str,
    /// When it was made (RFC 3339).
    created_at: String,
    /// The last change (RFC 3339).
    updated_at: String,
    /// When it ended (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
}

/// An organisation in few words.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = OrganisationName)]
pub(super) struct OrganisationName {
    /// What names it.
    pub number: String,
    /// Its name.
    pub name: String,
}

/// An occupation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Occupation)]
pub(super) struct OccupationView {
    /// Its name in this API.
    id: String,
    /// What: `physician`, `nurse`, `clerk`, …
    code: &'static str,
    /// The number of the licence.
    #[serde(skip_serializing_if = "Option::is_none")]
    licence: Option<String>,
    /// When the licence expires (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    licence_until: Option<String>,
    /// Whether it may be acted in now.
    live: bool,
}

/// An affiliation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Affiliation)]
pub(super) struct AffiliationView {
    /// Its name in this API.
    id: String,
    /// Where.
    organisation: OrganisationName,
    /// As what they are called there.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// From when (RFC 3339).
    from: String,
    /// Until when (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// When it was ended (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    /// Whether it holds now.
    live: bool,
    /// As what.
    occupations: Vec<OccupationView>,
}

/// A member of staff.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Staff)]
pub(super) struct StaffView {
    /// Their staff number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Sex.
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<String>,
    /// Date of birth.
    #[serde(skip_serializing_if = "Option::is_none")]
    birthdate: Option<String>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Where they work, as far as the caller may see it.
    affiliations: Vec<AffiliationView>,
}

/// A delegation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delegation)]
pub(super) struct DelegationView {
    /// Its name in this API.
    id: String,
    /// The delegation that it was handed on from; absent: the realm's administration gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    /// The staff number of who gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    giver: Option<String>,
    /// The staff number of who holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<String>,
    /// The affiliation that it hangs on.
    affiliation: String,
    /// Over this organisation and what is below it.
    organisation: OrganisationName,
    /// What it gives.
    powers: Vec<&'static str>,
    /// How many times it may be handed on.
    may_delegate: u8,
    /// From when (RFC 3339).
    from: String,
    /// Until when (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// Whether it was withdrawn.
    withdrawn: bool,
}

/// Powers that somebody holds, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeldPowers)]
pub(super) struct HeldView {
    /// Over this organisation and what is below it.
    organisation: OrganisationName,
    /// What is left of all the delegations below.
    powers: Vec<&'static str>,
    /// Until when (RFC 3339), if nothing changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// Why: from what the realm gave to what the person holds.
    why: Vec<DelegationView>,
}

/// The names of what views speak of, read at once.
pub(super) struct Names {
    organisations: HashMap<OrganisationId, OrganisationName>,
    staff: HashMap<PersonId, Number>,
    now: Instant,
}

impl Names {
    /// Reads them.
    pub(super) async fn of(
        desk: &StaffDesk<'_>,
        ids: Vec<OrganisationId>,
        staff: Vec<PersonId>,
    ) -> Result<Self, Refusal> {
        let (store, realm) = (&desk.desk.hub.store, desk.desk.realm());
        let numbers = of_organisations(store, realm, ids.iter().copied()).await?;
        let found = find_all(store, realm.id, &ids).await?;
        let organisations = found.into_iter().map(|one| {
            let number = numbers.get(&one.id).map(Number::to_string).unwrap_or_default();
            (
                one.id,
                OrganisationName {
                    number,
                    name: one.name,
                },
            )
        });
        Ok(Self {
            organisations: organisations.collect(),
            staff: of_staff(store, realm, staff).await?,
            now: desk.act.now,
        })
    }

    pub(super) fn organisation(&self, id: OrganisationId) -> OrganisationName {
        let unknown = || OrganisationName {
            number: String::new(),
            name: String::new(),
        };
        self.organisations.get(&id).cloned().unwrap_or_else(unknown)
    }

    pub(super) fn staff(&self, id: PersonId) -> Option<String> {
        self.staff.get(&id).map(Number::to_string)
    }

    pub(super) fn view_organisation(&self, one: &Organisation) -> OrganisationView {
        OrganisationView {
            number: self.organisation(one.id).number,
            name: one.name.clone(),
            kind: one.kind.word(),
            parent: one.parent.map(|parent| self.organisation(parent).number),
            state: if one.ended_at.is_some() { "ended" } else { "active" },
            created_at: one.created_at.to_rfc3339(),
            updated_at: one.updated_at.to_rfc3339(),
            ended_at: one.ended_at.map(Instant::to_rfc3339),
        }
    }

    pub(super) fn view_delegation(&self, one: &Delegation) -> DelegationView {
        DelegationView {
            id: one.id.to_string(),
            parent: one.parent.map(|parent| parent.to_string()),
            giver: one.giver.and_then(|giver| self.staff(giver)),
            holder: self.staff(one.holder),
            affiliation: one.affiliation.to_string(),
            organisation: self.organisation(one.organisation),
            powers: one.powers.words().collect(),
            may_delegate: one.may_delegate,
            from: one.term.from.to_rfc3339(),
            until: one.term.until.map(Instant::to_rfc3339),
            withdrawn: one.withdrawn,
        }
    }

    pub(super) fn view_chain(&self, chain: &Chain) -> Option<HeldView> {
        let last = chain.last()?;
        Some(HeldView {
            organisation: self.organisation(last.organisation),
            powers: chain.powers.words().collect(),
            until: chain.term().until.map(Instant::to_rfc3339),
            why: chain
                .links
                .iter()
                .map(|link| self.view_delegation(link))
                .collect(),
        })
    }

    fn view_affiliation(&self, one: &Affiliation, occupations: Vec<OccupationView>) -> AffiliationView {
        AffiliationView {
            id: one.id.to_string(),
            organisation: self.organisation(one.organisation),
            title: one.title.clone(),
            from: one.term.from.to_rfc3339(),
            until: one.term.until.map(Instant::to_rfc3339),
            ended_at: one.ended_at.map(Instant::to_rfc3339),
            live: one.is_live(self.now),
            occupations,
        }
    }
}

/// An organisation with the numbers of itself and its parent.
pub(super) async fn organisation(
    desk: &StaffDesk<'_>,
    one: &Organisation,
) -> Result<OrganisationView, Refusal> {
    let names = Names::of(desk, [one.id].into_iter().chain(one.parent).collect(), Vec::new()).await?;
    Ok(names.view_organisation(one))
}

/// An occupation of a person whose key is at hand.
pub(super) fn occupation(
    desk: &StaffDesk<'_>,
    person: &Person,
    one: &Occupation,
) -> Result<OccupationView, Refusal> {
    let open = |sealed: &Vec<u8>| {
        let opened = person
            .key
            .open(&licence_aad(&desk.act, person.id, one.code), sealed);
        opened.map(|text| String::from_utf8_lossy(&text).into_owned())
    };
    let licence = one.sealed_licence.as_ref().map(open).transpose();
    Ok(OccupationView {
        id: one.id.to_string(),
        code: one.code.word(),
        licence: licence.map_err(|error| Refusal::unavailable(&error))?,
        licence_until: one.licence_until.map(Instant::to_rfc3339),
        live: one.is_live(desk.act.now),
    })
}

/// Members of staff with the affiliations that the caller may see, in the order of `members`.
pub(super) async fn staff(
    desk: &StaffDesk<'_>,
    members: &[(PersonId, Vec<Affiliation>)],
) -> Result<Vec<StaffView>, Refusal> {
    let all = || members.iter().flat_map(|(_, theirs)| theirs);
    let names = Names::of(
        desk,
        all().map(|one| one.organisation).collect(),
        members.iter().map(|(person, _)| *person).collect(),
    )
    .await?;
    let ids: Vec<_> = all().map(|one| one.id).collect();
    let known = occupations(&desk.desk.hub.store, desk.act.realm.id, &ids).await?;
    let mut views = Vec::with_capacity(members.len());
    for (id, theirs) in members {
        // Somebody whose key was destroyed has no name any more; that they worked here stays.
        let person = desk.desk.hub.people.by_id(desk.desk.realm(), *id).await?;
        let mut affiliations = Vec::with_capacity(theirs.len());
        for one in theirs {
            let mut occupations = Vec::new();
            for known in known.iter().filter(|known| known.affiliation == one.id) {
                if let Some(person) = &person {
                    occupations.push(occupation(desk, person, known)?);
                }
            }
            affiliations.push(names.view_affiliation(one, occupations));
        }
        let profile = person.as_ref().map(|person| &person.profile);
        views.push(StaffView {
            number: names.staff(*id),
            name: profile.and_then(|profile| profile.name.clone()),
            gender: profile.and_then(|profile| profile.details.gender.clone()),
            birthdate: profile.and_then(|profile| profile.details.birthdate.clone()),
            email: profile.and_then(|profile| profile.email.clone()),
            affiliations,
        });
    }
    Ok(views)
}
