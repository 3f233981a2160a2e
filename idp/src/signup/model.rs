//! What somebody calls themselves who wants an account.

use platform::config::SelfRegistration;
use platform::mail::MailAddress;

use crate::pages::{SignUpBy, SignUpProblem};
use crate::people::{IdentifierKind, Profile, normalise};

/// Characters of a full name.
const NAME: usize = 100;

/// By what an account is to be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// By an address that is still to be shown to be theirs; in the form in which addresses are compared, so that nobody
    /// is two people by spelling.
    Address(MailAddress),
    /// By a login name.
    Login(String),
}

/// What may be given in a realm.
pub(super) fn by(rule: SelfRegistration, mail: bool) -> SignUpBy {
    match (rule, mail) {
        (SelfRegistration::Anybody, true) => SignUpBy::AddressOrLogin,
        (SelfRegistration::Anybody, false) => SignUpBy::Login,
        (SelfRegistration::WithAddress | SelfRegistration::Off, _) => SignUpBy::Address,
    }
}

/// Reads what was typed. What looks like an address is one, or nothing: else an account could bear somebody's address
/// who never heard of it.
pub(super) fn known(by: SignUpBy, typed: &str) -> Result<Known, SignUpProblem> {
    let wrong = match by {
        SignUpBy::Address | SignUpBy::AddressOrLogin => SignUpProblem::Address,
        SignUpBy::Login => SignUpProblem::Login,
    };
    let login = normalise(IdentifierKind::Login, typed).map_err(|_| wrong)?;
    if login.contains('@') {
        if by == SignUpBy::Login {
            return Err(SignUpProblem::Unconfirmable);
        }
        let normal = normalise(IdentifierKind::Email, &login).map_err(|_| SignUpProblem::Address)?;
        let address = MailAddress::parse(&normal).map_err(|_| SignUpProblem::Address)?;
        return Ok(Known::Address(address));
    }
    match by {
        SignUpBy::Address => Err(SignUpProblem::Address),
        SignUpBy::Login | SignUpBy::AddressOrLogin => Ok(Known::Login(login)),
    }
}

/// A full name, if one was given.
pub(super) fn full_name(typed: &str) -> Result<Option<String>, SignUpProblem> {
    let name = typed.trim();
    if name.chars().count() > NAME || name.chars().any(char::is_control) {
        return Err(SignUpProblem::Name);
    }
    Ok((!name.is_empty()).then(|| name.to_owned()))
}

impl Known {
    /// The login name.
    pub(super) fn login(&self) -> &str {
        match self {
            Self::Address(address) => address.as_str(),
            Self::Login(login) => login,
        }
    }

    /// What will be known about the person.
    pub(super) fn profile(&self, name: Option<String>) -> Profile {
        let email = match self {
            Self::Address(address) => Some(address.as_str().to_owned()),
            Self::Login(_) => None,
        };
        Profile {
            login: self.login().to_owned(),
            name,
            email_verified: email.is_some(),
            email,
            ..Profile::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_an_address_is_one_or_nothing() {
        let address = |text: &str| Known::Address(MailAddress::parse(text).unwrap());
        for (by, typed, read) in [
            (
                SignUpBy::Address,
                "Ｈana＠Example.jp",
                Ok(address("hana@example.jp")),
            ),
            (SignUpBy::Address, "hanako", Err(SignUpProblem::Address)),
            (SignUpBy::Address, "", Err(SignUpProblem::Address)),
            (SignUpBy::Address, "a@b", Err(SignUpProblem::Address)),
            (SignUpBy::AddressOrLogin, "a@b", Err(SignUpProblem::Address)),
            (
                SignUpBy::AddressOrLogin,
                "h@example.jp",
                Ok(address("h@example.jp")),
            ),
            (
                SignUpBy::AddressOrLogin,
                "ＨＡＮＡ",
                Ok(Known::Login("hana".to_owned())),
            ),
            (SignUpBy::Login, "h@example.jp", Err(SignUpProblem::Unconfirmable)),
            (SignUpBy::Login, "花子", Ok(Known::Login("花子".to_owned()))),
            (SignUpBy::Login, "a b", Err(SignUpProblem::Login)),
        ] {
            assert_eq!(known(by, typed), read, "{by:?} {typed}");
        }
    }

    #[test]
    fn an_account_has_an_address_only_if_it_is_known_by_it() {
        let by_login = Known::Login("hana".to_owned()).profile(full_name("  佐藤 節子 ").unwrap());
        assert_eq!((by_login.email, by_login.email_verified), (None, false));
        assert_eq!(by_login.name.as_deref(), Some("佐藤 節子"));
        assert_eq!(full_name(" "), Ok(None));
        for wrong in ["a\u{7}b".to_owned(), "あ".repeat(101)] {
            assert_eq!(full_name(&wrong), Err(SignUpProblem::Name));
        }
    }
}
