//! Members about introspection, token exchange, assertions and the back channel (RFC 9701 §6, CIBA §4). Those that widen
//! what a client may reach are an administrator's: one that registers by itself does not get them
//! ([`GrantMembers::of_a_stranger`]).

use platform::keys::{ContentEncryption, KeyManagement, SigningAlgorithm};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::uris::is_callable;
use super::{GrantType, InvalidMetadata, Metadata, default_algorithm};
use crate::oauth::assertions::AssertionIssuer;
use crate::oauth::backchannel::Delivery;
use crate::oauth::exchange::ExchangePolicy;

/// Most issuers of one client.
const ISSUERS: usize = 20;

/// The members.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GrantMembers {
    /// The algorithm of signed answers about tokens; the standard's default is RS256.
    #[serde(default = "default_algorithm")]
    #[schema(value_type = String)]
    pub introspection_signed_response_alg: SigningAlgorithm,
    /// How signed answers about tokens are encrypted; absent: not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub introspection_encrypted_response_alg: Option<KeyManagement>,
    /// With which content encryption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub introspection_encrypted_response_enc: Option<ContentEncryption>,
    /// The resources that it is: it may ask what tokens for them are worth (RFC 7662, RFC 8707). An administrator's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serves: Vec<String>,
    /// Which tokens it may exchange, and for what (RFC 8693). An administrator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_exchange: Option<ExchangePolicy>,
    /// Whose assertions about people it may present (RFC 7523 §2.1). An administrator's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assertion_issuers: Vec<AssertionIssuer>,
    /// How it learns of answers by the back channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_token_delivery_mode: Option<Delivery>,
    /// Where it is told of them, or sent them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_client_notification_endpoint: Option<String>,
    /// The algorithm of its signed requests by the back channel; absent: it does not sign them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub backchannel_authentication_request_signing_alg: Option<SigningAlgorithm>,
    /// Whether it brings the codes with which people let themselves be asked by the back channel.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub backchannel_user_code_parameter: bool,
}

impl GrantMembers {
    /// What is left of them for a client that nobody here has looked at.
    pub fn of_a_stranger(self) -> Self {
        Self {
            serves: Vec::new(),
            token_exchange: None,
            assertion_issuers: Vec::new(),
            ..self
        }
    }

