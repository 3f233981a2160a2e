//! A realm and the keys derived for it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::policy::SignInPolicy;
use super::settings::{Chosen, RealmSettings};
use bytes::Bytes;
use platform::clock::Instant;
use platform::config::SelfRegistration;
use platform::ids::RealmId;
use platform::keys::{
    DataKey, JweError, KeyEncryptionKey, Purpose, ReceivingKeys, SealError, SubKey, keyed_hash,
};
use platform::outbound::Reach;
use url::{Host, Url};

/// A user base with its issuer and its keys.
#[derive(Debug)]
pub struct Realm {
    /// Its key.
    pub id: RealmId,
    /// The name that people see.
    pub name: String,
    /// The issuer (OpenID Connect Discovery 1.0 §3), without a trailing slash.
    pub issuer: String,
    /// Host and, unless it is the scheme's own, port of the issuer.
    pub host: String,
    /// Whether the issuer is served over HTTPS. If not, it is on loopback.
    pub secure: bool,
    /// Keys derived from the realm's own.
    pub keys: RealmKeys,
    /// What the realm asks of its people when they sign in.
    pub sign_in: SignInPolicy,
    /// What was set here.
    pub chosen: Chosen,
    /// What holds here, set or not.
    pub settings: RealmSettings,
    /// Documents that say the same until the realm changes.
    pub documents: Documents,
}

/// Documents of a realm, each rendered at its first use.
#[derive(Debug, Default)]
pub struct Documents {
    /// OpenID Connect Discovery.
    pub openid: OnceLock<Bytes>,
    /// OAuth Authorization Server Metadata.
    pub oauth: OnceLock<Bytes>,
    /// The keys that clients encrypt for at present.
    pub receiving: Mutex<Option<Arc<ReceivingKeys>>>,
}

/// A realm's own root key and what is derived from it, one purpose each.
#[derive(Debug)]
pub struct RealmKeys {
    /// Wraps the data keys of the realm's people.
    pub root: KeyEncryptionKey,
    /// Seals what belongs to the realm and to no person.
    pub data: Arc<DataKey>,
    /// Hashes of codes, tokens, session ids, links, and of what forms carry.
    pub tokens: SubKey,
    /// Hashes of client secrets.
    pub client_secrets: SubKey,
    /// Blind indexes of login names, e-mail addresses, telephone numbers.
    pub identifiers: SubKey,
    /// Subjects (`sub`), public and pairwise.
    pub subjects: SubKey,
    /// The permutation behind numbers.
    pub numbers: SubKey,
    /// Keys that clients encrypt for.
    pub receiving: SubKey,
}

impl RealmKeys {
    /// Derives all of them.
    pub fn derive(realm: RealmId, data: DataKey) -> Result<Self, SealError> {
        let root = KeyEncryptionKey::of_data_key(&data)?;
        let derived = |purpose| root.derive(purpose, realm.uuid());
        Ok(Self {
            tokens: derived(Purpose::Tokens),
            client_secrets: derived(Purpose::ClientSecrets),
            identifiers: derived(Purpose::BlindIndex),
            subjects: derived(Purpose::Subjects),
            numbers: derived(Purpose::Numbers),
            receiving: derived(Purpose::Receiving),
            data: Arc::new(data),
            root,
        })
    }
}

impl Realm {
    /// The keys that clients encrypt for at `now`; made at their first use and at the turn of each quarter.
    pub fn receiving_keys(&self, now: Instant) -> Result<Arc<ReceivingKeys>, JweError> {
        let mut kept = self
            .documents
            .receiving
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref().filter(|keys| keys.are_of(now)) {
            Some(keys) => Ok(keys.clone()),
            None => Ok(kept
                .insert(Arc::new(ReceivingKeys::derive(&self.keys.receiving, now)?))
                .clone()),
        }
    }

    /// Whether people may make accounts for themselves.
    pub fn takes_sign_ups(&self) -> bool {
        self.settings.self_registration != SelfRegistration::Off
    }

    /// The absolute URL of a path on this realm.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// How far the hub may call when a client of this realm names an address: a realm on loopback has its clients there.
    pub fn reach(&self) -> Reach {
        let issuer = Url::parse(&self.issuer).ok();
        match issuer.as_ref().and_then(Url::host) {
            Some(host) if is_loopback(&host) => Reach::Loopback,
            _ => Reach::Public,
        }
    }

    /// The hash under which a secret of `kind` is kept.
    pub fn token_hash(&self, kind: &str, token: &str) -> [u8; 32] {
        keyed_hash(&self.keys.tokens, kind, token.as_bytes())
    }
}

/// An issuer that a realm cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIssuer {
    /// Not an absolute http(s) URL.
    #[error("an issuer is an absolute URL such as https://id.example.jp")]
    NotUrl,
    /// It has a query, a fragment, user information or a path.
    #[error("an issuer has no path, query, fragment or user name, and no slash at its end")]
    NotBase,
    /// Plain HTTP outside loopback.
    #[error("plain http is for localhost, 127.0.0.1 and [::1] only; use https")]
    Insecure,
}

/// Checks an issuer; gives its host (with the port, unless it is the scheme's own) and whether it is HTTPS.
pub fn parse_issuer(issuer: &str) -> Result<(String, bool), InvalidIssuer> {
    let url = Url::parse(issuer).map_err(|_| InvalidIssuer::NotUrl)?;
    let host = url.host().ok_or(InvalidIssuer::NotUrl)?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !bare || !url.username().is_empty() || url.password().is_some() || issuer.ends_with('/') {
        return Err(InvalidIssuer::NotBase);
    }
    let secure = match url.scheme() {
        "https" => true,
        "http" if is_loopback(&host) => false,
        "http" => return Err(InvalidIssuer::Insecure),
        _ => return Err(InvalidIssuer::NotUrl),
    };
    let host = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_string(),
    };
    if issuer != format!("{}://{host}", url.scheme()) {
        return Err(InvalidIssuer::NotBase);
    }
    Ok((host, secure))
}

/// Whether a host is this machine itself.
pub fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_a_bare_base_url() {
        assert_eq!(
            parse_issuer("http://localhost:8080"),
            Ok(("localhost:8080".to_owned(), false))
        );
        assert_eq!(
            parse_issuer("https://id.example.jp"),
            Ok(("id.example.jp".to_owned(), true))
        );
        assert_eq!(parse_issuer("http://[::1]:9"), Ok(("[::1]:9".to_owned(), false)));
        for issuer in [
            "https://id.example.jp/",
            "https://a.example/x",
            "https://a.example?x",
            "https://u@a.example",
        ] {
            assert_eq!(parse_issuer(issuer), Err(InvalidIssuer::NotBase), "{issuer}");
        }
        assert_eq!(parse_issuer("https://ID.example.jp"), Err(InvalidIssuer::NotBase));
    }

    #[test]
    fn plain_http_is_refused_outside_loopback() {
        for issuer in [
            "http://id.example.jp",
            "http://localhost.example.jp",
            "http://192.168.1.1",
        ] {
            assert_eq!(parse_issuer(issuer), Err(InvalidIssuer::Insecure), "{issuer}");
        }
        assert_eq!(parse_issuer("ftp://localhost"), Err(InvalidIssuer::NotUrl));
    }
}
