//! How a person proves themselves: the list of their factors.

use super::account::Section;
use super::{Form, Frame, Moment, RenderError, Texts, links, page};

/// The page of a person's factors.
#[derive(Debug, Clone, Copy)]
pub struct Security<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Said once at the top after something was done.
    pub notice: Option<SecurityNotice>,
    /// Their factors, recovery codes not among them.
    pub factors: &'a [FactorDetails<'a>],
    /// Removes one. Posts its id as the field `factor`.
    pub remove: Form<'a>,
    /// Renames one. Posts its id as the field `factor`, and the field `name`.
    pub rename: Form<'a>,
    /// Local address at which an app is set up.
    pub add_app_url: &'a str,
    /// Adds a passkey: posts the fields `name`, `ceremony` and `credential`, the last two filled in by a script. `None`
    /// where no browser has passkeys, as on an address that is no name.
    pub add_passkey: Option<Form<'a>>,
    /// How many recovery codes are left; `None` if there were never any, or nothing for them to stand in for.
    pub codes_left: Option<u64>,
    /// Makes new recovery codes.
    pub make_codes: Form<'a>,
    /// The realm asks for a second factor.
    pub required: bool,
}

/// Something that was just done, or could not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecurityNotice {
    /// A factor was added.
    Added,
    /// A factor was removed.
    Removed,
    /// A factor has another name.
    Renamed,
    /// The passkey was not taken.
    Refused,
    /// The last passkey of somebody without a password stays.
    Last,
}

/// A factor, as its owner sees it.
#[derive(Debug, Clone, Copy)]
pub struct FactorDetails<'a> {
    /// Posted back.
    pub id: &'a str,
    /// What the person calls it; empty if they call it nothing.
    pub name: &'a str,
    /// Whether it is a passkey; an app otherwise.
    pub passkey: bool,
    /// When it was added.
    pub added_at: Moment,
    /// When it was used last.
    pub used_at: Option<Moment>,
}

impl Security<'_> {
    fn left(&self, texts: &Texts) -> Result<Option<String>, askama::Error> {
        let words = |left| texts.count("security-codes-left", "left", left);
        self.codes_left.map(words).transpose()
    }
}

impl SecurityNotice {
    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Added => texts.say("security-added"),
            Self::Removed => texts.say("security-removed"),
            Self::Renamed => texts.say("security-renamed"),
            Self::Refused => texts.say("passkey-wrong-what"),
            Self::Last => texts.say("security-last"),
        }
    }

    fn is_problem(self) -> bool {
        matches!(self, Self::Refused | Self::Last)
    }
}

/// What a factor is, in the reader's words.
pub fn factor_kind(texts: &Texts, passkey: bool) -> Result<String, RenderError> {
    Ok(if passkey {
        texts.say("factor-passkey")?
    } else {
        texts.say("factor-totp")?
    })
}

impl FactorDetails<'_> {
    fn kind(&self, texts: &Texts) -> Result<String, askama::Error> {
        if self.passkey {
            texts.say("factor-passkey")
        } else {
            texts.say("factor-totp")
        }
    }

    fn title(&self, texts: &Texts) -> Result<String, askama::Error> {
        if self.name.is_empty() {
            self.kind(texts)
        } else {
            Ok(self.name.to_owned())
        }
    }
}

page!(Security, "security.html");
