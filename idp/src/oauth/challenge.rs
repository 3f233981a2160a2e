//! What a protected resource says would mend a refusal: one or two challenges in `WWW-Authenticate` (RFC 6750 §3, RFC 9449
//! §7.1, RFC 9470 §3).
//!
//! Without a token both ways of presenting one are named. With one, the code stands with the way that was tried, or with
//! DPoP where nothing but a proof would have helped: a token that is bound to a key is no bearer token.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};

use crate::http::{Call, Presented};
use crate::oauth::step_up::Demand;
use crate::oauth::tokens::BOUND_TO_KEY;
use crate::oauth::{ErrorCode, OAuthError};

const BEARER: &str = "Bearer realm=\"musubi\"";
const DPOP: &str = "DPoP realm=\"musubi\", algs=\"ES256 EdDSA PS256 RS256\"";

/// A challenge before it is known how the token was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    code: Option<&'static str>,
    scope: Option<&'static str>,
    demand: Option<Demand>,
    needs_proof: bool,
}

impl Challenge {
    /// There was no token.
    pub const NO_TOKEN: Self = Self {
        code: None,
        scope: None,
        demand: None,
        needs_proof: false,
    };

    /// Something is wrong with the token.
    pub const fn code(code: ErrorCode) -> Self {
        Self {
            code: Some(code.as_str()),
            ..Self::NO_TOKEN
        }
    }

    /// Something is wrong with the proof, or there is none.
    pub const fn proof(code: ErrorCode) -> Self {
        Self {
            needs_proof: true,
            ..Self::code(code)
        }
    }

    /// The token does not have this scope.
    pub const fn scope(scope: &'static str) -> Self {
        Self {
            scope: Some(scope),
            ..Self::code(ErrorCode::InsufficientScope)
        }
    }

    /// The sign-in behind the token is not enough.
    pub const fn step_up(demand: Demand) -> Self {
        Self {
            demand: Some(demand),
            ..Self::code(ErrorCode::InsufficientUserAuthentication)
        }
    }

    /// What goes with an error; `None` for one that no other token or proof would mend.
    pub fn of(error: OAuthError) -> Option<Self> {
        match error.code {
            ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce => Some(Self::proof(error.code)),
            ErrorCode::InvalidToken if error.id == BOUND_TO_KEY.id => Some(Self::proof(error.code)),
            ErrorCode::InvalidRequest | ErrorCode::InvalidToken | ErrorCode::InsufficientScope => {
                Some(Self::code(error.code))
            }
            _ => None,
        }
    }

    /// Whether the proof is what is wrong.
    pub const fn needs_proof(&self) -> bool {
        self.needs_proof
    }

    /// Writes it for whoever made this call.
    pub fn write(&self, call: &Call, headers: &mut HeaderMap) {
        self.write_for(matches!(call.access_token(), Some(Presented::Dpop(_))), headers);
    }

    /// Writes it for whoever may send nothing but a bearer token.
    pub fn write_bearer(&self, headers: &mut HeaderMap) {
        append(headers, &self.text(BEARER));
    }

    fn write_for(&self, by_dpop: bool, headers: &mut HeaderMap) {
        if by_dpop || self.needs_proof {
            append(headers, &self.text(DPOP));
        } else {
            append(headers, &self.text(BEARER));
            if self.demand.is_none() {
                append(headers, DPOP);
            }
        }
    }

    fn text(&self, scheme: &str) -> String {
        if let Some(demand) = &self.demand {
            return demand.challenge(scheme);
        }
        let code = self.code.map(|code| format!(", error=\"{code}\""));
        let scope = self.scope.map(|scope| format!(", scope=\"{scope}\""));
        [Some(scheme.to_owned()), code, scope]
            .into_iter()
            .flatten()
            .collect()
    }
}

fn append(headers: &mut HeaderMap, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.append(WWW_AUTHENTICATE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(challenge: Challenge, by_dpop: bool) -> Vec<String> {
        let mut headers = HeaderMap::new();
        challenge.write_for(by_dpop, &mut headers);
        let all = headers.get_all(WWW_AUTHENTICATE).iter();
        all.map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_code_stands_with_the_way_that_was_tried_or_with_the_proof_that_was_missing() {
        assert_eq!(written(Challenge::NO_TOKEN, false), [BEARER, DPOP]);
        let invalid = Challenge::code(ErrorCode::InvalidToken);
        let (bearer, dpop) = (
            format!("{BEARER}, error=\"invalid_token\""),
            format!("{DPOP}, error=\"invalid_token\""),
        );
        assert_eq!(written(invalid, false), [bearer.as_str(), DPOP]);
        assert_eq!(written(invalid, true), [dpop.as_str()]);
        assert_eq!(
            written(Challenge::of(BOUND_TO_KEY).unwrap(), false),
            [dpop.as_str()]
        );
        let scope = written(Challenge::scope("a"), true);
        assert_eq!(
            scope,
            [format!("{DPOP}, error=\"insufficient_scope\", scope=\"a\"")]
        );
    }

    #[test]
    fn only_what_another_token_would_mend_asks_for_one() {
        for (code, asks) in [
            (ErrorCode::InvalidToken, true),
            (ErrorCode::InsufficientScope, true),
            (ErrorCode::InvalidRequest, true),
            (ErrorCode::UseDpopNonce, true),
            (ErrorCode::TemporarilyUnavailable, false),
            (ErrorCode::ServerError, false),
        ] {
            let challenge = Challenge::of(OAuthError::new(code, "id", "text"));
            assert_eq!(challenge.is_some(), asks, "{code:?}");
        }
    }
}
