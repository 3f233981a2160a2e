//! `GET|POST /oauth/consent`: the person is asked what a client may have (OpenID Connect Core 1.0 §3.1.2.4).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::encoding::base64url;
use platform::keys::{constant_time_eq, keyed_hash};

use super::authorize::{About, refuse, reopen};
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::authorization::{Destination, Interaction, Interactions, Refusal};
use crate::oauth::authorization_details::others;
use crate::oauth::clients::Client;
use crate::oauth::consents::Recipient;
use crate::oauth::tokens::subject;
use crate::oauth::{ErrorCode, OAuthError, Scope};
use crate::pages::{Consent, ConsentClient, ErrorKind, Form, Papers};
use crate::realms::Realm;
use crate::signin::{SignedIn, signed_in};

const GRANT: Action = Action::new("consent.grant");

/// Everything that a question rests on.
struct Question {
    id: String,
    interaction: Interaction,
    client: Arc<Client>,
    to: Destination,
    who: SignedIn,
}

const LOST: OAuthError = OAuthError::new(
    ErrorCode::InvalidRequest,
    "consent.interaction",
    "there is nothing to consent to any more",
);

async fn question(hub: &Hub, view: &View<'_>, id: Option<&str>) -> Result<Question, OAuthError> {
    let id = id.ok_or(LOST)?;
    let realm = &view.call.realm;
    let found = Interactions::new(&hub.ephemeral, realm)
        .find(id, Some(view.browser()))
        .await?;
    let interaction = found.ok_or(LOST)?;
    let (client, to) = reopen(hub, realm, &interaction).await?;
    let who = signed_in(hub, view.call).await?.ok_or(LOST)?;
    Ok(Question {
        id: id.to_owned(),
        interaction,
        client,
        to,
        who,
    })
}

/// Shows the question.
pub async fn ask(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Ok(query) = call.query() else {
        return view.refuse(&hub, ErrorKind::BadRequest, "request.query").await;
    };
    let question = match question(&hub, &view, query.get("interaction")).await {
        Ok(question) => question,
        Err(error) if error == LOST => return view.refuse(&hub, ErrorKind::SessionExpired, error.id).await,
        Err(error) => return view.oauth_error(error),
    };
    let whose = match whose(&hub, &call.realm, &question).await {
        Ok(whose) => whose,
        Err(error) => return view.oauth_error(error),
    };
    match hub
        .consents
        .scope(&call.realm, question.who.person.id, &question.recipient())
        .await
    {
        Ok(consented) => show(view, &question, &consented, whose.as_deref()),
        Err(error) => view.oauth_error(error.into()),
    }
}

impl Question {
    fn recipient(&self) -> Recipient {
        Recipient {
            client_id: self.client.id.clone(),
            place: self.to.redirect.place(),
        }
    }

    /// The details as they are kept: what was asked, to the letter.
    fn details(&self) -> Option<String> {
        let details = self.interaction.request.authorization_details.as_ref()?;
        serde_json::to_string(details).ok()
    }

    /// Binds an answer to the question as it was asked: to this person, in this session, about these scopes and details.
    fn seal(&self, realm: &Realm) -> String {
        let request = &self.interaction.request;
        let asked = format!(
            "{} {} {} {}",
            self.id,
            self.who.session.sid,
            request.wanted(),
            self.details().unwrap_or_default()
        );
        base64url(keyed_hash(&realm.keys.tokens, "consent", asked.as_bytes()))
    }
}

/// The name of the other person whose record is asked for.
async fn whose(hub: &Hub, realm: &Realm, question: &Question) -> Result<Option<String>, OAuthError> {
    let request = &question.interaction.request;
    let asker = (question.who.person.id, question.client.id.as_str());
    let other = others(hub, realm, asker, request.authorization_details.as_ref()).await?;
    Ok(other.map(|other| other.person.display_name().to_owned()))
}