    pub(super) fn check(&self, metadata: &Metadata, secure: bool) -> Result<(), InvalidMetadata> {
        let wrong = |text| Err(InvalidMetadata::Other(text));
        if self.serves.len() > ISSUERS || self.serves.iter().any(|one| one.len() > 500) {
            return wrong("serves are at most 20 resources");
        }
        if self
            .token_exchange
            .as_ref()
            .is_some_and(|policy| !policy.is_well_formed())
        {
            return wrong(
                "token_exchange has too many or too long members, or a scope that is not well-formed",
            );
        }
        let issuers = &self.assertion_issuers;
        if issuers.len() > ISSUERS || !issuers.iter().all(|issuer| issuer.is_well_formed(secure)) {
            return wrong("assertion_issuers are at most 20, with keys that are taken");
        }
        let sealed = self.introspection_encrypted_response_alg;
        if sealed.is_none() && self.introspection_encrypted_response_enc.is_some() {
            return wrong(
                "introspection_encrypted_response_enc goes with introspection_encrypted_response_alg",
            );
        }
        if sealed.is_some() && !metadata.has_keys() {
            return wrong("encrypted answers need jwks or jwks_uri");
        }
        let endpoint = self.backchannel_client_notification_endpoint.as_deref();
        if endpoint.is_some_and(|endpoint| !is_callable(endpoint, secure)) {
            return wrong("backchannel_client_notification_endpoint is an https URL");
        }
        let uses = metadata.grant_types.contains(&GrantType::Ciba);
        match self.backchannel_token_delivery_mode {
            None if uses => wrong("the back channel needs backchannel_token_delivery_mode"),
            Some(mode) if mode.calls() && endpoint.is_none() => {
                wrong("delivery by ping or push needs backchannel_client_notification_endpoint")
            }
            // FAPI-CIBA §5.2.2; and nobody shows a key or certificate where tokens are pushed.
            Some(Delivery::Push) if metadata.must_bind() => wrong(
                "tokens that are bound to their holder, as those of the profile fapi2 are, cannot be pushed",
            ),
            _ if uses
                && self.backchannel_authentication_request_signing_alg.is_some()
                && !metadata.has_keys() =>
            {
                wrong("signed requests need jwks or jwks_uri")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn with(changes: &Value) -> Result<Metadata, InvalidMetadata> {
        let mut metadata = json!({
            "grant_types": ["urn:openid:params:grant-type:ciba"],
            "response_types": [],
            "backchannel_token_delivery_mode": "poll",
        });
        for (name, value) in changes.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        Metadata::from_json(&metadata, true)
    }

    #[test]
    fn a_client_of_the_back_channel_says_how_and_where_it_is_told() {
        assert!(with(&json!({})).is_ok());
        let ping = |endpoint: &str| {
            with(&json!({
                "backchannel_token_delivery_mode": "ping",
                "backchannel_client_notification_endpoint": endpoint,
            }))
        };
        assert!(ping("https://rp.example/ping").is_ok());
        for endpoint in [
            "http://rp.example/ping",
            "http://localhost/ping",
            "https://a@rp.example/",
            "ping",
        ] {
            assert!(ping(endpoint).is_err(), "{endpoint}");
        }
        for changes in [
            json!({"backchannel_token_delivery_mode": null}),
            json!({"backchannel_token_delivery_mode": "push"}),
            json!({"backchannel_token_delivery_mode": "ping"}),
            json!({"backchannel_token_delivery_mode": "else"}),
            json!({"backchannel_authentication_request_signing_alg": "PS256"}),
            json!({"backchannel_authentication_request_signing_alg": "none"}),
        ] {
            assert!(with(&changes).is_err(), "{changes}");
        }
    }

    #[test]
    fn tokens_that_are_bound_to_their_holder_are_not_pushed() {
        let push = |changes: &Value| {
            let mut members = json!({
                "backchannel_token_delivery_mode": "push",
                "backchannel_client_notification_endpoint": "https://rp.example/push",
            });
            for (name, value) in changes.as_object().unwrap() {
                members[name] = value.clone();
            }
            with(&members)
        };
        assert!(push(&json!({})).is_ok());
        let strict = json!({
            "musubi_security_profile": "fapi2",
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": "https://rp.example/keys",
            "id_token_signed_response_alg": "ES256",
        });
        for changes in [
            json!({"dpop_bound_access_tokens": true}),
            json!({"tls_client_certificate_bound_access_tokens": true}),
            strict.clone(),
        ] {
            assert!(push(&changes).is_err(), "{changes}");
        }
        let mut pinged = strict;
        pinged["backchannel_token_delivery_mode"] = json!("ping");
        assert!(push(&pinged).is_ok());
    }

    #[test]
    fn who_registers_by_themselves_gets_no_policy() {
        let key = json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "k",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
        let issuer =
            json!({"issuer": "https://i.example", "jwks": {"keys": [key]}, "subject": "login", "scope": "a"});
        let policy = json!({"subject_clients": ["a"], "audiences": ["b"], "scope": "c"});
        let metadata = with(&json!({"token_exchange": policy, "assertion_issuers": [issuer]})).unwrap();
        assert!(metadata.grants.token_exchange.is_some() && metadata.grants.assertion_issuers.len() == 1);
        let stranger = metadata.grants.of_a_stranger();
        assert!(stranger.token_exchange.is_none() && stranger.assertion_issuers.is_empty());
        assert!(stranger.backchannel_token_delivery_mode.is_some());
    }
}
