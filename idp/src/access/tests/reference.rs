//! A second reading of the consents, slow and naive: it walks the JSON of each consent for one moment of data and one
//! question, knows no rules, no sets and no periods, and shares nothing with what it checks but the occupations' ceilings.

use serde_json::Value;

use super::worlds::{
    Affiliation, Asked, NOW, SUBJECT, World, actions, has_purpose, kinds, organisation, person,
};
use crate::access::{Depth, Purpose, ceiling, is_licensed};

/// Whether the asker may do it with data of `moment`.
pub(super) fn may(world: &World, asked: &Asked, moment: i64) -> bool {
    let in_question = asked.data.0 <= moment && moment < asked.data.1;
    in_question
        && token_reaches(asked)
        && contract_opens(world, asked)
        && (own(asked) || emergency(world, asked) || allowed(world, asked, moment))
        && !forbidden(world, asked, moment)
}

fn own(asked: &Asked) -> bool {
    asked.person == Some(SUBJECT)
}

fn token_reaches(asked: &Asked) -> bool {
    let Some(parts) = &asked.reach else { return true };
    for part in parts {
        if part.subject == person(SUBJECT)
            && part.kinds.iter().any(|kind| kind == asked.kind)
            && part.actions.iter().any(|action| action == asked.action)
            && has_purpose(part.purposes, asked.purpose)
            && part.depth.level() >= asked.depth.level()
        {
            return true;
        }
    }
    false
}

/// Whether `at` is `other` or stands below it.
fn is_below(world: &World, at: usize, other: usize) -> bool {
    at == other || world.parents[at].is_some_and(|parent| is_below(world, parent, other))
}

fn contract_opens(world: &World, asked: &Asked) -> bool {
    let Some(operator) = asked.operator else {
        return true;
    };
    world
        .contracts
        .iter()
        .any(|(with, kind_bits, action_bits, from, until)| {
            is_below(world, operator, *with)
                && *from <= NOW
                && NOW < *until
                && kinds(*kind_bits).has(asked.kind)
                && actions(*action_bits).has(asked.action)
        })
}

fn affiliations<'w>(world: &'w World, asked: &'w Asked) -> impl Iterator<Item = &'w Affiliation> {
    world
        .affiliations
        .iter()
        .filter(|(who, ..)| Some(*who) == asked.person)
}

fn room(asked: &Asked, occupation: Option<&str>) -> bool {
    ceiling(occupation).allows(asked.kind, asked.depth, asked.action)
}

fn emergency(world: &World, asked: &Asked) -> bool {
    let sees = matches!(asked.action.as_str(), "read" | "search");
    asked.purpose == Purpose::Emergency
        && sees
        && world.emergencies.iter().any(|(who, at, from, until)| {
            Some(*who) == asked.person
                && *from <= NOW
                && NOW < *until
                && affiliations(world, asked).any(|(_, place, occupation)| {
                    place == at && occupation.is_some_and(is_licensed) && room(asked, *occupation)
                })
        })
}

fn provisions(consent: &Value) -> Vec<&Value> {
    if consent["status"] == "active" {
        consent["provision"]["provision"]
            .as_array()
            .unwrap()
            .iter()
            .collect()
    } else {
        Vec::new()
    }
}

fn inner(provision: &Value) -> Vec<&Value> {
    provision["provision"]
        .as_array()
        .map(|all| all.iter().collect())
        .unwrap_or_default()
}

fn allowed(world: &World, asked: &Asked, moment: i64) -> bool {
    world.consents.iter().flat_map(provisions).any(|one| {
        one["type"] == "permit"
            && about(one, asked, moment)
            && depth(one) >= asked.depth
            && one["actor"]
                .as_array()
                .unwrap()
                .iter()
                .any(|actor| meant(world, asked, actor, true))
    })
}

fn forbidden(world: &World, asked: &Asked, moment: i64) -> bool {
    world.consents.iter().flat_map(provisions).any(|one| {
        if one["type"] == "deny" {
            return forbids(world, asked, one, one.get("actor"), moment);
        }
        inner(one).into_iter().any(|within| {
            let actors = within.get("actor").or_else(|| one.get("actor"));
            about(one, asked, moment) && forbids(world, asked, within, actors, moment)
        })
    })
}

fn forbids(world: &World, asked: &Asked, one: &Value, actors: Option<&Value>, moment: i64) -> bool {
    let meant_all = || match actors {
        None => !own(asked),
        Some(actors) => actors.as_array().unwrap().iter().any(|actor| {
            let of_a_client = actor["role"]["coding"][0]["code"] == "client";
            (!own(asked) || of_a_client) && meant(world, asked, actor, false)
        }),
    };
    about(one, asked, moment) && depth(one) <= asked.depth && meant_all()
}

/// What a provision says of kind, action, purpose and both times.
fn about(one: &Value, asked: &Asked, moment: i64) -> bool {
    let listed = |list: &Value, word: &str, inside: bool| match list.as_array() {
        None => true,
        Some(all) => all.iter().any(|code| {
            let code = if inside { &code["coding"][0] } else { code };
            code["code"] == word
        }),
    };
    let purpose = asked.purpose.hl7().unwrap_or(asked.purpose.as_str());
    listed(&one["class"], asked.kind.as_str(), false)
        && listed(&one["action"], asked.action.as_str(), true)
        && listed(&one["purpose"], purpose, false)
        && within(&one["period"], NOW)
        && within(&one["dataPeriod"], moment)
}

fn within(period: &Value, moment: i64) -> bool {
    let micros = |text: &Value| {
        text.as_str()
            .map(|text| text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    };
    micros(&period["start"]).is_none_or(|start| start <= moment)
        && micros(&period["end"]).is_none_or(|end| moment <= end)
}

fn depth(one: &Value) -> Depth {
    match one["modifierExtension"][0]["valueCode"].as_str() {
        None | Some("aggregate") => Depth::Aggregate,
        Some("daily") => Depth::Daily,
        Some("values") => Depth::Values,
        Some(_) => Depth::Everything,
    }
}

/// Whether an actor of a provision is the asker. As staff they are allowed only what their occupation allows.
fn meant(world: &World, asked: &Asked, actor: &Value, allows: bool) -> bool {
    let codings = &actor["role"]["coding"];
    let value = actor["reference"]["identifier"]["value"].as_str().unwrap();
    let is_asker = |text: &str| asked.person.is_some_and(|who| person(who).to_string() == text);
    let number = |text: &str| {
        let all = 0..world.parents.len();
        all.into_iter()
            .find(|at| organisation(*at).to_string() == text)
            .unwrap()
    };
    match codings[0]["code"].as_str().unwrap() {
        "person" => is_asker(value),
        "client" => asked.client == Some(value),
        "relation" => world
            .ties
            .iter()
            .any(|(who, word)| Some(*who) == asked.person && *word == value),
        "staff" => {
            let at = number(codings[1]["code"].as_str().unwrap());
            is_asker(value)
                && affiliations(world, asked).any(|(_, place, occupation)| {
                    is_below(world, *place, at) && (!allows || room(asked, *occupation))
                })
        }
        sort => {
            let at = number(value);
            affiliations(world, asked).any(|(_, place, occupation)| {
                let there = *place == at || (sort == "organisation_tree" && is_below(world, *place, at));
                let wanted = codings[1]["code"].as_str();
                there && (wanted.is_none() || *occupation == wanted) && (!allows || room(asked, *occupation))
            })
        }
    }
}
