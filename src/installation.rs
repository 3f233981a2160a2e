//! Opening what the configuration names: data directory, key-encryption key, databases, access log.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use idp::log::Log;
use idp::log::tree::{self, Tree};
use idp::realms::{Realm, RealmSettings, Realms};
use platform::clock::{Clock, ClockConfig};
use platform::config::{SecretUrl, Settings};
use platform::database::{Backend, DatabaseUrl, Store};
use platform::entropy::Entropy;
use platform::keys::{KeyEncryptionKey, KeyRing, RingPolicy};
use tokio::sync::OnceCell;

use crate::arguments::RealmChoice;

/// How long relying parties go on with a JWK Set that they fetched. Ours says a minute; many libraries keep it for five.
const JWKS_CACHED_FOR: Duration = Duration::from_mins(5);

/// Whether a command may be the first thing that ever runs here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fresh {
    /// Make the data directory and the key where they are missing.
    Made,
    /// Without them this is the wrong directory: say so, and leave nothing behind.
    Refused,
}

/// Everything that a hub and its commands stand on.
pub struct Installation {
    /// What is set.
    pub settings: Settings,
    /// Time. Nobody steers it until somebody runs it.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// Seals the realms' keys.
    pub key: Arc<KeyEncryptionKey>,
    /// The hub's database, migrated.
    pub store: Store,
    /// Realms.
    pub realms: Realms,
    log_store: Store,
    log: OnceCell<Log>,
}

impl Installation {
    /// Opens it.
    pub async fn open(settings: Settings, fresh: Fresh) -> anyhow::Result<Self> {
        let (clock, entropy) = (clock(&settings)?, Entropy::system());
        let key_file = key_file(&settings);
        if fresh == Fresh::Refused && !key_file.exists() {
            bail!(
                "there is no hub here, since {} does not exist; run `musubi serve` once, or name the hub's configuration with --config",
                key_file.display()
            );
        }
        make_private(&settings.data.dir)?;
        let key = KeyEncryptionKey::load_or_create(&key_file, &entropy);
        let key = Arc::new(key.with_context(|| format!("key-encryption key {}", key_file.display()))?);
        let Databases {
            store,
            log: log_store,
        } = Databases::open(&settings).await?;
        tokio::try_join!(
            prepare::<migrations::hub::Hub>(&store, "the hub's database"),
            prepare::<migrations::log::Log>(&log_store, "the access log's database"),
        )?;
        let realms = Realms::new(store.clone(), key.clone(), RealmSettings::of_hub(&settings));
        Ok(Self {
            settings,
            clock,
            entropy,
            key,
            store,
            realms,
            log_store,
            log: OnceCell::new(),
        })
    }

    /// The access log. Whoever opens it is a writer with a chain of its own, so a command that writes nothing leaves it
    /// closed.
    pub async fn log(&self) -> anyhow::Result<&Log> {
        let open = || {
            Log::open(
                self.log_store.clone(),
                self.clock.clone(),
                self.entropy.clone(),
                &self.key,
            )
        };
        self.log
            .get_or_try_init(open)
            .await
            .context("the access log cannot be opened")
    }

    /// The tree over the access log.
    pub async fn tree(&self) -> anyhow::Result<Tree> {
        Tree::open(
            self.log_store.clone(),
            self.clock.clone(),
            &self.entropy,
            &self.key,
            tree::origin(&self.settings.realm.issuer),
        )
        .await
        .context("the tree over the access log cannot be opened")
    }

    /// Signs off what was written to the access log.
    pub async fn close(&self) -> anyhow::Result<()> {
        match self.log.get() {
            Some(log) => log
                .close()
                .await
                .context("the end of the access log could not be signed; its rows are safe"),
            None => Ok(()),
        }
    }

    /// The realm that was chosen, or the only one.
    pub async fn realm(&self, choice: &RealmChoice) -> anyhow::Result<Arc<Realm>> {
        if let Some(host) = &choice.realm {
            let found = self.realms.by_host(&host.to_ascii_lowercase()).await?;
            return found.with_context(|| format!("no realm has the host {host}; see `musubi realm list`"));
        }
        let mut first = self.realms.list(None, 2).await?;
        match (first.pop(), first.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(_), false) => {
                bail!("there are several realms; choose one with --realm HOST, see `musubi realm list`")
            }
            (None, _) => bail!("there is no realm yet; run `musubi serve` once, or `musubi realm add`"),
        }
    }

    /// The signing keys of all realms.
    pub fn keys(&self) -> KeyRing {
        let longest = ring_keep(&self.settings);
        let policy = RingPolicy::new(JWKS_CACHED_FOR, longest).readable_for(hints_keep(&self.settings));
        KeyRing::new(
            self.store.clone(),
            self.key.clone(),
            self.clock.clone(),
            self.entropy.clone(),
            policy,
        )
    }
}

