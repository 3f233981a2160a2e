//! Scopes of the API: one to read and one to write, for each kind of resource.

/// A scope of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiScope {
    /// As tokens carry it.
    pub name: &'static str,
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $constant:ident = $name:literal),+ $(,)?) => {
        $(
            $(#[$doc])*
            pub const $constant: ApiScope = ApiScope {
                name: $name,
            };
        )+

        /// Every scope of the API: the powers of a realm's first administrator.
        pub const ALL: &[&str] = &[$($name),+];
    };
}

scopes! {
    /// See the realms of the hub, and its clock.
    REALMS_READ = "musubi:realms.read",
    /// Add realms to the hub.
    REALMS_WRITE = "musubi:realms.write",
    /// See what is set in the realm.
    SETTINGS_READ = "musubi:settings.read",
    /// Set it.
    SETTINGS_WRITE = "musubi:settings.write",
    /// See namespaces, blocks and numbers.
    NUMBERS_READ = "musubi:numbers.read",
    /// Make namespaces, issue, assign, suspend, cancel and reissue numbers.
    NUMBERS_WRITE = "musubi:numbers.write",
    /// See people and their profiles.
    PEOPLE_READ = "musubi:people.read",
    /// Make, suspend and resume people, and let them set a password.
    PEOPLE_WRITE = "musubi:people.write",
    /// See clients.
    CLIENTS_READ = "musubi:clients.read",
    /// Register and remove clients.
    CLIENTS_WRITE = "musubi:clients.write",
    /// See that people have consents, and how they stand; not what they say.
    CONSENTS_READ = "musubi:consents.read",
    /// See what people agreed with operators.
    CONTRACTS_READ = "musubi:contracts.read",
    /// Make and end contracts of people with operators.
    CONTRACTS_WRITE = "musubi:contracts.write",
    /// Say which organisations may declare emergencies about anybody.
    EMERGENCIES_WRITE = "musubi:emergencies.write",
    /// Ask for decisions about health data, as a service.
    ACCESS_EVALUATE = "musubi:access.evaluate",
    /// See every organisation of the realm.
    ORGANISATIONS_READ = "musubi:organisations.read",
    /// Make, change, move and end organisations anywhere in the realm.
    ORGANISATIONS_WRITE = "musubi:organisations.write",
    /// See all staff of the realm, and what is delegated to whom.
    STAFF_READ = "musubi:staff.read",
    /// Register staff anywhere in the realm, and delegate powers over staff, their time and their work.
    STAFF_WRITE = "musubi:staff.write",
    /// Keep the staff of the organisation that the client is bound to (SCIM).
    SCIM = "musubi:scim",
}

/// Do, over organisations, what was delegated to the person behind the token. It gives nothing by itself, so everybody
/// holds it, and whoever may register clients may pass it on.
pub const OWN_DELEGATIONS: ApiScope = ApiScope { name: "musubi:staff" };

/// Scopes over the hub itself; they carry only in the realm that the configuration names.
pub const HUB_SCOPES: &[&str] = &[REALMS_READ.name, REALMS_WRITE.name];

/// What every scope of this API, of today and of later versions, begins with.
pub const PREFIX: &str = "musubi:";