fn show(view: View<'_>, question: &Question, consented: &Scope, whose: Option<&str>) -> Response {
    let wanted = question.interaction.request.wanted();
    let open = wanted.difference(consented);
    // Asked again for what was granted before (`prompt=consent`): all of it is shown.
    let shown = if open.is_empty() { &wanted } else { &open };
    let scopes: Vec<&str> = shown.iter().collect();
    let here = format!("/oauth/consent?interaction={}", question.id);
    let not_you = format!("/signin?interaction={}&again=1", question.id);
    let host = question.to.redirect.place();
    let seal = question.seal(&view.call.realm);
    let language = view.texts.language().tag();
    let csrf = view.csrf();
    let hidden = [("interaction", question.id.as_str()), ("question", seal.as_str())];
    let profile = &question.who.person.profile;
    let page = Consent {
        frame: view.frame(&here),
        form: Form {
            action: "/oauth/consent",
            csrf: &csrf,
            hidden: &hidden,
        },
        client: ConsentClient {
            name: question.client.name_in(language),
            redirect_host: &host,
            self_registered: question.client.self_registered,
            papers: Papers::of(&question.client, language),
        },
        scopes: &scopes,
        details: question.interaction.request.authorization_details.as_ref(),
        whose,
        signed_in_as: profile.name.as_deref().unwrap_or(&profile.login),
        not_you_url: &not_you,
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}

/// Takes the answer.
pub async fn answer(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let (view, form) = match view.posted(&hub, "consent.form", "consent.csrf").await {
        Ok(posted) => posted,
        Err(answer) => return *answer,
    };
    let question = match question(&hub, &view, form.get("interaction")).await {
        Ok(question) => question,
        Err(error) if error == LOST => return view.refuse(&hub, ErrorKind::SessionExpired, error.id).await,
        Err(error) => return view.oauth_error(error),
    };
    let seal = question.seal(&call.realm);
    if !form
        .get("question")
        .is_some_and(|offered| constant_time_eq(offered.as_bytes(), seal.as_bytes()))
    {
        // Somebody else has signed in since, in another tab: the answer was not theirs.
        return view.redirect(&format!("/oauth/consent?interaction={}", question.id));
    }
    match form.get("decision") {
        Some("allow") => match allow(&hub, &call, &question, view.browser()).await {
            Ok(true) => view.redirect(&format!("/oauth/continue?interaction={}", question.id)),
            Ok(false) => view.refuse(&hub, ErrorKind::SessionExpired, LOST.id).await,
            Err(error) => view.oauth_error(error),
        },
        Some("deny") => deny(&hub, view, question).await,
        _ => view.refuse(&hub, ErrorKind::BadRequest, "consent.decision").await,
    }
}

async fn allow(hub: &Hub, call: &Call, question: &Question, browser: &str) -> Result<bool, OAuthError> {
    let scope = &question.interaction.request.wanted();
    let (person, recipient) = (&question.who.person, question.recipient());
    let mut entry = call
        .permit(GRANT)
        .person(person.id)
        .session(question.who.session.sid)
        .client(recipient.client_id.clone())
        .detail("scope", scope.to_string())
        .detail("place", recipient.place.clone());
    if let Some(details) = question.details() {
        entry = entry.detail("authorization_details", details);
    }
    entry.key = person.key.clone();
    hub.record(entry).await?;
    let known_as = subject(&call.realm, person.id, &question.client);
    hub.consents
        .grant(
            &call.realm,
            person.id,
            (&recipient, known_as),
            scope,
            hub.clock.now(),
        )
        .await?;
    Interactions::new(&hub.ephemeral, &call.realm)
        .note_consent(&question.id, browser, person.id)
        .await
}

async fn deny(hub: &Hub, view: View<'_>, question: Question) -> Response {
    let taken = Interactions::new(&hub.ephemeral, &view.call.realm)
        .take(&question.id, Some(view.browser()))
        .await;
    match taken {
        Ok(Some(_)) => {
            let error = OAuthError::new(ErrorCode::AccessDenied, "consent.denied", "the person said no");
            let refusal = Refusal::Redirect {
                to: question.to,
                error,
            };
            let about = About {
                client: Some(&question.client),
                who: Some(&question.who),
                judged: true,
            };
            refuse(hub, view, refusal, about).await
        }
        Ok(None) => {
            view.refuse(hub, ErrorKind::SessionExpired, "consent.interaction")
                .await
        }
        Err(error) => view.oauth_error(error),
    }
}
