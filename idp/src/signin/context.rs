//! What the first page of a sign-in, or of a sign-up, is shown for.

use std::sync::Arc;

use platform::http::Parameters;

use super::place::Place;
use super::signed_in;
use crate::http::{Call, View};
use crate::hub::Hub;
use crate::oauth::OAuthError;
use crate::oauth::authorization::{Interaction, Interactions};
use crate::oauth::clients::Client;
use crate::oauth::endpoints::authorize::reopen;

/// What the page is shown for.
pub(crate) struct Context {
    interaction: Option<Interaction>,
    client: Option<Arc<Client>>,
    /// Where the person goes on.
    pub(crate) place: Place,
    /// Somebody is signed in already.
    pub(crate) again: bool,
}

/// Reads it; `None` if the request of a client is not one that waits for this browser.
pub(crate) async fn context(
    hub: &Hub,
    view: &View<'_>,
    parameters: &Parameters,
) -> Result<Option<Context>, OAuthError> {
    let again = signed_in(hub, view.call).await?.is_some();
    let place = Place::read(parameters);
    let Some(id) = parameters.get("interaction") else {
        return Ok(Some(Context {
            interaction: None,
            client: None,
            place,
            again,
        }));
    };
    let realm = &view.call.realm;
    let found = Interactions::new(&hub.ephemeral, realm)
        .find(id, Some(view.browser()))
        .await?;
    let Some(interaction) = found else { return Ok(None) };
    let (client, _) = reopen(hub, realm, &interaction).await?;
    Ok(Some(Context {
        interaction: Some(interaction),
        client: Some(client),
        place,
        again,
    }))
}

impl Context {
    /// The view in the languages that the request of the client asks for.
    pub(crate) fn localise<'c>(&self, hub: &Hub, call: &'c Call, view: View<'c>) -> View<'c> {
        let Some(interaction) = &self.interaction else {
            return view;
        };
        match View::new(hub, call, interaction.request.ui_locales.as_deref()) {
            // A fresh browser value would orphan the interaction, which was found by the old one.
            Ok(localised) if localised.browser() == view.browser() => localised,
            _ => view,
        }
    }

    /// The service that asks, as the reader of `view` calls it.
    pub(crate) fn client_name(&self, view: &View<'_>) -> Option<&str> {
        let client = self.client.as_ref()?;
        Some(client.name_in(view.texts.language().tag()))
    }

    /// What to fill in as the login name.
    pub(crate) fn hint(&self) -> &str {
        let interaction = self.interaction.as_ref();
        let hint = interaction.and_then(|interaction| interaction.request.login_hint.as_deref());
        hint.unwrap_or_default()
    }
}
