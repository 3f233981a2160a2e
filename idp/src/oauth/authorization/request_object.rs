//! Request objects (RFC 9101, OpenID Connect Core 1.0 §6): the parameters of an authorization request, signed by the
//! client. Only what is signed counts: parameters beside the object are not looked at (RFC 9101 §6.3).

use std::time::Duration;

use platform::clock::Instant;
use platform::encoding::from_base64url;
use platform::http::Parameters;
use platform::keys::{
    AlgorithmSet, RequiredType, TimeClaims, TimeRules, VerificationPolicy, VerifiedJws, validate_times,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::oauth::clients::{Client, ObjectSigning};
use crate::oauth::{ErrorCode, OAuthError};

/// The type of a request object (RFC 9101 §10.8).
const TYPE: &str = "oauth-authz-req+jwt";
const LEEWAY: Duration = Duration::from_secs(10);

/// Members of the JWT that are no parameters of the request.
const OF_THE_JWT: &[&str] = &["iss", "aud", "exp", "nbf", "iat", "jti", "sub"];

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    iss: Option<String>,
    #[serde(default)]
    aud: Option<Value>,
    #[serde(default)]
    sub: Option<String>,
    #[serde(flatten)]
    times: TimeClaims,
}

/// How strictly a request object's frame is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// RFC 9101: what is there must be right.
    Standard,
    /// FAPI 2.0 Message Signing §5.3.1: `aud`, `nbf` and `exp` must be there, and the object be young and short-lived.
    Fapi2,
}

fn refused(id: &'static str, description: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequestObject, id, description)
}

/// What a request object of `client` must be as a signed object.
pub fn policy(client: &Client) -> VerificationPolicy {
    let algorithms = match client.metadata.objects.request_object_signing_alg {
        None => AlgorithmSet::ALL,
        Some(ObjectSigning::Signed(algorithm)) => AlgorithmSet::of(&[algorithm]),
        Some(ObjectSigning::Unsigned) => AlgorithmSet::of(&[]),
    };
    VerificationPolicy::new(algorithms, RequiredType::JwtAbsentOr(TYPE))
}

/// The claims of an object whose signature is verified.
pub fn signed(verified: &VerifiedJws) -> Result<Map<String, Value>, OAuthError> {
    verified
        .claims()
        .map_err(|_| refused("request_object.claims", "the request object is not a JWT"))
}

/// The claims of an object that says that it is not signed (RFC 7519 §6), and is not. Only a client for which that was
/// allowed may send one.
pub fn unsigned(object: &str) -> Result<Map<String, Value>, OAuthError> {
    let wrong = refused(
        "request_object.unsigned",
        "the request object is not an unsigned JWT, as the client registered it",
    );
    let members =
        |part: &str| -> Option<Map<String, Value>> { serde_json::from_slice(&from_base64url(part)?).ok() };
    let parts: Vec<&str> = object.split('.').collect();
    let [header, claims, ""] = parts.as_slice() else {
        return Err(wrong);
    };
    let header = members(header).ok_or(wrong)?;
    let typ = header.get("typ").map(Value::as_str);
    let is_request = typ.is_none_or(|typ| {
        typ.is_some_and(|typ| typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case(TYPE))
    });
    let plain = header.get("alg").and_then(Value::as_str) == Some("none") && !header.contains_key("crit");
    if plain && is_request {
        members(claims).ok_or(wrong)
    } else {
        Err(wrong)
    }
}

/// The parameters in the claims of an object of `client`.
pub fn read(
    members: Map<String, Value>,
    client: &Client,
    issuer: &str,
    strictness: Strictness,
    now: Instant,
) -> Result<Parameters, OAuthError> {
    let claims = Claims::deserialize(&members)
        .map_err(|_| refused("request_object.claims", "the request object is not a JWT"))?;
    frame(&claims, client, issuer)?;
    times(&claims, strictness, now)?;
    if members.get("client_id").and_then(Value::as_str) != Some(&client.id) {
        return Err(refused(
            "request_object.client_id",
            "client_id in the request object is missing or another's",
        ));
    }
    parameters(members)
}

