//! The words in which access is spoken of. They are stable: consents, tokens, log rows and the API carry them. A set of
//! them is a number in the database, one bit a word; a bit keeps its meaning for good.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! words {
    (
        $(#[$one_doc:meta])* $one:ident, $(#[$set_doc:meta])* $set:ident {
            $($(#[$doc:meta])* $variant:ident = $bit:literal $word:literal),+ $(,)?
        }
    ) => {
        $(#[$one_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $one {
            $($(#[$doc])* #[serde(rename = $word)] $variant),+
        }

        impl $one {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// From that word.
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }

            const fn bit(self) -> u32 {
                match self {
                    $(Self::$variant => 1 << $bit),+
                }
            }
        }

        $(#[$set_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub struct $set(u32);

        impl $set {
            /// None of them.
            pub const NONE: Self = Self(0);
            /// Every one.
            pub const ALL: Self = Self($(1 << $bit)|+);

            /// Those in a list.
            pub const fn of(list: &[$one]) -> Self {
                let (mut bits, mut rest) = (0, list);
                while let [first, others @ ..] = rest {
                    bits |= first.bit();
                    rest = others;
                }
                Self(bits)
            }

            /// Whether one is in it.
            pub const fn has(self, one: $one) -> bool {
                self.0 & one.bit() != 0
            }

            /// Whether nothing is in it.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// Whether everything of the other is in it.
            pub const fn covers(self, other: Self) -> bool {
                other.0 & !self.0 == 0
            }

            /// What is in both.
            pub const fn both(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// What is in either.
            pub const fn with(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// What is in it and not in the other.
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// One by one.
            pub fn iter(self) -> impl Iterator<Item = $one> {
                $one::ALL.iter().copied().filter(move |one| self.has(*one))
            }

            /// As the database keeps it.
            pub fn bits(self) -> i64 {
                i64::from(self.0)
            }

            /// From what the database keeps; a bit without a meaning here makes it unreadable.
            pub fn from_bits(bits: i64) -> Option<Self> {
                let set = Self(u32::try_from(bits).ok()?);
                Self::ALL.covers(set).then_some(set)
            }
        }

        impl FromIterator<$one> for $set {
            fn from_iter<I: IntoIterator<Item = $one>>(all: I) -> Self {
                Self(all.into_iter().fold(0, |bits, one| bits | one.bit()))
            }
        }

        impl Serialize for $set {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.iter())
            }
        }

        impl<'de> Deserialize<'de> for $set {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let list = Vec::<$one>::deserialize(deserializer)?;
                let set: Self = list.iter().copied().collect();
                if set.iter().count() == list.len() {
                    Ok(set)
                } else {
                    Err(D::Error::custom("a word stands there twice"))
                }
            }
        }
    };
}

words! {
    /// A kind of data about a person: the thirteen of requirement H6, and what belongs to none of them.
    Kind,
    /// Kinds of data.
    Kinds {
        /// Prescriptions and medicines (H6.1).
        Prescriptions = 0 "prescriptions",
        /// Temperature, blood pressure, pulse, blood sugar, weight and other measures of the body (H6.2).
        Vitals = 1 "vitals",
        /// Meals (H6.3).
        Meals = 2 "meals",
        /// Exercise (H6.4).
        Exercise = 3 "exercise",
        /// Purchases (H6.5).
        Purchases = 4 "purchases",
        /// Points (H6.6).
        Points = 5 "points",
        /// Medical costs (H6.7).
        MedicalCosts = 6 "medical_costs",
        /// Sleep, and how everyday life is managed (H6.8).
        DailyLife = 7 "daily_life",
        /// Conditions and illnesses (H6.9).
        Conditions = 8 "conditions",
        /// Number, sex, age, services used (H6.10).
        Identity = 9 "identity",
        /// Bills (H6.11).
        Billing = 10 "billing",
        /// What the person wrote for others (H6.12).
        Posts = 11 "posts",
        /// What staff wrote about the person (H6.13).
        Reports = 12 "reports",
        /// Where the person was (H7).
        Location = 13 "location",
        /// Papers and images.
        Documents = 14 "documents",
        /// Sensors of the home (H10.2).
        Sensors = 15 "sensors",
        /// Check-ups and tests.
        Examinations = 16 "examinations",
        /// The calendar (S11).
        Schedule = 17 "schedule",
    }
}

words! {
    /// What is done with data.
    Action,
    /// Things that are done with data.
    Actions {
        /// To see it.
        Read = 0 "read",
        /// To find it, or to count it.
        Search = 1 "search",
        /// To add to it.
        Create = 2 "create",
        /// To correct it.
        Update = 3 "update",
        /// To remove it.
        Delete = 4 "delete",
        /// To take it elsewhere.
        Export = 5 "export",
    }
}

words! {
    /// What data is used for.
    Purpose,
    /// Purposes.
    Purposes {
        /// The person's own use.
        Own = 0 "own",
        /// Treatment and care.
        Care = 1 "care",
        /// To prevent harm when there is no time to ask.
        Emergency = 2 "emergency",
        /// To support somebody of the family, or a friend.
        Family = 3 "family",
        /// Advice on how to live.
        Wellness = 4 "wellness",
        /// The health of the public.
        PublicHealth = 5 "public_health",
        /// Medical research.
        Research = 6 "research",
        /// Offers and sales.
        Commercial = 7 "commercial",
        /// Bills and payment.
        Payment = 8 "payment",
    }
}

impl Purpose {
    /// The code of the HL7 v3 ActReason code system (PurposeOfUse), where it has one.
    pub const fn hl7(self) -> Option<&'static str> {
        match self {
            Self::Own => Some("PATRQT"),
            Self::Care => Some("TREAT"),
            Self::Emergency => Some("ETREAT"),
            Self::Family => Some("FAMRQT"),
            Self::Wellness => None,
            Self::PublicHealth => Some("PUBHLTH"),
            Self::Research => Some("HRESCH"),
            Self::Commercial => Some("HMARKT"),
            Self::Payment => Some("HPAYMT"),
        }
    }
}

/// How deep a view goes; each depth has those before it in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// Sums and averages over longer times.
    Aggregate,
    /// Sums of days.
    Daily,
    /// Each value.
    Values,
    /// Each value with notes, images and places.
    Everything,
}

