//! A new password out of a form: judged, compared with its second entry, hashed.

use platform::http::Parameters;
use secrecy::SecretString;

use super::phc::PasswordHash;
use super::policy::{Hint, MAX_LENGTH, Owner, Weakness, judge, least};
use crate::factors::FactorsError;
use crate::hub::Hub;
use crate::pages::{PasswordHint, PasswordProblem, PasswordRule};
use crate::people::{Person, Profile};
use crate::realms::Realm;

/// Why a password was not taken; at least one reason.
#[derive(Debug)]
pub(crate) struct Rejected(pub Vec<PasswordProblem>);

/// The least length of a new password of this person.
async fn least_of(hub: &Hub, realm: &Realm, person: &Person) -> Result<u32, FactorsError> {
    let second = hub.factors.any_second(realm, person.id).await?;
    Ok(least(&hub.settings.passwords, second))
}

/// What a page says beforehand to this person; [`judge`] holds it.
pub(crate) async fn rules(
    hub: &Hub,
    realm: &Realm,
    person: &Person,
) -> Result<Vec<PasswordRule>, FactorsError> {
    Ok(said(hub, least_of(hub, realm, person).await?))
}

/// The same to somebody who has no account yet.
pub(crate) fn rules_for_new(hub: &Hub) -> Vec<PasswordRule> {
    said(hub, least(&hub.settings.passwords, false))
}

fn said(hub: &Hub, least: u32) -> Vec<PasswordRule> {
    let mut rules = vec![
        PasswordRule::MinLength(least),
        PasswordRule::MaxLength(MAX_LENGTH),
        PasswordRule::NotGuessable,
        PasswordRule::NotLogin,
    ];
    if hub.settings.passwords.breached_file.is_some() {
        rules.push(PasswordRule::NotBreached);
    }
    rules
}

/// Takes the fields `password` and `password_again`: the hash of a password that may be set.
pub(crate) async fn chosen(
    hub: &Hub,
    realm: &Realm,
    person: &Person,
    form: &Parameters,
) -> Result<PasswordHash, Rejected> {
    let least = least_of(hub, realm, person).await.map_err(|_| busy())?;
    allowed(hub, (realm, &person.profile), least, form).await
}

/// The same for somebody who has no account yet.
pub(crate) async fn chosen_for(
    hub: &Hub,
    realm: &Realm,
    profile: &Profile,
    form: &Parameters,
) -> Result<PasswordHash, Rejected> {
    let least = least(&hub.settings.passwords, false);
    allowed(hub, (realm, profile), least, form).await
}

fn busy() -> Rejected {
    Rejected(vec![PasswordProblem::Busy { seconds: 5 }])
}

async fn allowed(
    hub: &Hub,
    (realm, profile): (&Realm, &Profile),
    least: u32,
    form: &Parameters,
) -> Result<PasswordHash, Rejected> {
    let password = SecretString::from(form.get("password").unwrap_or_default());
    let owner = Owner::new(profile, &realm.name);
    let found = judge(&hub.settings.passwords, &password, &owner, least).await;
    let mut problems: Vec<_> = found.map_err(|_| busy())?.into_iter().map(problem).collect();
    if form.get("password_again") != form.get("password") {
        problems.push(PasswordProblem::Mismatch);
    }
    if problems.is_empty() {
        hub.hasher.hash(password).await.map_err(|_| busy())
    } else {
        Err(Rejected(problems))
    }
}

fn problem(weakness: Weakness) -> PasswordProblem {
    match weakness {
        Weakness::TooShort { min } => PasswordProblem::TooShort { min },
        Weakness::TooLong => PasswordProblem::TooLong { max: MAX_LENGTH },
        Weakness::ContainsLogin => PasswordProblem::ContainsLogin,
        Weakness::Breached => PasswordProblem::Breached,
        Weakness::Guessable(hint) => PasswordProblem::Guessable(match hint {
            Hint::Common => PasswordHint::Common,
            Hint::Keyboard => PasswordHint::Keyboard,
            Hint::Repeated => PasswordHint::Repeated,
            Hint::Sequence => PasswordHint::Sequence,
            Hint::Date => PasswordHint::Date,
            Hint::Name => PasswordHint::Name,
            Hint::Words => PasswordHint::Words,
        }),
    }
}
