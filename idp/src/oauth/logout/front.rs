//! Which addresses the page after a sign-out loads, so that the clients of the session end theirs in the same browser
//! (OpenID Connect Front-Channel Logout 1.0 §3).

use url::Url;

use crate::hub::Hub;
use crate::ids::SessionId;
use crate::oauth::clients::Client;
use crate::oauth::tokens::session_id;
use crate::realms::Realm;

/// Frames of one page at the most; a person hardly uses more services in one session.
const MOST: usize = 50;

/// What the page loads, and from where it may.
#[derive(Debug, Default)]
pub struct Frames {
    /// The addresses.
    pub urls: Vec<String>,
    /// Their origins, each once.
    pub origins: Vec<String>,
}

/// The frames that tell `clients`, which took part in a session that has ended. A client that cannot be read now is left
/// out: the person is signed out here already, and must be told so.
pub async fn frames(hub: &Hub, realm: &Realm, session: SessionId, clients: &[String]) -> Frames {
    let mut frames = Frames::default();
    for id in clients {
        if frames.urls.len() == MOST {
            break;
        }
        match hub.clients.find(realm, id).await {
            Ok(Some(client)) => frames.add(realm, session, &client),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a client was not told of a sign-out by the browser"),
        }
    }
    frames
}

impl Frames {
    fn add(&mut self, realm: &Realm, session: SessionId, client: &Client) {
        let registered = client.metadata.logout.frontchannel_logout_uri.as_deref();
        let Some(Ok(mut url)) = registered.map(Url::parse) else {
            return;
        };
        url.query_pairs_mut()
            .append_pair("iss", &realm.issuer)
            .append_pair("sid", &session_id(realm, session, client));
        let origin = url.origin().ascii_serialization();
        self.urls.push(url.into());
        if !self.origins.contains(&origin) {
            self.origins.push(origin);
        }
    }
}
