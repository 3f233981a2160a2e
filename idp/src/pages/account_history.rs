//! What was changed about a person, when, and by whom.

use super::account::Section;
use super::account_details::{label, value_words};
use super::{Frame, Moment, Texts, links, page};
use crate::people::{Field, Via};

/// A page of the history of somebody's details.
#[derive(Debug, Clone, Copy)]
pub struct DetailsHistory<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// The changes, newest first.
    pub changes: &'a [ChangeLine<'a>],
    /// Local address of the changes before these, if there are any.
    pub older: Option<&'a str>,
}

/// A change.
#[derive(Debug, Clone, Copy)]
pub struct ChangeLine<'a> {
    /// When.
    pub at: Moment,
    /// Which field.
    pub field: Field,
    /// The value before.
    pub before: Option<&'a str>,
    /// The value after.
    pub after: Option<&'a str>,
    /// In which part.
    pub via: Via,
    /// The name of who did it, if it was somebody else who is known.
    pub by: Option<&'a str>,
}

impl ChangeLine<'_> {
    fn label(&self, texts: &Texts) -> Result<String, askama::Error> {
        label(self.field, texts)
    }

    fn words(&self, value: Option<&str>, texts: &Texts) -> Result<String, askama::Error> {
        match value {
            Some(value) => value_words(self.field, value, texts),
            None => texts.say("value-none"),
        }
    }

    fn was(&self, texts: &Texts) -> Result<String, askama::Error> {
        self.words(self.before, texts)
    }

    fn is(&self, texts: &Texts) -> Result<String, askama::Error> {
        self.words(self.after, texts)
    }

    fn who(&self, texts: &Texts) -> Result<String, askama::Error> {
        if let Some(name) = self.by {
            return Ok(name.to_owned());
        }
        match self.via {
            Via::Person => texts.say("history-by-you"),
            Via::Family => texts.say("history-by-family"),
            Via::Administrator => texts.say("history-by-administrator"),
            Via::Command => texts.say("history-by-command"),
        }
    }
}

page!(DetailsHistory, "account_history.html");
