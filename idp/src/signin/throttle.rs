//! Failed sign-ins, counted by account and network, by account, and by network. Good ones are not counted: a clinic signs
//! in a thousand times from one address.
//!
//! ```text
//! admit: attempts +1 ─▶ failures at the limit? ─▶ wait out the window
//!                       failures and attempts over it? ─▶ wait a moment      both give back
//!                       else the password is checked ─▶ wrong: failures +1, attempts −1
//!                                                       right: attempts −1, failures of this account and network forgotten
//! ```
//!
//! Invariants: an attempt is counted before its password is looked at, and a failure before the attempt is counted off, so
//! that however many come at once no more than the limit are answered; who cannot be counted is not answered; an attempt
//! that nobody settles (its caller went away) stays counted until the window ends.
//!
//! Who closes an account closes it for their own network, and for others only with ten times as many failures, which is
//! the most that NIST SP 800-63B-4 §3.2.2 lets an account have. What is not here is a cookie by which a browser that signed
//! in before is told from strangers: without it, who has many networks still shuts an account for a quarter of an hour,
//! and who fails often enough shuts out those who share their network's address.

use std::time::Duration;

use platform::encoding::base64url;
use platform::ephemeral::{EphemeralError, Slot};
use platform::keys::keyed_hash;

use crate::hub::Hub;
use crate::ids::PersonId;
use crate::realms::Realm;

/// The time over which failures are counted, and after which the count starts anew.
const WINDOW: Duration = Duration::from_mins(15);
/// How long others that are being checked take, at most, to be told.
const MOMENT: Duration = Duration::from_secs(5);
/// How many times the failures of one network an account bears from all of them.
const NETWORKS: u64 = 10;
/// The time over which wrong codes are counted a second time.
const DAY: Duration = Duration::from_hours(24);
/// How many times the wrong codes of a quarter of an hour a day bears: one guess in a million has then less than one
/// chance in five thousand a day.
const QUARTERS: u64 = 5;

/// Whether an attempt may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may, and is counted until it is settled.
    Admitted,
    /// It must wait this long; it is not counted.
    Wait(Duration),
}

/// The counters of one attempt.
pub struct Throttle {
    scopes: Vec<Scope>,
}

struct Scope {
    attempts: Slot,
    failures: Slot,
    limit: u64,
    window: Duration,
    /// Whether a right password forgets the failures.
    forgets: bool,
}

impl Throttle {
    /// For a login name as it was normalised, from a network.
    pub fn new(hub: &Hub, realm: &Realm, login: &str, network: &str) -> Self {
        let limits = &hub.settings.limits;
        let both = format!("{network} {login}");
        let scope = |kinds, name: &str, limit, forgets| {
            Scope::new(realm, kinds, name.as_bytes(), limit, (WINDOW, forgets))
        };
        // The network is asked first: one that is closed makes no counters for accounts.
        let scopes = vec![
            scope(
                ["attempts-network", "failures-network"],
                network,
                limits.failures_per_address,
                false,
            ),
            scope(
                ["attempts-account-network", "failures-account-network"],
                &both,
                limits.failures_per_account,
                true,
            ),
            scope(
                ["attempts-account", "failures-account"],
                login,
                limits.failures_per_account.saturating_mul(NETWORKS),
                false,
            ),
        ];
        Self { scopes }
    }

    /// For the codes that somebody offers as `person`, from wherever they come: by then a password was right, so that no
    /// stranger closes them. A day bears five times as many failures as a quarter of an hour.
    pub fn codes(hub: &Hub, realm: &Realm, person: PersonId) -> Self {
        let limit = hub.settings.limits.failures_per_account;
        let scope = |kinds, limit, window| {
            Scope::new(
                realm,
                kinds,
                person.uuid().as_bytes(),
                limit,
                (window, window == WINDOW),
            )
        };
        let day = limit.saturating_mul(QUARTERS);
        Self {
            scopes: vec![
                scope(["attempts-codes", "failures-codes"], limit, WINDOW),
                scope(["attempts-codes-day", "failures-codes-day"], day, DAY),
            ],
        }
    }

    /// For the codes that a client brings for `person`, whom it may ask with the right one. Who closes it closes it for
    /// themselves, and for others only with ten times as many failures.
    pub fn user_codes(hub: &Hub, realm: &Realm, person: PersonId, client_id: &str) -> Self {
        let limit = hub.settings.limits.failures_per_account;
        let scope = |kinds, name: &str, limit, forgets| {
            Scope::new(realm, kinds, name.as_bytes(), limit, (WINDOW, forgets))
        };
        let (person, all) = (person.to_string(), limit.saturating_mul(NETWORKS));
        let both = format!("{person} {client_id}");
        Self {
            scopes: vec![
                scope(["attempts-user-code", "failures-user-code"], &both, limit, true),
                scope(
                    ["attempts-user-code-all", "failures-user-code-all"],
                    &person,
                    all,
                    false,
                ),
            ],
        }
    }

    /// Counts an attempt, or says that it must wait.
    pub async fn admit(&self, hub: &Hub) -> Result<Admission, EphemeralError> {
        for (before, scope) in self.scopes.iter().enumerate() {
            let admission = scope.admit(hub).await?;
            if admission != Admission::Admitted {
                for counted in self.scopes.iter().take(before + 1) {
                    hub.ephemeral.decrement(&counted.attempts).await?;
                }
                return Ok(admission);
            }
        }
        Ok(Admission::Admitted)
    }

    /// The password was wrong.
    pub async fn failed(&self, hub: &Hub) -> Result<(), EphemeralError> {
        for scope in &self.scopes {
            hub.ephemeral.increment(&scope.failures, scope.window).await?;
        }
        self.undecided(hub).await
    }

    /// The password was right. That forgets the failures of this account from this network, and no others: whoever tries
    /// many names owns one of them.
    pub async fn succeeded(&self, hub: &Hub) -> Result<(), EphemeralError> {
        for scope in self.scopes.iter().filter(|scope| scope.forgets) {
            hub.ephemeral.remove(&scope.failures).await?;
        }
        self.undecided(hub).await
    }

    /// The password was not looked at.
    pub async fn undecided(&self, hub: &Hub) -> Result<(), EphemeralError> {
        for scope in &self.scopes {
            hub.ephemeral.decrement(&scope.attempts).await?;
        }
        Ok(())
    }
}

impl Scope {
    /// The counters of `kinds` (attempts, failures) for whatever `name` stands for.
    fn new(
        realm: &Realm,
        kinds: [&'static str; 2],
        name: &[u8],
        limit: u64,
        (window, forgets): (Duration, bool),
    ) -> Self {
        let [attempts, failures] = kinds;
        let name = base64url(keyed_hash(&realm.keys.tokens, failures, name));
        Self {
            attempts: Slot::new(realm.id, attempts, &name),
            failures: Slot::new(realm.id, failures, &name),
            limit,
            window,
            forgets,
        }
    }

    async fn admit(&self, hub: &Hub) -> Result<Admission, EphemeralError> {
        let attempts = hub.ephemeral.increment(&self.attempts, self.window).await?;
        let failures = hub.ephemeral.count(&self.failures).await?;
        Ok(if failures >= self.limit {
            Admission::Wait(self.window)
        } else if failures.saturating_add(attempts) > self.limit {
            Admission::Wait(MOMENT)
        } else {
            Admission::Admitted
        })
    }
}
