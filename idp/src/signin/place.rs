//! Where a person goes on once they are signed in.

use platform::http::Parameters;
use serde::{Deserialize, Serialize};

use crate::oauth::device::UserCode;

/// Where a person goes on. Addresses of this host only, and none that comes from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The request of a client that waits for them.
    Interaction(String),
    /// Their account.
    Account,
    /// The page of their factors.
    Security,
    /// The page for the code of another device, with the code if it is known.
    Device(Option<String>),
    /// What services ask of them by the back channel.
    Requests,
}

impl Place {
    /// As a form or an address names it.
    pub(crate) fn read(parameters: &Parameters) -> Self {
        if let Some(code) = parameters.get("user_code").and_then(UserCode::parse) {
            return Self::Device(Some(code.grouped()));
        }
        match (parameters.get("interaction"), parameters.get("to")) {
            (Some(id), _) => Self::Interaction(id.to_owned()),
            (None, Some("security")) => Self::Security,
            (None, Some("device")) => Self::Device(None),
            (None, Some("requests")) => Self::Requests,
            (None, _) => Self::Account,
        }
    }

    /// Where somebody signs in who goes on here; also who is signed in, for all places but the account.
    pub fn sign_in(&self) -> String {
        self.on("/signin")
    }

    /// The parameter that names it, if it needs one.
    pub(crate) fn parameter(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Interaction(id) => Some(("interaction", id)),
            Self::Security => Some(("to", "security")),
            Self::Device(None) => Some(("to", "device")),
            Self::Device(Some(code)) => Some(("user_code", code)),
            Self::Requests => Some(("to", "requests")),
            Self::Account => None,
        }
    }

    /// Its address.
    pub fn address(&self) -> String {
        match self {
            Self::Interaction(id) => {
                let query = form_urlencoded::Serializer::new(String::new())
                    .append_pair("interaction", id)
                    .finish();
                format!("/oauth/continue?{query}")
            }
            Self::Account => "/account".to_owned(),
            Self::Security => "/account/security".to_owned(),
            Self::Device(None) => "/device".to_owned(),
            Self::Device(Some(code)) => format!("/device?user_code={code}"),
            Self::Requests => "/account/requests".to_owned(),
        }
    }

    /// The same, where a passkey was not taken.
    pub(super) fn with_problem(&self, path: &str) -> String {
        let address = self.on(path);
        let separator = if address.contains('?') { '&' } else { '?' };
        format!("{address}{separator}problem=passkey")
    }

    /// `path` with the parameter that names this place.
    pub(crate) fn on(&self, path: &str) -> String {
        match self.parameter() {
            None => path.to_owned(),
            Some((name, value)) => {
                let query = form_urlencoded::Serializer::new(String::new())
                    .append_pair(name, value)
                    .finish();
                format!("{path}?{query}")
            }
        }
    }
}
