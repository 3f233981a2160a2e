//! Which passwords are taken (NIST SP 800-63B-4 §3.1.1.2: length and blocklists, no composition rules): the one place
//! that says so, wherever a password is set.
//!
//! A password must have a length, must not be one that is known from breaches ([`super::breached`]), and must cost an
//! attacker who knows the person and the words of this country more guesses than anybody is let make.

use platform::config;
use secrecy::{ExposeSecret as _, SecretString};
use zxcvbn::Score;
use zxcvbn::feedback::Warning;

use super::breached::Breached;
use crate::people::Profile;

/// The fewest characters that a setting may ask for.
const FLOOR: u32 = 8;
/// The greatest number of characters.
pub const MAX_LENGTH: u32 = 128;
/// The guesses that a password must withstand: 10⁸, which is what zxcvbn calls "safely unguessable".
const ENOUGH: Score = Score::Three;

/// Letters and digits that must be left of a password without the person's own words.
const LEFT: usize = 6;

/// Words, names and phrases that people in Japan choose, in Latin letters and in kana.
const JAPANESE: &str = include_str!("japanese.txt");

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Too few characters.
    TooShort {
        /// How many it needs.
        min: u32,
    },
    /// More than [`MAX_LENGTH`] characters.
    TooLong,
    /// Contains the login name.
    ContainsLogin,
    /// It is in the file of passwords known from breaches.
    Breached,
    /// It could be guessed; why, as far as that can be said.
    Guessable(Hint),
}

/// What makes a password easy to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// It is one of those that everybody tries first, or nearly one.
    Common,
    /// Keys that lie side by side.
    Keyboard,
    /// One character or group again and again.
    Repeated,
    /// Such as abc or 6543.
    Sequence,
    /// A date or a year.
    Date,
    /// Names, or the person's own data.
    Name,
    /// A word by itself, or too few of them.
    Words,
}

/// Whose password it is going to be: what stands here is what others try first.
#[derive(Debug, Clone)]
pub struct Owner {
    login: String,
    words: Vec<String>,
}

/// Whether a password is known from breaches cannot be said now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file of passwords known from breaches cannot be read")]
pub struct PolicyUnavailable;

impl Owner {
    /// The person with this profile, in a realm of this name.
    pub fn new(profile: &Profile, realm_name: &str) -> Self {
        let known = [
            Some(profile.login.as_str()),
            profile.email.as_deref(),
            profile.name.as_deref(),
            Some(realm_name),
        ];
        let mut words = Vec::new();
        for text in known.into_iter().flatten() {
            words.push(text.to_lowercase());
            let parts = text.split(|character: char| !character.is_alphanumeric());
            words.extend(
                parts
                    .filter(|part| part.chars().count() >= 2)
                    .map(str::to_lowercase),
            );
        }
        Self {
            login: profile.login.to_lowercase(),
            words,
        }
    }
}

/// The least number of characters of a new password, of somebody who has a second factor or not (SP 800-63B-4 §3.1.1.2).
pub fn least(settings: &config::Passwords, has_second_factor: bool) -> u32 {
    let asked = if has_second_factor {
        settings.min_length_with_second_factor
    } else {
        settings.min_length
    };
    asked.clamp(FLOOR, MAX_LENGTH)
}

/// All that is wrong with a password of at least `least` characters; empty if it is taken. What takes long is done on a
/// thread that may block.
pub async fn judge(
    settings: &config::Passwords,
    password: &SecretString,
    owner: &Owner,
    least: u32,
) -> Result<Vec<Weakness>, PolicyUnavailable> {
    let breached = settings.breached_file.clone().map(Breached::at);
    let (password, owner) = (password.clone(), owner.clone());
    let judged = tokio::task::spawn_blocking(move || {
        let password = password.expose_secret();
        let mut found = weaknesses(password, &owner, least);
        let too_long = found.contains(&Weakness::TooLong);
        if let Some(breached) = breached.filter(|_| !too_long)
            && breached.contains(password)?
        {
            found.push(Weakness::Breached);
        }
        Ok(found)
    });
    let judged = judged
        .await
        .unwrap_or_else(|_| Err(std::io::Error::other("a thread ended")));
    judged.map_err(|error: std::io::Error| {
        tracing::error!(%error, "the file of passwords known from breaches cannot be read");
        PolicyUnavailable
    })
}

/// What can be said without looking anything up.
fn weaknesses(password: &str, owner: &Owner, least: u32) -> Vec<Weakness> {
    let mut found = Vec::new();
    let count = u32::try_from(password.chars().count()).unwrap_or(u32::MAX);
    if count > MAX_LENGTH {
        // Nothing that long is looked at any further.
        return vec![Weakness::TooLong];
    }
    if count < least {
        found.push(Weakness::TooShort { min: least });
    }
    let lower = password.to_lowercase();
    if owner.login.chars().count() >= 4 && lower.contains(&owner.login) {
        found.push(Weakness::ContainsLogin);
    }
    if let Some(hint) = guessable(password, owner) {
        found.push(Weakness::Guessable(hint));
    } else if is_mostly_theirs(&lower, owner) {
        found.push(Weakness::Guessable(Hint::Name));
    }
    found
}

