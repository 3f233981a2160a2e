//! The account in the database: all of it, or none.

use platform::database::Tx;

use crate::credentials::{PasswordHash, replace};
use crate::hub::Hub;
use crate::people::{NewPerson, PeopleError, Person, Profile};
use crate::realms::Realm;

/// Makes a person with their names, a number and a password. `Taken` if somebody has one of the names.
pub(super) async fn create(
    hub: &Hub,
    realm: &Realm,
    profile: Profile,
    (language, password): (&str, &PasswordHash),
) -> Result<Person, PeopleError> {
    let new = NewPerson {
        profile,
        locale: Some(language.to_owned()),
        powers: Vec::new(),
    };
    let prepared = hub.people.prepare(realm, &new)?;
    let person = prepared.person.clone();
    let (realm, id, phc, now) = (realm.id, person.id, password.to_phc(), hub.clock.now());
    hub.store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                prepared.write(tx).await?;
                replace(tx, realm, id, (phc, now), None).await?;
                Ok::<_, PeopleError>(())
            })
        })
        .await?;
    Ok(person)
}
