//! Scopes of clinical data (SMART App Launch 2.2, scopes for requesting FHIR resources): `patient/Consent.cruds`.

use crate::oauth::Scope;

/// What can be done with resources of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// `c`.
    Create,
    /// `r`: also versions of before.
    Read,
    /// `u`.
    Update,
    /// `d`.
    Delete,
    /// `s`: also what happened to resources of a type.
    Search,
}

const ALL: [(Permission, char); 5] = [
    (Permission::Create, 'c'),
    (Permission::Read, 'r'),
    (Permission::Update, 'u'),
    (Permission::Delete, 'd'),
    (Permission::Search, 's'),
];
const CONSENT: &str = "patient/Consent.";

/// What a scope allows with the consents of the person behind the token; nothing, if it is about something else.
/// A part of `cruds` in that order, or the words of version 1.
fn of_consents(scope: &str) -> Vec<Permission> {
    let letters = match scope.strip_prefix(CONSENT) {
        None | Some("") => return Vec::new(),
        Some("read") => "rs",
        Some("write") => "cud",
        Some("*") => "cruds",
        Some(letters) => letters,
    };
    let (mut found, mut rest) = (Vec::new(), letters.chars().peekable());
    for (permission, letter) in ALL {
        if rest.next_if_eq(&letter).is_some() {
            found.push(permission);
        }
    }
    if rest.peek().is_none() { found } else { Vec::new() }
}

/// The scopes among these that allow something with consents.
pub fn allowing(scope: &Scope, permission: Permission) -> impl Iterator<Item = &str> {
    scope
        .iter()
        .filter(move |one| of_consents(one).contains(&permission))
}

/// Whether a scope is about consents and, if so, whether more than reading is allowed with it.
pub fn about_consents(scope: &str) -> Option<bool> {
    let all = of_consents(scope);
    let changes = |one: &Permission| !matches!(one, Permission::Read | Permission::Search);
    (!all.is_empty()).then(|| all.iter().any(changes))
}

impl Permission {
    /// The scope to ask for.
    pub const fn scope(self) -> &'static str {
        match self {
            Self::Create => "patient/Consent.c",
            Self::Read => "patient/Consent.r",
            Self::Update => "patient/Consent.u",
            Self::Delete => "patient/Consent.d",
            Self::Search => "patient/Consent.s",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_a_part_of_cruds_in_its_order_or_a_word_of_version_1() {
        use Permission::{Create, Delete, Read, Search, Update};
        for (scope, allows) in [
            (
                "patient/Consent.cruds",
                vec![Create, Read, Update, Delete, Search],
            ),
            ("patient/Consent.rs", vec![Read, Search]),
            ("patient/Consent.u", vec![Update]),
            ("patient/Consent.read", vec![Read, Search]),
            ("patient/Consent.write", vec![Create, Update, Delete]),
            ("patient/Consent.*", vec![Create, Read, Update, Delete, Search]),
            ("patient/Consent.sr", vec![]),
            ("patient/Consent.rr", vec![]),
            ("patient/Consent.x", vec![]),
            ("patient/Consent.", vec![]),
            ("patient/Consent.rs?status=active", vec![]),
            ("patient/Observation.rs", vec![]),
            ("user/Consent.rs", vec![]),
            ("system/Consent.cruds", vec![]),
            ("patient/*.cruds", vec![]),
        ] {
            assert_eq!(of_consents(scope), allows, "{scope}");
        }
        for permission in [Create, Read, Update, Delete, Search] {
            assert_eq!(of_consents(permission.scope()), [permission]);
        }
    }

    #[test]
    fn a_page_can_say_whether_a_scope_only_reads() {
        assert_eq!(about_consents("patient/Consent.rs"), Some(false));
        assert_eq!(about_consents("patient/Consent.rus"), Some(true));
        assert_eq!(about_consents("openid"), None);
    }
}