/// How long a key that has retired stays published: tokens that it signed may come until they expire, and a session's ID
/// tokens as long as the session may last.
fn ring_keep(settings: &Settings) -> Duration {
    let tokens = settings.tokens.access_seconds.max(settings.tokens.id_seconds);
    Duration::from_secs(tokens.max(settings.session.absolute_hours.saturating_mul(3600)))
}

/// How much longer its signature is known on hints (OpenID Connect RP-Initiated Logout 1.0 §2 lets them be expired): a
/// client's own session, which holds the ID token, lasts as long as it can refresh its tokens.
fn hints_keep(settings: &Settings) -> Duration {
    Duration::from_secs(settings.tokens.refresh_days.saturating_mul(86_400))
}

/// The two databases.
pub struct Databases {
    /// What the hub knows.
    pub store: Store,
    /// What was done.
    pub log: Store,
}

impl Databases {
    /// Opens both as they are; the data directory must be there if they are in it.
    pub async fn open(settings: &Settings) -> anyhow::Result<Self> {
        let dir = &settings.data.dir;
        let hub = database_url(settings.database.url.as_ref(), dir, "hub.sqlite").context("database.url")?;
        let log = database_url(settings.log.url.as_ref(), dir, "log.sqlite").context("log.url")?;
        let (store, log) = tokio::join!(Store::open(&hub), Store::open(&log));
        Ok(Self {
            store: store.context("the hub's database cannot be opened")?,
            log: log.context("the access log's database cannot be opened")?,
        })
    }
}

/// The address of a database, or of its default file in the data directory.
pub fn database_url(set: Option<&SecretUrl>, dir: &Path, file: &str) -> anyhow::Result<DatabaseUrl> {
    match set {
        Some(url) => Ok(url.expose().parse()?),
        None => Ok(DatabaseUrl::sqlite(&dir.join(file))),
    }
}

/// Where the key-encryption key is.
pub fn key_file(settings: &Settings) -> PathBuf {
    let named = settings.data.key_encryption_key_file.clone();
    named.unwrap_or_else(|| settings.data.dir.join("key-encryption-key"))
}

/// How the clock is steered.
pub fn clock_config(settings: &Settings) -> ClockConfig {
    let ntp = &settings.ntp;
    ClockConfig {
        servers: ntp.servers.clone(),
        poll_min: Duration::from_secs(ntp.poll_min_seconds),
        poll_max: Duration::from_secs(ntp.poll_max_seconds),
        max_error: Duration::from_millis(ntp.max_error_ms),
        warn_error: Duration::from_millis(ntp.warn_error_ms),
    }
}

fn clock(settings: &Settings) -> anyhow::Result<Clock> {
    let config = clock_config(settings);
    config.validate().context("ntp")?;
    Ok(Clock::disciplined(config))
}

/// Makes a directory that only its owner can enter.
pub fn make_private(directory: &Path) -> anyhow::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(builder.recursive(true), 0o700);
    builder
        .create(directory)
        .with_context(|| format!("the data directory {} cannot be made", directory.display()))
}

/// An embedded database is brought up to date by whoever opens it. One that several nodes share is changed only when
/// somebody says so, since the others still run.
async fn prepare<M: migrations::MigratorTrait>(store: &Store, name: &str) -> anyhow::Result<()> {
    let failed = || format!("{name} cannot be brought up to date");
    match store.backend() {
        Backend::Sqlite => {
            store.migrate::<M>().await.with_context(failed)?;
        }
        Backend::Postgres => {
            let status = store.migration_status::<M>().await.with_context(failed)?;
            let pending = status.iter().filter(|(_, applied)| !applied).count();
            if pending > 0 {
                bail!(
                    "{name} is behind by {pending} migrations; run `musubi migrate up` with the same configuration"
                );
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retired_key_stays_published_as_long_as_a_token_it_signed_may_come_back() {
        let mut settings = Settings::default();
        settings.session.absolute_hours = 1;
        settings.tokens.id_seconds = 7200;
        assert_eq!(ring_keep(&settings), Duration::from_hours(2));
        settings.session.absolute_hours = 3;
        assert_eq!(ring_keep(&settings), Duration::from_hours(3));
    }

    #[test]
    fn without_urls_both_databases_are_files_in_the_data_directory() {
        let url = database_url(None, Path::new("data"), "hub.sqlite").unwrap();
        assert_eq!(url.backend(), Backend::Sqlite);
        let wrong = SecretUrl::new("mysql://u:hush@h/d".to_owned());
        let error = database_url(Some(&wrong), Path::new("data"), "hub.sqlite").unwrap_err();
        assert!(!format!("{error:#}").contains("hush"));
    }

    #[test]
    fn a_new_data_directory_is_closed_to_everybody_else() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("a/b");
        make_private(&directory).unwrap();
        make_private(&directory).unwrap();
        let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&directory).unwrap());
        assert_eq!(mode & 0o777, 0o700);
    }
}
