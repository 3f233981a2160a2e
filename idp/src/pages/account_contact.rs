//! How the reader wants to be reached, and about what.

use super::account::Section;
use super::{Form, Frame, Texts, links, page};
use crate::contact::{Channel, Topic};

/// The page of how one wants to be reached.
#[derive(Debug, Clone, Copy)]
pub struct ContactPage<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Posts a field for each [`Tick`] that is set.
    pub change: Form<'a>,
    /// The topics, each with its channels.
    pub topics: &'a [TopicLine],
    /// Whether something was just kept.
    pub kept: bool,
}

/// A topic with its channels.
#[derive(Debug, Clone, Copy)]
pub struct TopicLine {
    /// What it is about.
    pub topic: Topic,
    /// For each channel whether it may be used.
    pub ticks: [Tick; 5],
}

/// Whether a channel may be used for a topic.
#[derive(Debug, Clone, Copy)]
pub struct Tick {
    /// About what.
    pub topic: Topic,
    /// Which channel.
    pub channel: Channel,
    /// Whether it may be used.
    pub allowed: bool,
}

impl TopicLine {
    fn name(&self) -> &'static str {
        self.topic.as_str()
    }

    fn words(&self, texts: &Texts) -> Result<String, askama::Error> {
        match self.topic {
            Topic::Service => texts.say("topic-service"),
            Topic::Family => texts.say("topic-family"),
            Topic::Health => texts.say("topic-health"),
            Topic::Survey => texts.say("topic-survey"),
            Topic::Research => texts.say("topic-research"),
            Topic::Marketing => texts.say("topic-marketing"),
        }
    }

    fn hint(&self, texts: &Texts) -> Result<String, askama::Error> {
        match self.topic {
            Topic::Service => texts.say("topic-service-what"),
            Topic::Family => texts.say("topic-family-what"),
            Topic::Health => texts.say("topic-health-what"),
            Topic::Survey => texts.say("topic-survey-what"),
            Topic::Research => texts.say("topic-research-what"),
            Topic::Marketing => texts.say("topic-marketing-what"),
        }
    }
}

impl Tick {
    /// The name of its field.
    pub fn name(self) -> String {
        format!("{}-{}", self.topic.as_str(), self.channel.as_str())
    }

    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self.channel {
            Channel::Email => texts.say("channel-email"),
            Channel::Sms => texts.say("channel-sms"),
            Channel::Telephone => texts.say("channel-telephone"),
            Channel::Fax => texts.say("channel-fax"),
            Channel::Post => texts.say("channel-post"),
        }
    }
}

page!(ContactPage, "account_contact.html");
