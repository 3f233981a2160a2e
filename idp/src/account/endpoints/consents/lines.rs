//! Consents in words that a page can show: names in the place of keys.

use crate::access::{AccessError, Effect, Grantee, Rule};
use crate::consent::{ConsentError, Kept, Level};
use crate::http::View;
use crate::hub::Hub;
use crate::ids::{OrganisationId, PersonId};
use crate::oauth::OAuthError;
use crate::pages::{ConsentLine, Moment, RuleLine, WhoLine};
use crate::realms::Realm;
use crate::staff::organisations;

/// What a page borrows from.
pub(super) struct Named {
    id: String,
    url: String,
    rules: Vec<(Rule, Names)>,
    level: Option<Level>,
    given_at: Moment,
    by: Option<String>,
}

/// The names of a grantee.
#[derive(Default)]
pub(super) struct Names {
    who: String,
    place: String,
}

/// A consent with the names of all whom it means.
pub(super) async fn named(hub: &Hub, view: &View<'_>, kept: &Kept) -> Result<Named, OAuthError> {
    let all = kept.rules().map_err(ConsentError::from)?;
    let level = Level::of(&all);
    let mut rules = Vec::with_capacity(all.len());
    for rule in all {
        let names = names(hub, view, &rule.grantee).await?;
        rules.push((rule, names));
    }
    let by = if kept.performer == kept.subject {
        None
    } else {
        Some(person(hub, &view.call.realm, kept.performer).await?)
    };
    Ok(Named {
        id: kept.id.to_string(),
        url: format!("/account/consents/{}", kept.id),
        rules,
        level,
        given_at: Moment(kept.at.as_micros()),
        by,
    })
}

/// The names of whom a rule means. Somebody who is not there any more has none, and neither has what was removed.
pub(super) async fn names(hub: &Hub, view: &View<'_>, grantee: &Grantee) -> Result<Names, OAuthError> {
    let realm = &view.call.realm;
    let mut names = Names::default();
    match grantee {
        Grantee::Person(id) => names.who = person(hub, realm, *id).await?,
        Grantee::Staff {
            person: id,
            organisation: place,
        } => {
            names.who = person(hub, realm, *id).await?;
            names.place = organisation(hub, realm, *place).await?;
        }
        Grantee::Organisation {
            organisation: place, ..
        } => names.place = organisation(hub, realm, *place).await?,
        Grantee::Client(id) => {
            let client = hub.clients.find(realm, id).await?;
            names.who = client.map_or_else(
                || id.clone(),
                |client| client.name_in(view.texts.language().tag()).to_owned(),
            );
        }
        Grantee::Everyone | Grantee::Relation(_) => {}
    }
    Ok(names)
}

pub(super) async fn organisation(hub: &Hub, realm: &Realm, id: OrganisationId) -> Result<String, OAuthError> {
    let found = organisations::find(&hub.store, realm.id, id).await;
    let found = found.map_err(AccessError::from)?;
    Ok(found.map_or_else(|| "–".to_owned(), |organisation| organisation.name))
}

pub(super) async fn person(hub: &Hub, realm: &Realm, id: PersonId) -> Result<String, OAuthError> {
    let found = hub.people.by_id(realm, id).await?;
    Ok(found.map_or_else(|| "–".to_owned(), |person| person.display_name().to_owned()))
}

/// To whom a rule applies, in words.
pub(super) fn who<'a>(grantee: &'a Grantee, names: &'a Names) -> WhoLine<'a> {
    match grantee {
        Grantee::Everyone => WhoLine::Everyone,
        Grantee::Person(_) => WhoLine::Person(&names.who),
        Grantee::Relation(word) => WhoLine::Relation(word),
        Grantee::Client(_) => WhoLine::Client(&names.who),
        Grantee::Staff { .. } => WhoLine::Staff {
            name: &names.who,
            organisation: &names.place,
        },
        Grantee::Organisation {
            below, occupation, ..
        } => WhoLine::Organisation {
            name: &names.place,
            below: *below,
            occupation: occupation.as_deref(),
        },
    }
}

/// A rule as a page shows it.
pub(super) fn line<'a>(rule: &'a Rule, names: &'a Names) -> RuleLine<'a> {
    RuleLine {
        forbids: rule.effect == Effect::Deny,
        who: who(&rule.grantee, names),
        kinds: rule.kinds,
        actions: rule.actions,
        purposes: rule.purposes,
        depth: rule.depth,
        until: rule.valid.end().map(|end| Moment(end.as_micros())),
    }
}

impl Named {
    /// The rules as the page shows them.
    pub(super) fn rules(&self) -> Vec<RuleLine<'_>> {
        let all = self.rules.iter();
        all.map(|(rule, names)| line(rule, names)).collect()
    }

    /// The consent as the page shows it.
    pub(super) fn line<'a>(&'a self, rules: &'a [RuleLine<'a>]) -> ConsentLine<'a> {
        ConsentLine {
            id: &self.id,
            url: &self.url,
            rules,
            level: self.level,
            given_at: self.given_at,
            by: self.by.as_deref(),
        }
    }
}
