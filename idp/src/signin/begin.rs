//! From what was shown to a session.

use super::place::Place;
use super::progress::{First, InProgress, Progress, Wanted, fingerprint};
use super::{sign_out, signed_in};
use crate::browsers::meet;
use crate::credentials::{Level, method, with_methods};
use crate::factors::Kind;
use crate::http::Call;
use crate::hub::Hub;
use crate::ids::{FactorId, SessionId};
use crate::log::{Action, Entry};
use crate::oauth::OAuthError;
use crate::people::Person;
use crate::sessions::Shown;

const SECOND: Action = Action::new("sign_in.second_factor");
const STEP_UP: Action = Action::new("sign_in.step_up");

/// A session that was begun or raised, for the cookies of its browser.
pub(crate) struct Opened {
    /// The session's secret.
    pub(crate) secret: String,
    /// The value by which the browser is known again.
    pub(crate) device: String,
}

/// The same, and where the person goes on.
pub(crate) struct Begun {
    pub(crate) opened: Opened,
    pub(crate) place: Place,
}

/// Begins a session worth `amr`. Who is signed in already in this browser goes on in the same one; another person's ends.
/// `None` if what was shown is not theirs any more.
pub(crate) async fn begin(
    hub: &Hub,
    call: &Call,
    person: &Person,
    action: Action,
    (amr, shown): (&str, Shown),
) -> Result<Option<Opened>, OAuthError> {
    let Some((secret, sid)) = session(hub, call, person, action, (amr, shown)).await? else {
        return Ok(None);
    };
    let device = meet(hub, call, person, sid).await?;
    Ok(Some(Opened { secret, device }))
}

async fn session(
    hub: &Hub,
    call: &Call,
    person: &Person,
    action: Action,
    (amr, shown): (&str, Shown),
) -> Result<Option<(String, SessionId)>, OAuthError> {
    let realm = &call.realm;
    let mut entry = about(call.permit(action), person);
    if let Some(agent) = call.user_agent() {
        entry = entry.detail("user_agent", agent);
    }
    match signed_in(hub, call).await? {
        Some(who) if who.person.id == person.id => {
            hub.record(entry.clone().session(who.session.sid)).await?;
            if let Some(secret) = hub.sessions.renew(realm, who.session.sid, amr).await? {
                return Ok(Some((secret, who.session.sid)));
            }
        }
        Some(other) => {
            sign_out(hub, call, &other, None).await?;
        }
        None => {}
    }
    let address = call.origin.address.to_string();
    let prepared = hub
        .sessions
        .prepare(realm, person, amr, call.user_agent(), &address)?;
    let sid = prepared.session.sid;
    hub.record(entry.session(sid)).await?;
    let begun = hub.sessions.begin(realm, prepared, shown).await?;
    if begun.is_some() {
        metrics::counter!("musubi_sign_ins_total").increment(1);
    }
    Ok(begun.map(|secret| (secret, sid)))
}

/// Ends a sign-in in progress with a factor that was just shown: a session begins, or the one that it is about is raised.
/// `None` if it was ended before, or what was shown first does not carry any more.
pub(crate) async fn complete(
    hub: &Hub,
    call: &Call,
    (id, browser): (&str, &str),
    person: &Person,
    (factor, kind): (FactorId, Kind),
) -> Result<Option<Begun>, OAuthError> {
    let realm = &call.realm;
    let taken = InProgress::new(&hub.ephemeral, realm).take(id, browser).await?;
    let Some(progress) = taken.filter(|progress| progress.person == person.id) else {
        hub.record(about(call.deny(SECOND, "sign_in.progress"), person))
            .await?;
        return Ok(None);
    };
    let opened = match &progress.first {
        First::Password(shown) => {
            let verified = hub.passwords.hash_of(realm, person.id).await?;
            match verified.filter(|hash| fingerprint(realm, hash) == *shown) {
                Some(hash) => {
                    let amr = with_methods(method::PASSWORD, kind.methods());
                    let shown = Shown::PasswordAndFactor(hash, factor);
                    begin(hub, call, person, SECOND, (&amr, shown)).await?
                }
                None => None,
            }
        }
        First::Session(sid) => {
            let who = signed_in(hub, call).await?;
            match who.filter(|who| who.session.sid == *sid && who.person.id == person.id) {
                Some(who) => {
                    let amr = with_methods(&who.session.amr, kind.methods());
                    let entry = call.permit(STEP_UP).session(*sid);
                    hub.record(about(entry, person)).await?;
                    match hub.sessions.raise(realm, &who.session, &amr, factor).await? {
                        Some(secret) => Some(Opened {
                            secret,
                            device: meet(hub, call, person, *sid).await?,
                        }),
                        None => None,
                    }
                }
                None => None,
            }
        }
    };
    if opened.is_none() {
        hub.record(about(call.deny(SECOND, "sign_in.first_factor_gone"), person))
            .await?;
    }
    let place = progress.place;
    Ok(opened.map(|opened| Begun { opened, place }))
}

impl Progress {
    /// Whether a factor of this kind would be enough for this sign-in.
    pub(crate) fn takes(&self, before: &str, kind: Kind) -> bool {
        match self.wanted {
            Wanted::Factor(class) => {
                Level::of_methods(&with_methods(before, kind.methods())) >= class.level()
            }
            Wanted::NewFactor => false,
        }
    }
}

/// A row about a person and by them, its detail sealed under their own key.
pub(super) fn about(entry: Entry, person: &Person) -> Entry {
    Entry {
        key: person.key.clone(),
        ..entry.person(person.id)
    }
}
