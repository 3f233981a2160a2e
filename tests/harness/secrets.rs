//! Everything that a test used and that nobody may print: passwords, codes, tokens, client secrets, cookies.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// A growing set, shared by the server and everybody who talks to it.
#[derive(Debug, Clone, Default)]
pub struct Secrets(Arc<Mutex<BTreeSet<String>>>);

/// Shorter strings occur by accident.
const SHORTEST: usize = 10;

impl Secrets {
    /// Adds one.
    pub fn add(&self, secret: &str) {
        if secret.len() >= SHORTEST {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(secret.to_owned());
        }
    }

    /// Those that stand in `output`.
    pub fn printed_in(&self, output: &str) -> Vec<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .filter(|secret| output.contains(secret.as_str()))
            .cloned()
            .collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_the_middle_of_a_line_is_found() {
        let secrets = Secrets::default();
        secrets.add("correct horse battery");
        secrets.add("short");
        assert_eq!(
            secrets.printed_in("x=\"correct horse battery\" short"),
            ["correct horse battery"]
        );
        assert!(secrets.printed_in("correct horse").is_empty());
    }
}
