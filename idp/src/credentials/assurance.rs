//! How much a sign-in is worth: from the methods that were used (`amr`, RFC 8176) to an authentication context class
//! (`acr`), and from the classes that a client asks for to what must still be shown.
//!
//! | class | means |
//! |---|---|
//! | `urn:musubi:acr:single` | one factor, such as a password |
//! | `urn:musubi:acr:multi` | two different factors |
//! | `phr` | resistant to phishing: a passkey whose holder was verified (OpenID Connect EAP ACR Values 1.0 §3) |
//! | `phrh` | the same with a key that hardware is known to protect (§3) |
//!
//! Each class includes those above it in this table. A class of nobody here is never met.

/// The methods of RFC 8176 §2 that this hub knows, and `pop` for a key of which nobody knows where it is kept.
pub mod method {
    /// A password.
    pub const PASSWORD: &str = "pwd";
    /// A one-time code, by an app or from a list.
    pub const ONE_TIME: &str = "otp";
    /// A key that hardware is known to protect.
    pub const HARDWARE_KEY: &str = "hwk";
    /// A key that is copied between devices by software.
    pub const SOFTWARE_KEY: &str = "swk";
    /// A key of which it is not known what protects it.
    pub const KEY: &str = "pop";
    /// Somebody was there.
    pub const PRESENCE: &str = "user";
    /// More than one factor.
    pub const SEVERAL: &str = "mfa";
}

/// How much a sign-in is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// One factor.
    Single,
    /// Two different factors.
    Multi,
    /// A passkey whose holder was verified.
    PhishingResistant,
    /// One that hardware is known to protect.
    PhishingResistantHardware,
}

impl Level {
    /// Every level, the least first.
    pub const ALL: [Self; 4] = [
        Self::Single,
        Self::Multi,
        Self::PhishingResistant,
        Self::PhishingResistantHardware,
    ];

    /// The class on the wire.
    pub const fn acr(self) -> &'static str {
        match self {
            Self::Single => "urn:musubi:acr:single",
            Self::Multi => "urn:musubi:acr:multi",
            Self::PhishingResistant => "phr",
            Self::PhishingResistantHardware => "phrh",
        }
    }

    /// The level of a class; `None` for a class of nobody here.
    pub fn of_acr(acr: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.acr() == acr)
    }

    /// What a sign-in by these methods (`amr`, separated by spaces) is worth.
    pub fn of_methods(amr: &str) -> Self {
        let has = |method: &str| amr.split(' ').any(|one| one == method);
        let several = has(method::SEVERAL);
        if several && has(method::HARDWARE_KEY) {
            Self::PhishingResistantHardware
        } else if several && (has(method::SOFTWARE_KEY) || has(method::KEY)) {
            Self::PhishingResistant
        } else if several {
            Self::Multi
        } else {
            Self::Single
        }
    }
}

/// Adds methods to those of a sign-in: each once, and `mfa` last as soon as there are two factors.
pub fn with_methods(before: &str, more: &[&str]) -> String {
    let mut all: Vec<&str> = before.split(' ').filter(|method| !method.is_empty()).collect();
    for method in more {
        if !all.contains(method) {
            all.push(method);
        }
    }
    let kinds = [
        all.contains(&method::PASSWORD),
        all.contains(&method::ONE_TIME),
        all.iter()
            .any(|one| [method::HARDWARE_KEY, method::SOFTWARE_KEY, method::KEY].contains(one)),
    ];
    let several = all.contains(&method::SEVERAL) || kinds.iter().filter(|there| **there).count() > 1;
    all.retain(|one| *one != method::SEVERAL);
    if several {
        all.push(method::SEVERAL);
    }
    all.join(" ")
}

/// What a client asks of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// Classes, the one that it likes best first (`acr_values`, or the values of the `acr` claim).
    pub classes: &'a [String],
    /// Whether it takes nothing else (an essential `acr` claim, OpenID Connect Core 1.0 §5.5.1.1).
    pub essential: bool,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The sign-in is worth enough, or as much as it can be.
    Enough,
    /// The person can show more: at least this.
    More(Level),
    /// They cannot, and the client takes nothing less.
    Impossible,
}

