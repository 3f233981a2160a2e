//! The words for kinds of organisations and for occupations: stable, since the API, consents and log rows carry them.

/// Declares an enum whose values have one stable word each.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$note:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$note])* $variant),+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// From the word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }
        }
    };
}

words! {
    /// What an organisation is (requirement H3.1).
    OrganisationKind {
        /// Runs services for end users, and holds blocks of their numbers.
        ServiceOperator = "service_operator",
        /// A hospital.
        Hospital = "hospital",
        /// A doctor's practice.
        Clinic = "clinic",
        /// A pharmacy.
        Pharmacy = "pharmacy",
        /// Care at home or in a home.
        CareProvider = "care_provider",
        /// A gym.
        Gym = "gym",
        /// A town, a ward, a prefecture.
        Municipality = "municipality",
        /// A company.
        Company = "company",
        /// An insurer of health.
        Insurer = "insurer",
        /// A school or university.
        School = "school",
        /// A part of another organisation.
        Department = "department",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// How staff and somebody for whom they are there meet (FHIR's word; requirement H3.3).
    EncounterKind {
        /// At their home.
        Visit = "visit",
        /// By telephone.
        Telephone = "telephone",
        /// By video.
        Video = "video",
        /// In writing.
        Message = "message",
        /// At the counter.
        Reception = "reception",
        /// Advice on health or life.
        Guidance = "guidance",
        /// Treatment or care.
        Care = "care",
        /// In an emergency.
        Emergency = "emergency",
        /// Passed on to somebody else.
        Referral = "referral",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// What somebody does (職種).
    OccupationCode {
        /// 医師
        Physician = "physician",
        /// 歯科医師
        Dentist = "dentist",
        /// 薬剤師
        Pharmacist = "pharmacist",
        /// 保健師
        PublicHealthNurse = "public_health_nurse",
        /// 助産師
        Midwife = "midwife",
        /// 看護師
        Nurse = "nurse",
        /// 理学療法士
        PhysicalTherapist = "physical_therapist",
        /// 作業療法士
        OccupationalTherapist = "occupational_therapist",
        /// 言語聴覚士
        SpeechTherapist = "speech_therapist",
        /// 管理栄養士
        Dietitian = "dietitian",
        /// 介護福祉士
        CareWorker = "care_worker",
        /// 介護支援専門員
        CareManager = "care_manager",
        /// 社会福祉士
        SocialWorker = "social_worker",
        /// トレーナー
        Trainer = "trainer",
        /// 事務
        Clerk = "clerk",
        /// その他
        Other = "other",
    }
}

impl OccupationCode {
    /// Whether the law asks for a licence: an occupation of this code needs a number.
    pub const fn is_licensed(self) -> bool {
        !matches!(self, Self::Trainer | Self::Clerk | Self::Other)
    }
}
