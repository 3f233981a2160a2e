//! `GET|POST /account/consents/new`: the form, then what it means in plain words, and only then the consent.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use platform::clock::Instant;
use platform::http::Parameters;

use super::confirm;
use super::lines::{Names, names, who as in_words};
use super::list::status;
use super::whose::{Whose, enter_for, posted_for};
use super::{GIVE, Refused, again};
use crate::access::{Action, Actions, Depth, Effect, Grantee, Kind, Kinds, Period, Purpose, Purposes, Rule};
use crate::account::endpoints::entry;
use crate::consent::whom::{self, Named};
use crate::consent::{self, Draft, Origin};
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::oauth::OAuthError;
use crate::pages::{Choice, ConsentProblem, ErrorKind, Form, NewConsent};
use crate::recovery::family;
use crate::signin::SignedIn;
use crate::ties::Relation;

/// Somebody to whom it can be given.
pub(super) struct Offered {
    pub(super) value: String,
    pub(super) grantee: Grantee,
    pub(super) names: Names,
}

/// Shows the form.
pub(in crate::account::endpoints) async fn ask(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who, whose) = match enter_for(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    if let Err(error) = whose.read(&hub, &call, &who, "consents.new").await {
        return view.oauth_error(error);
    }
    render(&hub, view, &whose, (&Parameters::default(), None)).await
}

/// Shows the form with an organisation, or somebody who works there, chosen.
pub(super) async fn with(hub: &Hub, view: View<'_>, whose: &Whose, named: Named) -> Response {
    let chosen = Parameters::from_pairs(vec![("who".to_owned(), named.value())]);
    match chosen {
        Ok(chosen) => render(hub, view, whose, (&chosen, None)).await,
        Err(_) => view.refuse(hub, ErrorKind::BadRequest, "consents.form").await,
    }
}

/// All to whom a person can give a consent: whom the form names by their number, what people are to them, people and
/// services that they know, and everybody else, to whom it can only be forbidden.
async fn offered(
    hub: &Hub,
    view: &View<'_>,
    whose: &Whose,
    wanted: Option<&str>,
) -> Result<Vec<Offered>, OAuthError> {
    let (realm, owner) = (&view.call.realm, whose.person.id);
    let first = match wanted.and_then(Named::parse) {
        Some(named) => whom::resolve(hub, realm, named, owner).await?,
        None => None,
    };
    let first = first.zip(wanted.map(str::to_owned));
    let mut grantees: Vec<Grantee> = Relation::ALL
        .map(|relation| Grantee::Relation(relation.as_str().to_owned()))
        .into_iter()
        .collect();
    let trusted = family::trusted(hub, realm, owner).await?;
    grantees.extend(trusted.into_iter().map(|one| Grantee::Person(one.person)));
    let services = hub.consents.list(realm, owner).await?;
    for service in services {
        let grantee = Grantee::Client(service.recipient.client_id);
        if !grantees.contains(&grantee) {
            grantees.push(grantee);
        }
    }
    grantees.push(Grantee::Everyone);
    let known = grantees.into_iter().map(|grantee| {
        let value = match &grantee {
            Grantee::Relation(word) => format!("relation {word}"),
            Grantee::Person(person) => format!("person {person}"),
            Grantee::Client(client) => format!("client {client}"),
            _ => "everyone".to_owned(),
        };
        (grantee, value)
    });
    let mut all = Vec::new();
    for (grantee, value) in first.into_iter().chain(known) {
        let names = names(hub, view, &grantee).await?;
        all.push(Offered {
            value,
            grantee,
            names,
        });
    }
    Ok(all)
}

async fn render(
    hub: &Hub,
    view: View<'_>,
    whose: &Whose,
    (form, problem): (&Parameters, Option<ConsentProblem>),
) -> Response {
    let offered = match offered(hub, &view, whose, form.get("who")).await {
        Ok(offered) => offered,
        Err(error) => return view.oauth_error(error),
    };
    let (csrf, links) = (view.csrf(), whose.links());
    let people: Vec<Choice<'_>> = offered
        .iter()
        .map(|one| Choice {
            value: &one.value,
            who: in_words(&one.grantee, &one.names, whose.ward()),
        })
        .collect();
    let chosen = chosen(form);
    let page = NewConsent {
        frame: view.frame(&links.new),
        whose: whose.shown(&links),
        problem,
        form: Form {
            action: &links.new,
            csrf: &csrf,
            hidden: &[],
        },
        people: &people,
        chosen: &chosen,
    };
    let html = page.render(&view.texts);
    view.page(status(problem), html)
}

