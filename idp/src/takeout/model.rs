//! The document.

use serde::Serialize;
use serde_json::Value;

/// All that is kept about a person. Times are those of RFC 3339.
#[derive(Debug, Serialize)]
pub struct Takeout {
    /// What this is, and in which version.
    pub format: &'static str,
    /// When it was made.
    pub made_at: String,
    /// The realm's issuer.
    pub realm: String,
    /// The profile.
    pub profile: Value,
    /// BCP 47 tag of their language.
    pub locale: Option<String>,
    /// Login names, addresses and telephone numbers, past ones that cool down included.
    pub identifiers: Vec<Value>,
    /// Numbers, past ones included.
    pub numbers: Vec<Value>,
    /// Every change of the profile, newest first.
    pub history: Vec<Value>,
    /// How they want to be reached.
    pub contact: Vec<Value>,
    /// Every change of that, newest first.
    pub contact_history: Vec<Value>,
    /// Who may do something for them, and for whom they may.
    pub ties: Vec<Value>,
    /// Invitations of theirs that wait.
    pub invitations: Vec<Value>,
    /// Whom they trust to help them back in.
    pub trusted: Vec<Value>,
    /// Every version of what they allowed and forbade with their data, as FHIR Consent resources.
    pub consents: Vec<Value>,
    /// What they agreed with operators of services.
    pub contracts: Vec<Value>,
    /// What staff of organisations did for them, every version, newest first.
    pub responses: Vec<Value>,
    /// Their appointments, and those to which they were expected as staff.
    pub appointments: Vec<Value>,
    /// Who looked in an emergency, the latest fifty.
    pub emergencies: Vec<Value>,
    /// What clients may have of theirs.
    pub client_consents: Vec<Value>,
    /// Where they are signed in.
    pub sessions: Vec<Value>,
    /// The browsers that are known of them.
    pub browsers: Vec<Value>,
    /// What they sign in with besides a password: what they call it.
    pub factors: Vec<Value>,
    /// Where they work or worked, as what, what is delegated to them, and when they came and went, newest first.
    pub staff: Value,
    /// Powers over the realm's API.
    pub powers: Vec<String>,
    /// What they were told.
    pub notices: Vec<Value>,
    /// Rows of the access log about them, newest first.
    pub access_log: Vec<Value>,
    /// Whether these are all rows; otherwise the newest ones.
    pub access_log_complete: bool,
}
