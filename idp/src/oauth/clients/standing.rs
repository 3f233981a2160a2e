//! What an administrator says of a client; no registration and no client can say it of itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::numbers::Number;

/// Whether the client is one of the operator's own, and how people are asked for their consent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ClientStanding)]
pub struct Standing {
    /// It belongs to whoever runs the realm. People are not asked what they let it have; that they use it is written down
    /// and shown to them all the same.
    pub first_party: bool,
    /// How often people are asked.
    pub consent: ConsentRule,
    /// Whether its requests are fetched from addresses that it registered (`request_uri`, RFC 9101 §5.2). Never for a client
    /// of FAPI 2.0.
    pub request_by_reference: ByReference,
    /// The client that alone may act with the tokens that people let this one have (`may_act`, RFC 8693 §4.4), by its
    /// `client_id`; absent: any whose policy of exchange names this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_actor: Option<String>,
    /// The number of the organisation whose own system it is: with the scope `musubi:scim` it keeps that organisation's
    /// staff, and it reaches health data of those people only who have a contract with that organisation, or one above it,
    /// and as far as that contract goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub organisation: Option<Number>,
}

/// The longest `client_id`.
const LONGEST_ID: usize = 200;

/// How often people are asked for their consent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentRule {
    /// Once for each scope and place; never if the client is a first party.
    #[default]
    Remember,
    /// Each time, whatever they said before, first party or not.
    Always,
}

/// Which request objects are taken from addresses that clients registered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ByReference {
    /// None: a request is sent by value, or pushed.
    #[default]
    No,
    /// Those that are signed.
    Signed,
    /// Unsigned ones too, wherever they come from, of clients that registered `request_object_signing_alg` `none`.
    Unsigned,
}

impl Standing {
    /// Whether it is one that can be kept.
    pub fn is_well_formed(&self) -> bool {
        let is_id = |id: &String| {
            !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(|byte| byte.is_ascii_graphic())
        };
        self.allowed_actor.as_ref().is_none_or(is_id)
    }

    /// Whether people are asked each time.
    pub fn asks_always(&self) -> bool {
        self.consent == ConsentRule::Always
    }

    /// Whether people are not asked at all.
    pub fn is_trusted(&self) -> bool {
        self.first_party && self.consent == ConsentRule::Remember
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_party_asks_nobody_unless_it_is_to_ask_always() {
        let standing = |first_party, consent| Standing {
            first_party,
            consent,
            ..Standing::default()
        };
        assert!(standing(true, ConsentRule::Remember).is_trusted());
        for other in [
            Standing::default(),
            standing(true, ConsentRule::Always),
            standing(false, ConsentRule::Always),
        ] {
            assert!(!other.is_trusted(), "{other:?}");
        }
        assert!(standing(true, ConsentRule::Always).asks_always());
    }
}
