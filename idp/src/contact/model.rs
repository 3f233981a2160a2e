//! Channels, topics, and what cannot be refused.

/// A way to reach somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Mail.
    Email,
    /// Short messages.
    Sms,
    /// A call.
    Telephone,
    /// Fax.
    Fax,
    /// Letters on paper.
    Post,
}

/// What somebody may be reached about, if they want to be. Everything here can be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Appointments, reminders, bills: what belongs to services that they use.
    Service,
    /// Alerts about people of their family who named them for that.
    Family,
    /// Advice on their health, screening.
    Health,
    /// Surveys.
    Survey,
    /// Research.
    Research,
    /// Advertising.
    Marketing,
}

/// What somebody is told whether they want it or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Something happened to their account.
    Security,
    /// They asked for it a moment ago, as for a code.
    Asked,
}

/// That something may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a permit is for sending something"]
pub struct Permit(Option<Topic>);

impl Channel {
    /// All of them, in the order in which pages show them.
    pub const ALL: [Self; 5] = [Self::Email, Self::Sms, Self::Telephone, Self::Fax, Self::Post];

    /// The word in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Telephone => "telephone",
            Self::Fax => "fax",
            Self::Post => "post",
        }
    }

    /// The channel of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == word)
    }
}

impl Topic {
    /// All of them, in the order in which pages show them.
    pub const ALL: [Self; 6] = [
        Self::Service,
        Self::Family,
        Self::Health,
        Self::Survey,
        Self::Research,
        Self::Marketing,
    ];

    /// The word in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Family => "family",
            Self::Health => "health",
            Self::Survey => "survey",
            Self::Research => "research",
            Self::Marketing => "marketing",
        }
    }

    /// The topic of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == word)
    }

    /// Whether somebody who has said nothing may be reached about it. In Japan as elsewhere, advertising by mail needs
    /// that they asked for it (Act on Regulation of Transmission of Specified Electronic Mail, article 3).
    pub const fn by_default(self) -> bool {
        matches!(self, Self::Service | Self::Family)
    }
}

impl Permit {
    /// For what cannot be refused.
    pub fn duty(_: Duty) -> Self {
        Self(None)
    }

    /// For a topic that the person wants to hear about; only [`super::may_contact`] makes it.
    pub(super) fn wanted(topic: Topic) -> Self {
        Self(Some(topic))
    }

    /// The topic; `None` for a duty.
    pub fn topic(self) -> Option<Topic> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back_and_no_duty_is_among_the_topics() {
        for channel in Channel::ALL {
            assert_eq!(Channel::parse(channel.as_str()), Some(channel));
        }
        for topic in Topic::ALL {
            assert_eq!(Topic::parse(topic.as_str()), Some(topic));
        }
        for word in ["security", "asked", "", "SERVICE"] {
            assert_eq!(Topic::parse(word), None, "{word}");
        }
    }

    #[test]
    fn what_is_not_for_the_persons_own_care_needs_their_word() {
        let asked: Vec<Topic> = Topic::ALL
            .into_iter()
            .filter(|topic| !topic.by_default())
            .collect();
        assert_eq!(
            asked,
            [Topic::Health, Topic::Survey, Topic::Research, Topic::Marketing]
        );
    }
}
