//! Names to addresses, each checked before anybody connects to it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{self, Place};
use super::client::Reach;

/// Why a name leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NameRefused {
    /// It has no address.
    #[error("the name has no address")]
    Unresolved,
    /// One of its addresses may not be called.
    #[error("an address of the name may not be called")]
    Forbidden,
}

/// Which addresses may be called.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) reach: Reach,
    pub(super) allow: Arc<[IpNet]>,
}

impl Rule {
    /// Whether `address` may be called.
    pub(super) fn permits(&self, address: IpAddr) -> bool {
        match address::place(address) {
            Place::Public => true,
            Place::Loopback if self.reach == Reach::Loopback => true,
            Place::Loopback | Place::Inside => {
                let meant = address::meant(address);
                self.allow.iter().any(|network| network.contains(&meant))
            }
        }
    }
}

/// Where names are looked up.
#[derive(Debug, Clone)]
pub(super) enum Directory {
    /// The system's resolver.
    System,
    /// Answers in turn, the last one for ever, as a name server of somebody hostile gives them.
    #[cfg(test)]
    Scripted(Arc<std::sync::Mutex<std::collections::VecDeque<Vec<IpAddr>>>>),
}

impl Directory {
    async fn look_up(&self, name: &str) -> Vec<IpAddr> {
        match self {
            Self::System => match tokio::net::lookup_host((name, 0)).await {
                Ok(found) => found.map(|address| address.ip()).collect(),
                Err(error) => {
                    tracing::debug!(%error, "a name could not be resolved");
                    Vec::new()
                }
            },
            #[cfg(test)]
            Self::Scripted(answers) => {
                let mut answers = answers.lock().unwrap();
                let more = answers.len() > 1;
                let next = if more {
                    answers.pop_front()
                } else {
                    answers.front().cloned()
                };
                next.unwrap_or_default()
            }
        }
    }
}

/// The resolver of one HTTP client: nobody connects to an address that it did not check.
pub(super) struct Names {
    pub(super) directory: Directory,
    pub(super) rule: Rule,
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let (directory, rule) = (self.directory.clone(), self.rule.clone());
        Box::pin(async move {
            let found = directory.look_up(name.as_str()).await;
            if found.is_empty() {
                return Err(NameRefused::Unresolved.into());
            }
            if !found.iter().all(|address| rule.permits(*address)) {
                return Err(NameRefused::Forbidden.into());
            }
            // Port 0 stands for the one in the URL.
            let addresses: Addrs = Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}
