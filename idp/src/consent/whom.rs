//! Organisations and their staff, as people and services name them: by their numbers, never by a key of ours.

use crate::access::{AccessError, Grantee};
use crate::hub::Hub;
use crate::ids::{OrganisationId, PersonId};
use crate::numbers::Number;
use crate::oauth::OAuthError;
use crate::people::{Criteria, Person, search, searched};
use crate::realms::Realm;
use crate::staff::affiliations::{Filter, members_among, occupied};
use crate::staff::organisations::{self, Organisation};
use crate::staff::words::OccupationCode;
use crate::staff::{StaffError, numbering};

/// How many people whose names begin so are looked at together.
const SOME: u32 = 200;
/// How many times, at most.
const PAGES: usize = 5;

/// Whom a form names, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// Whoever works at an organisation.
    Organisation {
        /// Which.
        number: Number,
        /// Or at one below it.
        below: bool,
        /// Only in this occupation.
        occupation: Option<OccupationCode>,
    },
    /// Somebody who works there.
    Staff {
        /// Their staff number.
        number: Number,
        /// Where.
        at: Number,
    },
}

impl Named {
    /// What a form posts.
    pub fn value(self) -> String {
        match self {
            Self::Organisation {
                number,
                below,
                occupation,
            } => {
                let sort = if below { "tree" } else { "organisation" };
                let occupation = occupation.map(|code| format!(" {}", code.word()));
                format!("{sort} {number}{}", occupation.unwrap_or_default())
            }
            Self::Staff { number, at } => format!("staff {number} {at}"),
        }
    }

    /// From what a form posts; nothing but what [`Self::value`] makes.
    pub fn parse(value: &str) -> Option<Self> {
        let mut words = value.split(' ');
        let sort = words.next()?;
        let number = Number::parse(words.next()?).ok()?;
        let last = words.next();
        let named = match (sort, last) {
            ("organisation" | "tree", last) => Self::Organisation {
                number,
                below: sort == "tree",
                occupation: match last {
                    None => None,
                    Some(word) => Some(OccupationCode::parse(word)?),
                },
            },
            ("staff", Some(at)) => Self::Staff {
                number,
                at: Number::parse(at).ok()?,
            },
            _ => return None,
        };
        (named.value() == value).then_some(named)
    }
}

/// Whom a form names, as they are now: an organisation that goes on, an occupation in which somebody works there, somebody
/// who works there. Anything else, and `reader` themselves, is nobody.
pub async fn resolve(
    hub: &Hub,
    realm: &Realm,
    named: Named,
    reader: PersonId,
) -> Result<Option<Grantee>, OAuthError> {
    match named {
        Named::Organisation {
            number,
            below,
            occupation,
        } => {
            let Some(place) = organisation(hub, realm, number).await? else {
                return Ok(None);
            };
            if let Some(code) = occupation
                && !occupations(hub, realm, (place.id, below)).await?.contains(&code)
            {
                return Ok(None);
            }
            Ok(Some(Grantee::Organisation {
                organisation: place.id,
                below,
                occupation: occupation.map(|code| code.word().to_owned()),
            }))
        }
        Named::Staff { number, at } => {
            let Some(place) = organisation(hub, realm, at).await? else {
                return Ok(None);
            };
            let person = staff_by_number(hub, realm, (place.id, number), reader).await?;
            Ok(person.map(|person| Grantee::Staff {
                person,
                organisation: place.id,
            }))
        }
    }
}

/// The organisation of a number, if it goes on.
pub async fn organisation(
    hub: &Hub,
    realm: &Realm,
    number: Number,
) -> Result<Option<Organisation>, OAuthError> {
    let found = async {
        let Some(id) = numbering::organisation_by_number(&hub.store, realm, number).await? else {
            return Ok(None);
        };
        organisations::find(&hub.store, realm.id, id).await
    };
    let found = found.await.map_err(broken)?;
    Ok(found.filter(|one| one.ended_at.is_none()))
}

/// The occupations in which somebody works at an organisation, or below it, too.
pub async fn occupations(
    hub: &Hub,
    realm: &Realm,
    (place, below): (OrganisationId, bool),
) -> Result<Vec<OccupationCode>, OAuthError> {
    let filter = at(place, below);
    let found = occupied(&hub.store, realm.id, &filter, hub.clock.now()).await;
    found.map_err(broken)
}

