//! Resource indicators (RFC 8707): for which services an access token is asked.
//!
//! A realm's own resources (userinfo, the API) are named by its issuer, which is also what a token is for when nothing is
//! asked. Beyond that a client may name what an administrator entered for it (`resources`), to the letter.

use platform::http::Parameters;

use crate::oauth::clients::Client;
use crate::oauth::{ErrorCode, OAuthError};

const INVALID_TARGET: OAuthError = OAuthError::new(
    ErrorCode::InvalidTarget,
    "resource.unknown",
    "a resource is malformed, unknown, or not one that this client may ask for",
);

/// The resources that a request names, each of which the client may ask for; none if it names none.
pub fn read(parameters: &Parameters, client: &Client, issuer: &str) -> Result<Vec<String>, OAuthError> {
    let mut resources: Vec<String> = Vec::new();
    for resource in parameters.all("resource") {
        let known = resource == issuer || client.metadata.tokens.resources.iter().any(|own| own == resource);
        if !known {
            return Err(INVALID_TARGET);
        }
        if !resources.iter().any(|one| one == resource) {
            resources.push(resource.to_owned());
        }
    }
    Ok(resources)
}

/// The part of what was `granted` that is `asked` for; all of it if nothing is (RFC 8707 §2.2). Where nothing was named
/// at first, it is the realm's own resources that were granted.
pub fn narrowed<'r>(
    granted: &'r [String],
    asked: &'r [String],
    issuer: &str,
) -> Result<&'r [String], OAuthError> {
    let within = |one: &String| granted.contains(one) || (granted.is_empty() && one == issuer);
    if asked.is_empty() {
        Ok(granted)
    } else if asked.iter().all(within) {
        Ok(asked)
    } else {
        Err(OAuthError {
            id: "resource.not_granted",
            ..INVALID_TARGET
        })
    }
}

/// Whether a client may be given this resource to ask for: an absolute URI without a fragment (RFC 8707 §2).
pub fn is_registrable(resource: &str) -> bool {
    resource.len() <= 500
        && !resource.contains('#')
        && resource.bytes().all(|byte| byte.is_ascii_graphic())
        && url::Url::parse(resource).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_for_more_than_was_granted() {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let (issuer, a, ab) = ("https://id.example", own(&["a:"]), own(&["a:", "b:"]));
        let here = own(&[issuer]);
        assert_eq!(narrowed(&ab, &[], issuer).unwrap(), ab);
        assert_eq!(narrowed(&ab, &a, issuer).unwrap(), a);
        assert_eq!(narrowed(&[], &here, issuer).unwrap(), here);
        assert_eq!(narrowed(&[], &[], issuer).unwrap(), [""; 0]);
        for (granted, asked) in [(&a, &ab), (&Vec::new(), &a), (&a, &here)] {
            assert_eq!(
                narrowed(granted, asked, issuer).unwrap_err().code,
                ErrorCode::InvalidTarget
            );
        }
    }

    #[test]
    fn a_resource_is_an_absolute_uri_without_a_fragment() {
        for (resource, good) in [
            ("https://records.example/fhir", true),
            ("urn:example:records", true),
            ("https://records.example/fhir#x", false),
            ("/fhir", false),
            ("", false),
            ("https://records.example/a b", false),
        ] {
            assert_eq!(is_registrable(resource), good, "{resource}");
        }
    }
}