/// Whether hardly anything is left of a password without what others know of the person. However many such words stand in
/// it, they are no secret.
fn is_mostly_theirs(lower: &str, owner: &Owner) -> bool {
    let mut words: Vec<&String> = owner
        .words
        .iter()
        .filter(|word| word.chars().count() >= 4)
        .collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let rest = words
        .iter()
        .fold(lower.to_owned(), |rest, word| rest.replace(word.as_str(), " "));
    let secret = rest
        .chars()
        .filter(|character| character.is_alphanumeric())
        .count();
    rest != lower && secret < LEFT
}

fn guessable(password: &str, owner: &Owner) -> Option<Hint> {
    let known = owner.words.iter().map(String::as_str).chain(JAPANESE.lines());
    let known: Vec<&str> = known.collect();
    let estimate = zxcvbn::zxcvbn(password, &known);
    if estimate.score() >= ENOUGH {
        return None;
    }
    let warning = estimate.feedback().and_then(zxcvbn::feedback::Feedback::warning);
    let lower = password.to_lowercase();
    let own = || {
        owner
            .words
            .iter()
            .any(|word| word.chars().count() >= 3 && lower.contains(word))
    };
    Some(match warning {
        Some(
            Warning::ThisIsATop10Password
            | Warning::ThisIsATop100Password
            | Warning::ThisIsACommonPassword
            | Warning::ThisIsSimilarToACommonlyUsedPassword,
        ) => Hint::Common,
        Some(Warning::StraightRowsOfKeysAreEasyToGuess | Warning::ShortKeyboardPatternsAreEasyToGuess) => {
            Hint::Keyboard
        }
        Some(
            Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess,
        ) => Hint::Repeated,
        Some(Warning::SequencesLikeAbcAreEasyToGuess) => Hint::Sequence,
        Some(Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess) => Hint::Date,
        Some(
            Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
            | Warning::CommonNamesAndSurnamesAreEasyToGuess,
        ) => Hint::Name,
        _ if own() => Hint::Name,
        Some(Warning::AWordByItselfIsEasyToGuess) | None => Hint::Words,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        let profile = Profile {
            login: "tarou.y".to_owned(),
            name: Some("Yamada Taro".to_owned()),
            email: Some("yamada.clinic@example.jp".to_owned()),
            ..Profile::default()
        };
        Owner::new(&profile, "Minato Kenkou Cloud")
    }

    fn of(password: &str) -> Vec<Weakness> {
        weaknesses(password, &owner(), 10)
    }

    #[test]
    fn length_and_guesses_decide_and_composition_does_not() {
        for good in [
            "staple battery horse",
            "ten quiet green turtles",
            "むかし海辺に住んでいた猫",
            "long enough phrase",
            "yNq3WbTz7L",
            "すいかと麦わら帽子と夏",
        ] {
            assert_eq!(of(good), [], "{good}");
        }
        assert_eq!(
            of("x9!Tq"),
            [Weakness::TooShort { min: 10 }, Weakness::Guessable(Hint::Words)]
        );
        assert_eq!(of(&"ab c".repeat(40)), [Weakness::TooLong]);
        assert!(of("my name is Tarou.y, and so on").contains(&Weakness::ContainsLogin));
    }

    #[test]
    fn a_password_that_is_the_only_factor_is_longer_and_no_setting_makes_it_too_short() {
        let settings = config::Passwords::default();
        assert_eq!((least(&settings, false), least(&settings, true)), (15, 10));
        let careless = config::Passwords {
            min_length: 1,
            min_length_with_second_factor: 1000,
            breached_file: None,
        };
        assert_eq!((least(&careless, false), least(&careless, true)), (8, 128));
        let fourteen = weaknesses("yNq3WbTz7L rV9", &owner(), 15);
        assert_eq!(fourteen, [Weakness::TooShort { min: 15 }]);
        assert_eq!(weaknesses("yNq3WbTz7L rV9k", &owner(), 15), []);
    }

    #[test]
    fn what_everybody_or_somebody_who_knows_the_person_tries_is_refused_with_a_hint() {
        for (password, hint) in [
            ("Password12", Hint::Common),
            ("aaaaaaaaaaaa", Hint::Repeated),
            ("abcabcabcabc", Hint::Repeated),
            ("qwertyuiop[]", Hint::Keyboard),
            ("abcdefghijkl", Hint::Sequence),
            ("Yamada1234", Hint::Name),
            ("minatokenkou1", Hint::Name),
            ("yamada.clinic", Hint::Name),
        ] {
            assert_eq!(of(password), [Weakness::Guessable(hint)], "{password}");
        }
        for japanese in [
            "sakurasakura",
            "Arigatou2024",
            "aishiteru1",
            "konnichiwa1",
            "himitsudayo",
            "ぱすわーどぱすわーど",
            "さくらさくらさくらさくら",
        ] {
            assert!(
                matches!(of(japanese).as_slice(), [Weakness::Guessable(_)]),
                "{japanese}: {:?}",
                of(japanese)
            );
        }
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_lets_no_password_through() {
        let settings = config::Passwords {
            breached_file: Some("/nowhere/at/all".into()),
            ..config::Passwords::default()
        };
        let password = SecretString::from("ten quiet green turtles");
        assert_eq!(
            judge(&settings, &password, &owner(), 15).await,
            Err(PolicyUnavailable)
        );
        let none = config::Passwords::default();
        assert_eq!(judge(&none, &password, &owner(), 15).await, Ok(Vec::new()));
    }
}
