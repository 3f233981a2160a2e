//! Whose consents a page is about: the reader's own, or those of somebody whose guardian they are by law. The tie is
//! looked up at each request and held in the transaction of a change: it ends with guardianship and with majority.

use std::sync::Arc;

use axum::response::Response;
use platform::http::Parameters;

use crate::account::endpoints::{enter, entry, posted, read, refusal};
use crate::http::{Call, View};
use crate::hub::Hub;
use crate::ids::TieId;
use crate::log::{Action, Entry};
use crate::oauth::OAuthError;
use crate::pages::{self, ErrorKind, WardLine};
use crate::people::Person;
use crate::signin::SignedIn;
use crate::ties::{self, Tie};

const READ: Action = Action::new("access.read.family");

/// Whose consents it is about.
pub(super) struct Whose {
    /// The person.
    pub(super) person: Arc<Person>,
    /// The tie by which the reader decides for them; nothing: they are the reader.
    tie: Option<Tie>,
}

/// The addresses to which a page about somebody's consents leads.
pub(super) struct Links {
    pub(super) list: String,
    pub(super) new: String,
    pub(super) place: String,
}

impl Whose {
    /// The ward's name, if it is about one.
    pub(super) fn ward(&self) -> Option<&str> {
        self.tie.as_ref().map(|_| self.person.display_name())
    }

    /// The tie that must hold when a change is written.
    pub(super) fn tie(&self) -> Option<TieId> {
        self.tie.as_ref().map(|tie| tie.id)
    }

    /// An address of ours, about the same person.
    pub(super) fn link(&self, path: &str) -> String {
        match self.tie() {
            None => path.to_owned(),
            Some(tie) => {
                let joint = if path.contains('?') { '&' } else { '?' };
                format!("{path}{joint}tie={tie}")
            }
        }
    }

    /// Where the pages lead.
    pub(super) fn links(&self) -> Links {
        Links {
            list: self.link("/account/consents"),
            new: self.link("/account/consents/new"),
            place: self.link("/account/consents/place"),
        }
    }

    /// As a page shows it.
    pub(super) fn shown<'a>(&'a self, links: &'a Links) -> pages::Whose<'a> {
        pages::Whose {
            ward: self.ward(),
            list: &links.list,
            new: &links.new,
            place: &links.place,
        }
    }

    /// A row about the person, by who acts for them.
    pub(super) fn about(&self, mut row: Entry) -> Entry {
        if let Some(tie) = &self.tie {
            row.subject = Some(self.person.id);
            row.on_behalf_of = Some(self.person.id);
            row.granted_by = Some(format!("tie:{}", tie.id).into());
            row.key = self.person.key.clone();
        }
        row
    }

    /// Reading is logged, whatever is read.
    pub(super) async fn read(
        &self,
        hub: &Hub,
        call: &Call,
        who: &SignedIn,
        what: &'static str,
    ) -> Result<(), OAuthError> {
        if self.tie.is_none() {
            return read(hub, call, who, what).await;
        }
        let row = entry(call, READ, who).resource("page", [what.to_owned()]);
        hub.record(self.about(row)).await
    }
}

/// Somebody for whom the reader decides, and the address of their consents.
pub(super) struct Ward {
    name: String,
    url: String,
}

impl Ward {
    /// As a page shows them.
    pub(super) fn line(&self) -> WardLine<'_> {
        WardLine {
            name: &self.name,
            url: &self.url,
        }
    }
}

/// All for whom the reader decides.
pub(super) async fn wards(hub: &Hub, call: &Call, who: &SignedIn) -> Result<Vec<Ward>, OAuthError> {
    let mut wards = Vec::new();
    for tie in ties::wards(hub, &call.realm, who.person.id).await? {
        if let Some(person) = hub.people.by_id(&call.realm, tie.person).await? {
            wards.push(Ward {
                name: person.display_name().to_owned(),
                url: format!("/account/consents?tie={}", tie.id),
            });
        }
    }
    Ok(wards)
}

/// Whom the address names; nobody if it names no tie by which the reader decides.
async fn named(
    hub: &Hub,
    call: &Call,
    who: &SignedIn,
    tie: Option<&str>,
) -> Result<Option<Whose>, OAuthError> {
    let Some(tie) = tie else {
        return Ok(Some(Whose {
            person: who.person.clone(),
            tie: None,
        }));
    };
    let Ok(id) = tie.parse::<TieId>() else {
        return Ok(None);
    };
    let wards = ties::wards(hub, &call.realm, who.person.id).await?;
    let Some(tie) = wards.into_iter().find(|tie| tie.id == id) else {
        return Ok(None);
    };
    let person = hub.people.by_id(&call.realm, tie.person).await?;
    Ok(person.map(|person| Whose {
        person,
        tie: Some(tie),
    }))
}

async fn settle<'c>(
    hub: &Hub,
    call: &'c Call,
    action: Action,
    (view, who): (View<'c>, SignedIn),
) -> Result<(View<'c>, SignedIn, Whose), Response> {
    let Ok(query) = call.query() else {
        return Err(view.refuse(hub, ErrorKind::BadRequest, "consents.query").await);
    };
    match named(hub, call, &who, query.get("tie")).await {
        Ok(Some(whose)) => Ok((view, who, whose)),
        Ok(None) => match hub.record(refusal(call, action, "tie.none", &who)).await {
            Ok(()) => Err(view.error(ErrorKind::NotFound, "tie.none")),
            Err(error) => Err(view.oauth_error(error)),
        },
        Err(error) => Err(view.oauth_error(error)),
    }
}

/// A page of who is signed in, about themselves or a ward.
pub(super) async fn enter_for<'c>(
    hub: &Hub,
    call: &'c Call,
) -> Result<(View<'c>, SignedIn, Whose), Response> {
    let entered = enter(hub, call).await?;
    settle(hub, call, READ, entered).await
}

/// A form of who is signed in, about themselves or a ward.
pub(super) async fn posted_for<'c>(
    hub: &Hub,
    call: &'c Call,
    action: Action,
) -> Result<(View<'c>, SignedIn, Whose, Parameters), Response> {
    let (view, who, form) = posted(hub, call, ("consents.form", "consents.csrf")).await?;
    let (view, who, whose) = settle(hub, call, action, (view, who)).await?;
    Ok((view, who, whose, form))
}