/// What was chosen before, so that nobody chooses twice; at first what is asked for most often.
fn chosen(form: &Parameters) -> Vec<(&str, &str)> {
    if form.get("effect").is_none() {
        let who = form.get("who").map(|value| ("who", value));
        // Staff see for care, whoever else sees as family or friend.
        let purpose = if who.is_some() { "care" } else { "family" };
        let first = [("depth", "daily"), (purpose, "purpose"), ("until", "year")];
        return first.into_iter().chain(who).collect();
    }
    let mut all = Vec::new();
    for (name, value) in form.iter() {
        match name.split_once('-') {
            Some(("kind", word)) => all.push((word, "kind")),
            Some(("purpose", word)) => all.push((word, "purpose")),
            _ if name != "current" => all.push((name, value)),
            _ => {}
        }
    }
    all
}

/// Shows what it means, or gives it once that was seen.
pub(in crate::account::endpoints) async fn give(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who, whose, form) = match posted_for(&hub, &call, GIVE).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    let step = form.get("step");
    if step == Some("edit") {
        return render(&hub, view, &whose, (&form, None)).await;
    }
    let (rule, to) = match meant(&hub, &view, &whose, &form).await {
        Ok(meant) => meant,
        Err(Refused::Problem(problem)) => return render(&hub, view, &whose, (&form, Some(problem))).await,
        Err(Refused::Broken(error)) => return view.oauth_error(error),
    };
    let shown = (&rule, &to.names);
    if step != Some("give") {
        if let Err(error) = whose.read(&hub, &call, &who, "consents.confirm").await {
            return view.oauth_error(error);
        }
        return confirm::render(&hub, view, (&who, &whose), (&form, shown, None)).await;
    }
    match carry_out(&hub, &call, (&who, &whose), (&form, rule.clone())).await {
        Ok(()) => view.redirect(&whose.link("/account/consents?done=given")),
        Err(Refused::Problem(problem)) => {
            confirm::render(&hub, view, (&who, &whose), (&form, shown, Some(problem))).await
        }
        Err(Refused::Broken(error)) => view.oauth_error(error),
    }
}

/// The rule that a form means, and to whom.
async fn meant(
    hub: &Hub,
    view: &View<'_>,
    whose: &Whose,
    form: &Parameters,
) -> Result<(Rule, Offered), Refused> {
    let incomplete = || Refused::Problem(ConsentProblem::Incomplete);
    let value = form.get("who").ok_or_else(incomplete)?;
    let offered = offered(hub, view, whose, Some(value)).await?;
    // Only whom the form offers: a key that was typed in names nobody.
    let to = offered.into_iter().find(|one| one.value == value);
    let to = to.ok_or(Refused::Problem(match Named::parse(value) {
        Some(_) => ConsentProblem::Nobody,
        None => ConsentProblem::Incomplete,
    }))?;
    let rule = rule(form, to.grantee.clone(), hub.clock.now()).ok_or_else(incomplete)?;
    Ok((rule, to))
}

async fn carry_out(
    hub: &Hub,
    call: &Call,
    (who, whose): (&SignedIn, &Whose),
    (form, rule): (&Parameters, Rule),
) -> Result<(), Refused> {
    again(hub, call, who, form).await?;
    let draft = Draft {
        performer: who.person.id,
        origin: Origin::Person,
        rules: vec![rule],
    };
    let prepared = consent::prepare(hub, &call.realm, &whose.person, &draft)?;
    let row = entry(call, GIVE, who).resource("consent", [prepared.id.to_string()]);
    hub.record(whose.about(row)).await?;
    consent::write_for(hub, &call.realm, prepared, whose.tie()).await?;
    Ok(())
}