impl Depth {
    /// From the shallowest to the deepest.
    pub const ALL: &[Self] = &[Self::Aggregate, Self::Daily, Self::Values, Self::Everything];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aggregate => "aggregate",
            Self::Daily => "daily",
            Self::Values => "values",
            Self::Everything => "everything",
        }
    }

    /// From that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|depth| depth.as_str() == word)
    }

    /// 1 to 4, as the database keeps it.
    pub const fn level(self) -> i32 {
        match self {
            Self::Aggregate => 1,
            Self::Daily => 2,
            Self::Values => 3,
            Self::Everything => 4,
        }
    }

    /// From 1 to 4.
    pub fn from_level(level: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|depth| depth.level() == level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_a_bit_of_its_own_and_comes_back_from_it() {
        let bits: u32 = Kind::ALL.iter().map(|kind| kind.bit()).sum();
        assert_eq!(i64::from(bits), Kinds::ALL.bits());
        let bits: u32 = Action::ALL.iter().map(|action| action.bit()).sum();
        assert_eq!(i64::from(bits), Actions::ALL.bits());
        let bits: u32 = Purpose::ALL.iter().map(|purpose| purpose.bit()).sum();
        assert_eq!(i64::from(bits), Purposes::ALL.bits());
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(*kind));
            let alone = Kinds::of(&[*kind]);
            assert_eq!(Kinds::from_bits(alone.bits()), Some(alone));
        }
        for depth in Depth::ALL {
            assert_eq!(Depth::parse(depth.as_str()), Some(*depth));
            assert_eq!(Depth::from_level(depth.level()), Some(*depth));
        }
    }

    #[test]
    fn a_bit_that_nobody_knows_makes_a_set_unreadable() {
        for bits in [1 << 18, -1, i64::MAX] {
            assert_eq!(Kinds::from_bits(bits), None);
        }
        assert_eq!(Actions::from_bits(1 << 6), None);
        assert_eq!(Purposes::from_bits(1 << 9), None);
    }

    #[test]
    fn a_list_with_an_unknown_or_a_doubled_word_is_no_set() {
        let read = |text| serde_json::from_str::<Kinds>(text).ok();
        assert_eq!(
            read(r#"["vitals","meals"]"#),
            Some(Kinds::of(&[Kind::Meals, Kind::Vitals]))
        );
        for text in [r#"["vitals","vitals"]"#, r#"["genome"]"#, r#""vitals""#, "2"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
