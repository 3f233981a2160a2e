//! What a fresh hub makes by itself: a realm, and an administrator who sets a password by a link that is shown once.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use idp::admin::scope;
use idp::credentials::Passwords;
use idp::log::{Action, Entry};
use idp::people::{NewPerson, People, PeopleError, Person, Profile};
use idp::realms::{Realm, RealmError};
use platform::ids::RealmId;
use platform::keys::DataKey;
use uuid::Uuid;

use crate::installation::{Installation, key_file};
use crate::record;

/// The login name of the administrator that a fresh hub makes.
pub const LOGIN: &str = "admin";
/// How long a link to set a password can be used.
pub const LINK_LIFE: Duration = Duration::from_hours(24);

const REALM: Action = Action::new("realm.create");
const ADMINISTRATOR: Action = Action::new("administrator.create");

/// The row for a realm that is about to be made. It belongs to the hub itself, and has no detail: the realm that could
/// seal one is not there yet.
pub fn realm_entry(hub: &Installation, issuer: &str) -> anyhow::Result<Entry> {
    let unused = Arc::new(DataKey::generate(&hub.entropy)?);
    let mut entry = Entry::permit(RealmId::from(Uuid::nil()), REALM, unused);
    entry.resource_kind = Some("realm".into());
    entry.resource_ids = vec![issuer.to_owned()];
    Ok(entry)
}

/// The first realm; made as configured if there is none.
pub async fn realm(hub: &Installation, as_told: impl FnOnce(Entry) -> Entry) -> anyhow::Result<Arc<Realm>> {
    if let Some(first) = first_realm(hub).await? {
        return Ok(first);
    }
    let wanted = &hub.settings.realm;
    idp::realms::parse_issuer(&wanted.issuer).context("realm.issuer")?;
    record::append(hub, as_told(realm_entry(hub, &wanted.issuer)?)).await?;
    match hub
        .realms
        .create(&hub.clock, &hub.entropy, &wanted.name, &wanted.issuer)
        .await
    {
        Ok(made) => Ok(made),
        // Another node that starts at the same moment was first.
        Err(RealmError::Taken) => first_realm(hub)
            .await?
            .context("the realm that was just made is gone"),
        Err(error) => Err(error).context("the first realm cannot be made"),
    }
}

async fn first_realm(hub: &Installation) -> anyhow::Result<Option<Arc<Realm>>> {
    let found = hub.realms.list(None, 1).await;
    let found = found.with_context(|| {
        let file = key_file(&hub.settings);
        format!(
            "the realms cannot be read with the key-encryption key in {}",
            file.display()
        )
    })?;
    Ok(found.into_iter().next())
}

/// A link for the first administrator, as long as there is none; the administrator is made for it.
pub async fn administrator(hub: &Installation, realm: &Realm) -> anyhow::Result<Option<String>> {
    let people = People::new(hub.store.clone(), hub.clock.clone(), hub.entropy.clone());
    if people.anyone_has_powers(realm).await? {
        return Ok(None);
    }
    let entry = Entry::permit(realm.id, ADMINISTRATOR, realm.keys.data.clone()).detail("login", LOGIN);
    record::append(hub, entry).await?;
    match people.create(realm, new_administrator(LOGIN)).await {
        Ok(person) => link(hub, realm, &person).await.map(Some),
        Err(PeopleError::Taken) if people.anyone_has_powers(realm).await? => Ok(None),
        Err(PeopleError::Taken) => {
            bail!(
                "nobody administers this hub, and the login name {LOGIN} is somebody else's; run `musubi admin create --login NAME`"
            )
        }
        Err(error) => Err(error).context("the first administrator cannot be made"),
    }
}

/// An administrator to be made, who holds every power over the realm's API.
pub fn new_administrator(login: &str) -> NewPerson {
    NewPerson {
        profile: Profile {
            login: login.to_owned(),
            ..Profile::default()
        },
        locale: None,
        powers: scope::ALL.iter().map(|power| (*power).to_owned()).collect(),
    }
}

/// A link with which a person sets their password once; earlier ones of theirs end.
pub async fn link(hub: &Installation, realm: &Realm, person: &Person) -> anyhow::Result<String> {
    let passwords = Passwords::new(hub.store.clone(), hub.clock.clone(), hub.entropy.clone());
    let token = passwords.create_link(realm, person.id, LINK_LIFE).await?;
    Ok(realm.url(&format!("/set-password?token={token}")))
}

/// What the first start says.
pub fn welcome(link: &str) -> String {
    format!(
        "
  Welcome to Musubi. Open this link within 24 hours to set the password of the administrator `{LOGIN}`:
  Musubi へようこそ。24 時間以内に次のリンクを開き、管理者「{LOGIN}」のパスワードを設定してください。

    {link}

  It is shown only this once. `musubi admin link --login {LOGIN}` makes a new one.
  表示はこの一度だけです。新しいリンクは `musubi admin link --login {LOGIN}` で作れます。
"
    )
}
