//! The facts of one asker and one subject, and questions to them.

use uuid::Uuid;

use super::model::{Asker, Contract, Effect, Emergency, Facts, Grant, Grantee, Operator, Standing};
use super::store::{self, AccessError, contracts, emergencies, grants};
use crate::hub::Hub;
use crate::ids::{OrganisationId, PersonId};
use crate::realms::Realm;
use crate::{staff, ties};

/// Who asks about whom.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// The person who acts, if it is one.
    pub asker: Option<PersonId>,
    /// Whose data it is.
    pub subject: PersonId,
    /// Who runs the service by which they act.
    pub operator: Option<&'a Operator>,
}

/// The facts, loaded.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    grants: Vec<Grant>,
    relations: Vec<String>,
    standings: Vec<Standing>,
    contracts: Vec<Contract>,
    emergencies: Vec<Emergency>,
}

impl Loaded {
    /// As the decision takes them.
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            grants: &self.grants,
            relations: &self.relations,
            standings: &self.standings,
            contracts: &self.contracts,
            emergencies: &self.emergencies,
        }
    }
}

/// Loads the facts about an asker and a subject, as they are now.
pub async fn load(hub: &Hub, realm: &Realm, who: Who<'_>) -> Result<Loaded, AccessError> {
    let (store, now) = (&hub.store, hub.clock.now());
    let grants = grants(store, realm.id, who.subject).await?;
    let contracts = match who.operator {
        Some(_) => contracts(store, realm.id, who.subject).await?,
        None => Vec::new(),
    };
    let mut loaded = Loaded {
        grants,
        contracts,
        ..Loaded::default()
    };
    // What is one's own needs none of this.
    if let Some(actor) = who.asker.filter(|actor| *actor != who.subject) {
        loaded.standings = standings(hub, realm, actor).await?;
        loaded.relations = relations(hub, realm, actor, who.subject).await?;
        loaded.emergencies = emergencies(store, realm.id, (actor, who.subject), now).await?;
    }
    Ok(loaded)
}

/// Where somebody works, as what, now.
pub async fn standings(hub: &Hub, realm: &Realm, person: PersonId) -> Result<Vec<Standing>, AccessError> {
    let found = staff::standing(&hub.store, realm.id, person, hub.clock.now()).await?;
    let standings = found.into_iter().map(|one| Standing {
        organisation: one.organisation,
        above: one.above,
        occupation: one.occupation.map(|occupation| occupation.code.word().to_owned()),
    });
    Ok(standings.collect())
}

/// The organisations that a person has a contract with now.
pub async fn agreed(hub: &Hub, realm: &Realm, person: PersonId) -> Result<Vec<OrganisationId>, AccessError> {
    let (now, all) = (hub.clock.now(), contracts(&hub.store, realm.id, person).await?);
    let live = all.into_iter().filter(|one| one.valid.has(now));
    Ok(live.map(|one| one.organisation).collect())
}

/// What somebody is to a person, now.
async fn relations(
    hub: &Hub,
    realm: &Realm,
    actor: PersonId,
    subject: PersonId,
) -> Result<Vec<String>, AccessError> {
    let tie = ties::between(hub, realm, actor, subject).await?;
    Ok(tie
        .map(|tie| tie.relation.as_str().to_owned())
        .into_iter()
        .collect())
}

/// Whom a person's consents could mean, by name.
#[derive(Debug, Clone, Default)]
pub struct Candidates {
    /// People, in the order of their keys.
    pub people: Vec<PersonId>,
    /// Clients, in their order.
    pub clients: Vec<String>,
}

/// All who could be permitted something with a person's data. Whether they are, the decision says.
pub async fn candidates(hub: &Hub, realm: &Realm, subject: PersonId) -> Result<Candidates, AccessError> {
    let grants = grants(&hub.store, realm.id, subject).await?;
    let (mut people, mut clients) = (vec![subject], Vec::new());
    for grant in grants {
        match grant.rule.grantee {
            _ if grant.rule.effect == Effect::Deny => {}
            Grantee::Person(person) | Grantee::Staff { person, .. } => people.push(person),
            Grantee::Client(client) => clients.push(client),
            Grantee::Everyone | Grantee::Relation(_) | Grantee::Organisation { .. } => {}
        }
    }
    let tied = ties::of(hub, realm, subject).await?;
    people.extend(tied.into_iter().map(|tie| tie.other));
    people.sort_unstable();
    people.dedup();
    clients.sort_unstable();
    clients.dedup();
    Ok(Candidates { people, clients })
}

/// People whose consents could mean an asker, in the order of their keys, after `after`; at most a hundred. Whether they
/// do, the decision says.
pub async fn subjects_of(
    hub: &Hub,
    realm: &Realm,
    asker: &Asker<'_>,
    after: Uuid,
) -> Result<Vec<PersonId>, AccessError> {
    let mut names: Vec<String> = Vec::new();
    names.extend(asker.person.map(|person| person.to_string()));
    names.extend(asker.client.map(str::to_owned));
    if let Some(person) = asker.person {
        let standings = standings(hub, realm, person).await?;
        let places = standings.iter().flat_map(|one| one.above.iter());
        names.extend(places.map(ToString::to_string));
        names.sort_unstable();
        names.dedup();
    }
    let mut found = store::subjects(&hub.store, realm.id, &names, after).await?;
    let whole = found.len() < store::SUBJECTS;
    // What is one's own needs no consent, and a consent to whoever is something to a person names no key.
    let mut more: Vec<PersonId> = asker.person.into_iter().collect();
    if let Some(person) = asker.person {
        let toward = ties::toward(hub, realm, person).await?;
        more.extend(toward.into_iter().map(|tie| tie.person));
    }
    for one in more.into_iter().filter(|one| one.uuid() > after) {
        if (whole || found.last().is_some_and(|last| one < *last))
            && let Err(place) = found.binary_search(&one)
        {
            found.insert(place, one);
        }
    }
    Ok(found)
}