/// Who signed it for whom. A `sub` that is the client itself makes a client assertion, which is no request (RFC 9101
/// §10.8).
fn frame(claims: &Claims, client: &Client, issuer: &str) -> Result<(), OAuthError> {
    let issued_by_another = claims.iss.as_ref().is_some_and(|iss| *iss != client.id);
    if issued_by_another || claims.sub.as_ref().is_some_and(|sub| *sub == client.id) {
        return Err(refused(
            "request_object.iss",
            "the request object is not one that the client issued",
        ));
    }
    let here = match &claims.aud {
        None => true,
        Some(Value::String(one)) => one == issuer,
        Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(issuer)),
        Some(_) => false,
    };
    if here {
        Ok(())
    } else {
        Err(refused(
            "request_object.aud",
            "the request object is meant for another server",
        ))
    }
}

fn times(claims: &Claims, strictness: Strictness, now: Instant) -> Result<(), OAuthError> {
    const HOUR: Duration = Duration::from_hours(1);
    let wrong = refused(
        "request_object.times",
        "the request object is over, not valid yet, or valid for too long",
    );
    let rules = TimeRules {
        require_exp: strictness == Strictness::Fapi2,
        leeway: LEEWAY,
        max_lifetime: None,
    };
    validate_times(&claims.times, now, &rules).map_err(|_| wrong)?;
    if strictness == Strictness::Standard {
        return Ok(());
    }
    let (Some(begins), Some(ends), Some(_)) = (claims.times.nbf, claims.times.exp, &claims.aud) else {
        return Err(refused(
            "request_object.fapi",
            "aud, nbf and exp must be in the request object",
        ));
    };
    if now.since(begins.0) > HOUR + LEEWAY || ends.0 > begins.0.plus(HOUR) {
        return Err(wrong);
    }
    Ok(())
}

/// Members as parameters: strings as they are, numbers as digits, objects as JSON, and an array of strings once for each
/// where a parameter may come several times.
fn parameters(members: Map<String, Value>) -> Result<Parameters, OAuthError> {
    let malformed = refused(
        "request_object.parameters",
        "a parameter in the request object has a value that it cannot have",
    );
    let mut pairs = Vec::with_capacity(members.len());
    for (name, value) in members {
        if OF_THE_JWT.contains(&name.as_str()) {
            continue;
        }
        match value {
            Value::Null => {}
            Value::String(text) => pairs.push((name, text)),
            Value::Number(number) => pairs.push((name, number.to_string())),
            Value::Array(several) if name == "resource" => {
                for one in several {
                    let one = one.as_str().map(str::to_owned).ok_or(malformed)?;
                    pairs.push((name.clone(), one));
                }
            }
            other => pairs.push((name, other.to_string())),
        }
    }
    Parameters::from_pairs(pairs).map_err(|_| malformed)
}

#[cfg(test)]
mod tests {
    use platform::encoding::base64url;

    use super::*;

    fn object(header: &str, claims: &str, signature: &str) -> String {
        format!("{}.{}.{signature}", base64url(header), base64url(claims))
    }

    #[test]
    fn an_unsigned_object_says_so_and_has_no_signature() {
        let claims = r#"{"client_id":"c"}"#;
        let good = [
            r#"{"alg":"none"}"#,
            r#"{"alg":"none","typ":"oauth-authz-req+jwt"}"#,
        ];
        for header in good {
            let read = unsigned(&object(header, claims, "")).unwrap();
            assert_eq!(read["client_id"], "c", "{header}");
        }
        for (header, signature) in [
            (good[0], "AA"),
            (r#"{"alg":"None"}"#, ""),
            (r#"{"alg":"ES256"}"#, ""),
            (r#"{"alg":["none"]}"#, ""),
            (r#"{"alg":"none","crit":["x"]}"#, ""),
            (r#"{"alg":"none","typ":"at+jwt"}"#, ""),
            (r#"{"alg":"none","typ":1}"#, ""),
            ("[]", ""),
        ] {
            assert!(unsigned(&object(header, claims, signature)).is_err(), "{header}");
        }
        let bare = object(good[0], claims, "");
        for wrong in [
            bare.trim_end_matches('.'),
            &format!("{bare}."),
            "..",
            "",
            &object(good[0], "[]", ""),
        ] {
            assert!(unsigned(wrong).is_err(), "{wrong}");
        }
    }
}
