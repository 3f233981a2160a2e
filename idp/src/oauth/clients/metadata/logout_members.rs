//! What a client says about how it wants to be told that a session has ended (OpenID Connect Front-Channel Logout 1.0 §2,
//! Back-Channel Logout 1.0 §2.2).

use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::{InvalidMetadata, is_callable};

/// The members of client metadata about sign-out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogoutMembers {
    /// Loaded in a frame of the sign-out page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_uri: Option<String>,
    /// Whether the frame must be told issuer and session; it always is.
    #[serde(default, skip_serializing_if = "is_false")]
    pub frontchannel_logout_session_required: bool,
    /// Where a logout token is posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether the logout token must name the session; it always does.
    #[serde(default, skip_serializing_if = "is_false")]
    pub backchannel_logout_session_required: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the member as it is"
)]
fn is_false(value: &bool) -> bool {
    !value
}

impl LogoutMembers {
    /// Whether the client wants to be told at all.
    pub fn wants_to_know(&self) -> bool {
        self.frontchannel_logout_uri.is_some() || self.backchannel_logout_uri.is_some()
    }

    /// Both are web addresses. The one in the frame is on the origin of a redirect URI, so that the page frames nobody
    /// whom the person was not sent to before. `secure`: the realm is served over HTTPS.
    pub(super) fn check(&self, redirect_uris: &[String], secure: bool) -> Result<(), InvalidMetadata> {
        if [&self.frontchannel_logout_uri, &self.backchannel_logout_uri]
            .into_iter()
            .flatten()
            .any(|uri| !is_callable(uri, secure))
        {
            return Err(InvalidMetadata::Other(
                "a logout URI is an absolute https URI without a fragment",
            ));
        }
        let origin = |uri: &str| Url::parse(uri).map(|url| url.origin()).ok();
        let known = |uri: &String| {
            let wanted = origin(uri);
            redirect_uris.iter().any(|redirect| origin(redirect) == wanted)
        };
        if self
            .frontchannel_logout_uri
            .as_ref()
            .is_some_and(|uri| !known(uri))
        {
            return Err(InvalidMetadata::Other(
                "frontchannel_logout_uri has scheme, host and port of a redirect URI",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn front(uri: &str) -> LogoutMembers {
        LogoutMembers {
            frontchannel_logout_uri: Some(uri.to_owned()),
            ..LogoutMembers::default()
        }
    }

    fn back(uri: &str) -> LogoutMembers {
        LogoutMembers {
            backchannel_logout_uri: Some(uri.to_owned()),
            ..LogoutMembers::default()
        }
    }

    #[test]
    fn a_frame_is_only_of_an_origin_that_people_are_sent_to() {
        let redirects = ["https://rp.example/cb".to_owned()];
        assert!(
            front("https://rp.example/out?x=1")
                .check(&redirects, true)
                .is_ok()
        );
        for uri in [
            "https://evil.example/out",
            "https://rp.example:8443/out",
            "https://rp.example.evil.example/out",
            "https://u@rp.example/out",
            "http://rp.example/out",
            "https://rp.example/out#f",
            "javascript:alert(1)",
            "data:text/html,x",
            "/out",
            "https://rp.example/a\" sandbox=\"",
        ] {
            assert!(front(uri).check(&redirects, true).is_err(), "{uri}");
        }
    }

    #[test]
    fn a_logout_token_goes_over_https_or_to_loopback_where_the_realm_is_there_too() {
        assert!(back("https://other.example/out").check(&[], true).is_ok());
        assert!(back("http://127.0.0.1:8000/out").check(&[], false).is_ok());
        assert!(back("http://127.0.0.1:8000/out").check(&[], true).is_err());
        for uri in [
            "http://rp.example/out",
            "https://rp.example/out#f",
            "ftp://rp.example/",
            "https:/rp",
        ] {
            assert!(back(uri).check(&[], false).is_err(), "{uri}");
        }
    }
}