/// Who of the staff of an organisation has a staff number.
async fn staff_by_number(
    hub: &Hub,
    realm: &Realm,
    (place, number): (OrganisationId, Number),
    reader: PersonId,
) -> Result<Option<PersonId>, OAuthError> {
    let named = numbering::staff_by_number(&hub.store, realm, number).await;
    let Some(person) = named.map_err(broken)? else {
        return Ok(None);
    };
    let found = staff_of(hub, realm, place, vec![person]).await?;
    Ok(found.into_iter().find(|one| *one != reader))
}

/// The staff of an organisation whom a text means: by staff number, or by their whole name. More than one, if several
/// have that name.
pub async fn staff(
    hub: &Hub,
    realm: &Realm,
    (place, text): (OrganisationId, &str),
    reader: PersonId,
) -> Result<Vec<PersonId>, OAuthError> {
    if let Ok(number) = Number::parse(text) {
        let found = staff_by_number(hub, realm, (place, number), reader).await?;
        return Ok(found.into_iter().collect());
    }
    let wanted = searched(text);
    let criteria = Criteria {
        name: Some(text.to_owned()),
        ..Criteria::default()
    };
    let (mut all, mut after) = (Vec::new(), None);
    for _ in 0..PAGES {
        let page = search(&hub.store, realm, &criteria, after, SOME).await?.people;
        let Some(last) = page.last() else { break };
        after = Some(*last);
        all.extend(staff_of(hub, realm, place, page).await?);
    }
    let mut named = Vec::new();
    for id in all.into_iter().filter(|one| *one != reader) {
        // A beginning of a name names nobody: it would be a list of all who work there.
        let person = hub.people.by_id(realm, id).await?;
        if person.is_some_and(|person| is_called(&person, &wanted)) {
            named.push(id);
        }
    }
    Ok(named)
}

/// Whether the whole of somebody's name is this, in the form in which names are searched.
fn is_called(person: &Person, wanted: &str) -> bool {
    let details = &person.profile.details;
    let family = details.family_name.as_deref().unwrap_or_default();
    let given = details.given_name.as_deref().unwrap_or_default();
    let joined = [family, given].concat();
    let names = [person.profile.name.as_deref().unwrap_or_default(), &joined];
    names.into_iter().any(|name| searched(name) == wanted)
}

async fn staff_of(
    hub: &Hub,
    realm: &Realm,
    place: OrganisationId,
    people: Vec<PersonId>,
) -> Result<Vec<PersonId>, OAuthError> {
    let filter = at(place, true);
    let found = members_among(&hub.store, realm.id, &filter, &people, hub.clock.now()).await;
    let mut found = found.map_err(broken)?;
    found.sort_unstable();
    Ok(found)
}

/// The staff number of somebody.
pub async fn staff_number(hub: &Hub, realm: &Realm, person: PersonId) -> Result<Option<Number>, OAuthError> {
    let numbers = numbering::of_staff(&hub.store, realm, [person]).await;
    Ok(numbers.map_err(broken)?.remove(&person))
}

fn at(place: OrganisationId, below: bool) -> Filter {
    Filter {
        organisation: Some(place),
        below,
        ..Filter::default()
    }
}

/// What the database did not answer, as a page says it.
pub fn broken(error: StaffError) -> OAuthError {
    AccessError::from(error).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_a_form_names_comes_back_from_its_value_and_nothing_else_does() {
        // 97 is the modulus of the check digits: each of these leaves 1.
        let [one, two] = ["10000000000083", "10000000000180"].map(|text| Number::parse(text).unwrap());
        let organisation = |below, occupation| Named::Organisation {
            number: one,
            below,
            occupation,
        };
        for named in [
            organisation(false, None),
            organisation(true, None),
            organisation(true, Some(OccupationCode::Nurse)),
            Named::Staff { number: one, at: two },
        ] {
            assert_eq!(Named::parse(&named.value()), Some(named));
            for other in [
                format!("{} ", named.value()),
                format!(" {}", named.value()),
                named.value().to_uppercase(),
                format!("{} x", named.value()),
            ] {
                assert_eq!(Named::parse(&other), None, "{other}");
            }
        }
        for other in [
            String::new(),
            "tree".to_owned(),
            format!("staff {one}"),
            format!("tree {one} king"),
            format!("tree {}", one.grouped()),
            "tree 10000000000084".to_owned(),
            "tree 0196e0b4-0000-7000-8000-000000000001".to_owned(),
        ] {
            assert_eq!(Named::parse(&other), None, "{other}");
        }
    }
}