impl Asked<'_> {
    /// Judges a sign-in that is worth `held`, of a person whose credentials reach up to `reachable`.
    pub fn judge(&self, held: Level, reachable: Level) -> Verdict {
        if self.classes.is_empty() {
            return Verdict::Enough;
        }
        let known = || self.classes.iter().filter_map(|class| Level::of_acr(class));
        if known().any(|level| level <= held) {
            return Verdict::Enough;
        }
        match known().filter(|level| *level <= reachable).min() {
            Some(level) => Verdict::More(level),
            None if self.essential => Verdict::Impossible,
            None => Verdict::Enough,
        }
    }

    /// The class to name for a sign-in that is worth `held`: of those asked for the first that it meets, else its own.
    pub fn answer(&self, held: Level) -> &'static str {
        self.classes
            .iter()
            .filter_map(|class| Level::of_acr(class))
            .find(|level| *level <= held)
            .unwrap_or(held)
            .acr()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn classes(classes: &[&str]) -> Vec<String> {
        classes.iter().map(|class| (*class).to_owned()).collect()
    }

    #[test]
    fn a_sign_in_is_worth_what_its_methods_are() {
        for (amr, level) in [
            ("pwd", Level::Single),
            ("otp", Level::Single),
            ("pop user", Level::Single),
            ("", Level::Single),
            ("pwd otp mfa", Level::Multi),
            ("pop user mfa", Level::PhishingResistant),
            ("pwd swk user mfa", Level::PhishingResistant),
            ("hwk user mfa", Level::PhishingResistantHardware),
            ("xhwk mfax", Level::Single),
        ] {
            assert_eq!(Level::of_methods(amr), level, "{amr}");
        }
    }

    #[test]
    fn the_same_factor_twice_is_one_factor() {
        assert_eq!(with_methods("pwd", &["pwd"]), "pwd");
        assert_eq!(with_methods("pwd", &["otp"]), "pwd otp mfa");
        assert_eq!(with_methods("pwd otp mfa", &["otp"]), "pwd otp mfa");
        assert_eq!(with_methods("pop", &["swk"]), "pop swk");
        assert_eq!(with_methods("", &["pop", "user", "mfa"]), "pop user mfa");
        assert_eq!(
            with_methods("pwd otp mfa", &["hwk", "user"]),
            "pwd otp hwk user mfa"
        );
    }

    #[test]
    fn the_person_is_asked_for_the_least_that_is_enough_and_only_if_they_can() {
        let asked = |wanted: &[&str], essential, held, reachable| {
            let classes = classes(wanted);
            let asked = Asked {
                classes: &classes,
                essential,
            };
            asked.judge(held, reachable)
        };
        let multi = "urn:musubi:acr:multi";
        assert_eq!(asked(&[], true, Level::Single, Level::Single), Verdict::Enough);
        assert_eq!(
            asked(&["phr", multi], true, Level::Multi, Level::Multi),
            Verdict::Enough
        );
        assert_eq!(
            asked(&["phr", multi], false, Level::Single, Level::PhishingResistant),
            Verdict::More(Level::Multi)
        );
        assert_eq!(
            asked(&["phr"], false, Level::Multi, Level::PhishingResistant),
            Verdict::More(Level::PhishingResistant)
        );
        assert_eq!(
            asked(&["phr"], false, Level::Single, Level::Multi),
            Verdict::Enough
        );
        assert_eq!(
            asked(&["phr"], true, Level::Single, Level::Multi),
            Verdict::Impossible
        );
        let unknown = ["urn:mace:incommon:iap:silver"];
        assert_eq!(
            asked(
                &unknown,
                true,
                Level::PhishingResistantHardware,
                Level::PhishingResistantHardware
            ),
            Verdict::Impossible
        );
        assert_eq!(
            asked(&unknown, false, Level::Single, Level::Single),
            Verdict::Enough
        );
    }

    proptest! {
        #[test]
        fn an_essential_class_is_never_answered_by_a_lesser_sign_in(
            wanted in proptest::collection::vec(0usize..4, 1..4), held in 0usize..4, reachable in 0usize..4,
        ) {
            let level = |at: usize| Level::ALL[at];
            let classes: Vec<String> = wanted.iter().map(|at| level(*at).acr().to_owned()).collect();
            let asked = Asked { classes: &classes, essential: true };
            match asked.judge(level(held), level(reachable)) {
                Verdict::Enough => {
                    let named = asked.answer(level(held));
                    prop_assert!(classes.iter().any(|class| class == named));
                    prop_assert!(Level::of_acr(named).unwrap() <= level(held));
                }
                Verdict::More(more) => {
                    prop_assert!(more > level(held) && more <= level(reachable));
                    prop_assert!(classes.iter().any(|class| class == more.acr()));
                }
                Verdict::Impossible => prop_assert!(wanted.iter().all(|at| *at > held && *at > reachable)),
            }
        }
    }
}
