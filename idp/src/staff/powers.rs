//! What may be delegated: powers over an organisation's own administration, never over anybody's health data.

/// Declares the powers: bit, word.
macro_rules! powers {
    ($($(#[$note:meta])* $variant:ident = $bit:literal, $word:literal;)+) => {
        /// One power over an organisation and what is below it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Power {
            $($(#[$note])* $variant),+
        }

        impl Power {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its word.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            const fn bit(self) -> u32 {
                match self {
                    $(Self::$variant => 1 << $bit),+
                }
            }

            /// From its word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }
        }
    };
}

powers! {
    /// See organisations.
    OrganisationsRead = 0, "organisations.read";
    /// Make, change, move and end organisations below.
    OrganisationsWrite = 1, "organisations.write";
    /// See staff with their affiliations, occupations and powers.
    StaffRead = 2, "staff.read";
    /// Register and invite staff, begin and end affiliations and occupations.
    StaffWrite = 3, "staff.write";
    /// Assign the numbers of blocks that were issued to the organisation.
    NumbersAssign = 4, "numbers.assign";
    /// See attendance.
    AttendanceRead = 5, "attendance.read";
    /// Correct attendance.
    AttendanceWrite = 6, "attendance.write";
    /// See appointments.
    AppointmentsRead = 7, "appointments.read";
    /// Make and cancel appointments.
    AppointmentsWrite = 8, "appointments.write";
    /// See what staff did for end users.
    ResponsesRead = 9, "responses.read";
    /// Write down what staff did for end users.
    ResponsesWrite = 10, "responses.write";
}

/// A set of powers. Who may write may read: the set is closed under that.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Powers(u32);

/// A word that is no power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a power over an organisation")]
pub struct UnknownPower;

const IMPLIED: &[(Power, Power)] = &[
    (Power::OrganisationsWrite, Power::OrganisationsRead),
    (Power::StaffWrite, Power::StaffRead),
    (Power::AttendanceWrite, Power::AttendanceRead),
    (Power::AppointmentsWrite, Power::AppointmentsRead),
    (Power::ResponsesWrite, Power::ResponsesRead),
];

impl Powers {
    /// None.
    pub const NONE: Self = Self(0);

    /// All there are.
    pub fn all() -> Self {
        Power::ALL.iter().copied().collect()
    }

    /// From words; one that is unknown spoils all.
    pub fn parse<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<Self, UnknownPower> {
        words
            .into_iter()
            .map(|word| Power::parse(word).ok_or(UnknownPower))
            .collect()
    }

    /// Whether `power` is in it.
    pub const fn has(self, power: Power) -> bool {
        self.0 & power.bit() != 0
    }

    /// Whether all of `other` are in it.
    pub const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Those in both.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those in either.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Their words, in one fixed order.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        Power::ALL
            .iter()
            .filter(move |power| self.has(**power))
            .map(|power| power.word())
    }
}

impl FromIterator<Power> for Powers {
    fn from_iter<I: IntoIterator<Item = Power>>(powers: I) -> Self {
        let bits = powers.into_iter().fold(0, |bits, power| bits | power.bit());
        let closed = IMPLIED
            .iter()
            .filter(|(wider, _)| bits & wider.bit() != 0)
            .fold(bits, |bits, (_, implied)| bits | implied.bit());
        Self(closed)
    }
}

impl std::fmt::Display for Powers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, word) in self.words().enumerate() {
            if index > 0 {
                formatter.write_str(" ")?;
            }
            formatter.write_str(word)?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Powers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Powers({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_write_may_read_and_every_word_is_read_back() {
        for (wider, implied) in IMPLIED {
            assert!(Powers::from_iter([*wider]).has(*implied), "{wider:?}");
        }
        assert_eq!(
            Powers::parse(Powers::all().to_string().split(' ')),
            Ok(Powers::all())
        );
        assert_eq!(Powers::all().words().count(), Power::ALL.len());
    }

    #[test]
    fn an_unknown_word_spoils_the_whole_set() {
        assert_eq!(Powers::parse(["staff.read", "records.read"]), Err(UnknownPower));
        assert_eq!(Powers::parse([""]), Err(UnknownPower));
    }
}
