//! What every endpoint of the hub works with.

use std::sync::Arc;

use platform::certificates::Authorities;
use platform::clock::Clock;
use platform::config::Settings;
use platform::database::Store;
use platform::entropy::Entropy;
use platform::ephemeral::Ephemeral;
use platform::http::TrustedProxies;
use platform::keys::{KeyEncryptionKey, KeyRing};
use platform::outbound::Outbound;
use platform::sms::MessageFile;

use crate::contact::Messenger;
use crate::credentials::{PasswordHasher, Passwords};
use crate::factors::Factors;
use crate::log::tree::Tree;
use crate::log::{Entry, Log};
use crate::oauth::authorization::FetchedObjects;
use crate::oauth::backchannel::BackchannelRequests;
use crate::oauth::clients::keys::RemoteKeys;
use crate::oauth::consents::ClientConsents;
use crate::oauth::families::Families;
use crate::oauth::registration::Policies;
use crate::oauth::{Clients, OAuthError, RevokedTokens, VerifiedTokens};
use crate::people::People;
use crate::realms::{RealmSettings, Realms};
use crate::sessions::Sessions;

/// The hub's parts; one a process.
pub struct Hub {
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// What can be set.
    pub settings: Settings,
    /// Whom clients' certificates may be vouched for by.
    pub authorities: Authorities,
    /// Whose forwarding headers are believed.
    pub proxies: TrustedProxies,
    /// The hub's database.
    pub store: Store,
    /// Short-lived state.
    pub ephemeral: Arc<dyn Ephemeral>,
    /// Calls to addresses that clients named.
    pub outbound: Outbound,
    /// Short messages to telephones.
    pub sms: Messenger,
    /// The access log.
    pub log: Log,
    /// The tree over it.
    pub tree: Tree,
    /// Signing keys.
    pub keys: KeyRing,
    /// Seals the realms' keys.
    pub key: Arc<KeyEncryptionKey>,
    /// Realms.
    pub realms: Realms,
    /// People.
    pub people: People,
    /// Sessions.
    pub sessions: Sessions,
    /// Clients.
    pub clients: Clients,
    /// As what clients may register by themselves.
    pub policies: Policies,
    /// Keys that clients keep elsewhere.
    pub remote_keys: RemoteKeys,
    /// Request objects that clients keep elsewhere.
    pub objects: FetchedObjects,
    /// What people let clients have.
    pub consents: ClientConsents,
    /// Token families.
    pub families: Families,
    /// What clients ask people by the back channel.
    pub backchannel: BackchannelRequests,
    /// Access tokens that ended before their time.
    pub revoked: RevokedTokens,
    /// Passwords.
    pub passwords: Passwords,
    /// What people prove themselves with besides.
    pub factors: Factors,
    /// Access tokens whose signature was verified already.
    pub verified_tokens: VerifiedTokens,
    /// Password hashing on threads of its own.
    pub hasher: PasswordHasher,
}

/// What axum clones for each request.
pub type Shared = Arc<Hub>;

/// The parts that make a hub, each made and checked by the composition in `src/`.
pub struct Parts {
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// What can be set.
    pub settings: Settings,
    /// Whom clients' certificates may be vouched for by.
    pub authorities: Authorities,
    /// The hub's database, migrated.
    pub store: Store,
    /// Short-lived state.
    pub ephemeral: Arc<dyn Ephemeral>,
    /// Calls to addresses that clients named.
    pub outbound: Outbound,
    /// The access log.
    pub log: Log,
    /// The tree over it.
    pub tree: Tree,
    /// Seals the realms' keys.
    pub key: Arc<KeyEncryptionKey>,
    /// Signing keys.
    pub keys: KeyRing,
}

/// Where short messages are written to.
fn message_file(settings: &Settings) -> std::path::PathBuf {
    let named = settings.sms.file.clone();
    named.unwrap_or_else(|| settings.data.dir.join("sms.jsonl"))
}

impl Hub {
    /// Puts a hub together.
    pub fn new(parts: Parts) -> Shared {
        let Parts {
            clock,
            entropy,
            settings,
            authorities,
            store,
            ephemeral,
            outbound,
            log,
            tree,
            key,
            keys,
        } = parts;
        Arc::new(Self {
            sms: Messenger::new(MessageFile::new(message_file(&settings))),
            proxies: TrustedProxies::new(&settings.server.trusted_proxies),
            keys,
            realms: Realms::new(store.clone(), key.clone(), RealmSettings::of_hub(&settings)),
            people: People::new(store.clone(), clock.clone(), entropy.clone()),
            sessions: Sessions::new(store.clone(), clock.clone(), entropy.clone()),
            clients: Clients::new(store.clone()),
            policies: Policies::new(store.clone()),
            remote_keys: RemoteKeys::default(),
            objects: FetchedObjects::default(),
            consents: ClientConsents::new(store.clone()),
            families: Families::new(store.clone()),
            backchannel: BackchannelRequests::new(store.clone()),
            revoked: RevokedTokens::new(store.clone()),
            passwords: Passwords::new(store.clone(), clock.clone(), entropy.clone()),
            factors: Factors::new(store.clone(), clock.clone(), entropy.clone()),
            verified_tokens: VerifiedTokens::default(),
            hasher: PasswordHasher::start(&settings.limits, entropy.clone()),
            clock,
            entropy,
            settings,
            authorities,
            store,
            ephemeral,
            outbound,
            log,
            tree,
            key,
        })
    }

    /// Writes a row of the access log; it is on disk when this returns. No log, no answer.
    pub async fn record(&self, entry: Entry) -> Result<(), OAuthError> {
        self.log.append(entry).await?;
        Ok(())
    }
}
