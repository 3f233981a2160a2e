//! Where a sign-in that begins at the hub starts (OpenID Connect Core 1.0 §4).

use url::Url;

use super::Client;

/// The address that a person is sent to, so that the client asks for them: the one that it registered, with `iss`, and
/// `target_link_uri` where one is wanted. `None`: it registered none, or the target is not the client's own.
pub fn initiation(client: &Client, issuer: &str, target: Option<&str>) -> Option<String> {
    let mut url = Url::parse(client.metadata.initiate_login_uri.as_deref()?).ok()?;
    let target = target
        .map(|target| own(client, &url, target).ok_or(()))
        .transpose()
        .ok()?;
    let mut query = url.query_pairs_mut();
    query.append_pair("iss", issuer);
    if let Some(target) = target {
        query.append_pair("target_link_uri", target.as_str());
    }
    drop(query);
    Some(url.into())
}

/// A target on an origin of the client: else it would be an open redirector for others (OpenID Connect Core 1.0 §4).
fn own(client: &Client, initiate: &Url, target: &str) -> Option<Url> {
    let target = Url::parse(target)
        .ok()
        .filter(|url| url.username().is_empty() && url.password().is_none())?;
    let redirects = client
        .metadata
        .redirect_uris
        .iter()
        .filter_map(|uri| Url::parse(uri).ok());
    let mut origins = redirects.map(|url| url.origin()).chain([initiate.origin()]);
    let is_own = target.origin().is_tuple() && origins.any(|origin| origin == target.origin());
    is_own.then_some(target)
}