/// The rule that a form describes. What is forbidden is forbidden for all purposes but an emergency, unless some are
/// chosen.
fn rule(form: &Parameters, grantee: Grantee, now: Instant) -> Option<Rule> {
    let effect = match form.get("effect")? {
        "permit" => Effect::Permit,
        "deny" => Effect::Deny,
        _ => return None,
    };
    let kinds: Kinds = Kind::ALL
        .iter()
        .copied()
        .filter(|kind| form.get(&format!("kind-{}", kind.as_str())).is_some())
        .collect();
    let mut purposes: Purposes = Purpose::ALL
        .iter()
        .copied()
        .filter(|purpose| form.get(&format!("purpose-{}", purpose.as_str())).is_some())
        .collect();
    if effect == Effect::Deny && purposes.is_empty() {
        purposes = Purposes::ALL.without(Purposes::of(&[Purpose::Emergency]));
    }
    let changes = Actions::of(&[Action::Create, Action::Update]);
    let sees = Actions::of(&[Action::Read, Action::Search]);
    let actions = match (effect, form.get("change")) {
        (Effect::Deny, _) => Actions::ALL,
        (Effect::Permit, Some(_)) => Action::ALL
            .iter()
            .copied()
            .filter(|action| changes.has(*action) || sees.has(*action))
            .collect(),
        (Effect::Permit, None) => sees,
    };
    let day = Duration::from_hours(24);
    let until = match form.get("until")? {
        "month" => Some(now.plus(day * 30)),
        "half" => Some(now.plus(day * 182)),
        "year" => Some(now.plus(day * 365)),
        "open" => None,
        _ => return None,
    };
    let everyone_is_let_in = effect == Effect::Permit && grantee == Grantee::Everyone;
    if kinds.is_empty() || purposes.is_empty() || everyone_is_let_in {
        return None;
    }
    Some(Rule {
        effect,
        grantee,
        kinds,
        actions,
        purposes,
        depth: Depth::parse(form.get("depth")?)?,
        data: Period::ALWAYS,
        valid: Period::between(None, until),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Option<Rule> {
        let form = Parameters::parse(form.as_bytes()).unwrap();
        let to = Grantee::Relation("child".to_owned());
        rule(&form, to, Instant::from_micros(0))
    }

    #[test]
    fn a_form_that_leaves_something_open_is_no_consent() {
        let whole = "effect=permit&kind-vitals=1&depth=daily&purpose-family=1&until=month";
        let rule = read(whole).unwrap();
        assert_eq!(rule.kinds, Kinds::of(&[Kind::Vitals]));
        assert_eq!(rule.actions, Actions::of(&[Action::Read, Action::Search]));
        assert_eq!(
            rule.valid.end(),
            Some(Instant::from_micros(30 * 86_400 * 1_000_000))
        );
        for part in whole.split('&') {
            let without: Vec<&str> = whole.split('&').filter(|one| *one != part).collect();
            assert_eq!(read(&without.join("&")), None, "{part}");
        }
        for (part, other) in [("permit", "allow"), ("daily", "deep"), ("month", "forever")] {
            assert_eq!(read(&whole.replace(part, other)), None, "{other}");
        }
    }

    #[test]
    fn what_is_forbidden_stays_open_to_an_emergency_unless_that_is_chosen() {
        let rule = read("effect=deny&kind-vitals=1&depth=aggregate&until=open").unwrap();
        assert!(!rule.purposes.has(Purpose::Emergency) && rule.purposes.has(Purpose::Care));
        assert_eq!(rule.actions, Actions::ALL);
        let rule = read("effect=deny&kind-vitals=1&depth=aggregate&until=open&purpose-emergency=1").unwrap();
        assert_eq!(rule.purposes, Purposes::of(&[Purpose::Emergency]));
    }

    #[test]
    fn nobody_can_let_everybody_in() {
        let form = "effect=permit&kind-vitals=1&depth=daily&purpose-family=1&until=month";
        let form = Parameters::parse(form.as_bytes()).unwrap();
        assert_eq!(rule(&form, Grantee::Everyone, Instant::from_micros(0)), None);
    }
}
