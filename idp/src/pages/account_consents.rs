//! What one allows and forbids with one's data: the list, a new one, one with its receipt.

use super::access_words::{action, depth, kind, occupation as occupation_words, purpose, relation};
use super::account::Section;
use super::{Form, Frame, Moment, Texts, links, page};
use crate::access::{Actions, Depth, Kind, Kinds, Purpose, Purposes};
use crate::consent::Level;

/// What one allows and forbids.
#[derive(Debug, Clone, Copy)]
pub struct Consents<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// What was just done.
    pub done: Option<ConsentNotice>,
    /// Why nothing was done.
    pub problem: Option<ConsentProblem>,
    /// Whether the sign-in is too long ago to change anything without the password, field `current`.
    pub ask_password: bool,
    /// The level of the family notebook that is chosen.
    pub level: Option<Level>,
    /// Chooses one. Posts the field `level`.
    pub choose: Form<'a>,
    /// What applies, newest first.
    pub consents: &'a [ConsentLine<'a>],
    /// Withdraws one. Posts the field `consent`.
    pub withdraw: Form<'a>,
    /// Emergencies that were declared about the reader, the latest first.
    pub emergencies: &'a [EmergencyLine<'a>],
    /// Whether the reader may declare one about others.
    pub may_declare: bool,
}

/// An emergency that somebody declared about the reader.
#[derive(Debug, Clone, Copy)]
pub struct EmergencyLine<'a> {
    /// Where.
    pub place: &'a str,
    /// Who.
    pub name: &'a str,
    /// When.
    pub at: Moment,
    /// When it ended or ends.
    pub until: Moment,
    /// Why.
    pub reason: &'a str,
}

/// A consent.
#[derive(Debug, Clone, Copy)]
pub struct ConsentLine<'a> {
    /// Posted back.
    pub id: &'a str,
    /// Its own page.
    pub url: &'a str,
    /// What it says.
    pub rules: &'a [RuleLine<'a>],
    /// The level that it is.
    pub level: Option<Level>,
    /// When it was given.
    pub given_at: Moment,
    /// Who gave it, if it was somebody else.
    pub by: Option<&'a str>,
}

/// A rule of it.
#[derive(Debug, Clone, Copy)]
pub struct RuleLine<'a> {
    /// It forbids.
    pub forbids: bool,
    /// To whom.
    pub who: WhoLine<'a>,
    /// Which kinds.
    pub kinds: Kinds,
    /// What.
    pub actions: Actions,
    /// What for.
    pub purposes: Purposes,
    /// How deep.
    pub depth: Depth,
    /// Until when.
    pub until: Option<Moment>,
}

/// To whom a rule applies.
#[derive(Debug, Clone, Copy)]
pub enum WhoLine<'a> {
    /// Everybody else.
    Everyone,
    /// Somebody, by name.
    Person(&'a str),
    /// Whoever is that, in the word of the tie.
    Relation(&'a str),
    /// Somebody who works somewhere.
    Staff {
        /// Who.
        name: &'a str,
        /// Where.
        organisation: &'a str,
    },
    /// Whoever works somewhere.
    Organisation {
        /// Where.
        name: &'a str,
        /// Also in its parts.
        below: bool,
        /// The occupation, in its word.
        occupation: Option<&'a str>,
    },
    /// A service.
    Client(&'a str),
}

/// Something that was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentNotice {
    /// A consent was given.
    Given,
    /// One was withdrawn.
    Withdrawn,
    /// A level was chosen.
    Level,
}

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentProblem {
    /// Something was left open.
    Incomplete,
    /// There is no such consent any more.
    Gone,
    /// The organisation has ended, nobody has the occupation there, or the person does not work there any more.
    Nobody,
    /// The password is not right.
    Password,
    /// Too many attempts.
    Wait {
        /// Until the next is taken.
        seconds: u64,
    },
    /// The sign-in is too long ago, and there is no password to ask for.
    SignInAgain,
    /// Too much to do.
    Busy {
        /// After which trying again makes sense.
        seconds: u64,
    },
}

/// A new consent.
#[derive(Debug, Clone, Copy)]
pub struct NewConsent<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Why it was not given.
    pub problem: Option<ConsentProblem>,
    /// Posts `effect`, `who`, `kind` fields, `depth`, `purpose` fields, `change`, `until`.
    pub form: Form<'a>,
    /// To whom it can be given.
    pub people: &'a [Choice<'a>],
    /// What was chosen before, by the name and value of its field.
    pub chosen: &'a [(&'a str, &'a str)],
}

/// What a new consent would mean, before it counts.
#[derive(Debug, Clone, Copy)]
pub struct ConfirmConsent<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Why it was not given.
    pub problem: Option<ConsentProblem>,
    /// Whether the sign-in is too long ago to give it without the password, field `current`.
    pub ask_password: bool,
    /// Whose data it is about.
    pub name: &'a str,
    /// What it would say.
    pub rules: &'a [RuleLine<'a>],
    /// Posts what was chosen, unseen, with `step`: `give`, or `edit` to choose again.
    pub form: Form<'a>,
}

/// Something to choose.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// Posted.
    pub value: &'a str,
    /// What it means.
    pub who: WhoLine<'a>,
}

/// One consent, as a paper to keep.
#[derive(Debug, Clone, Copy)]
pub struct ConsentReceipt<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Whose data it is about.
    pub name: &'a str,
    /// The consent.
    pub consent: ConsentLine<'a>,
    /// Whether it applies.
    pub active: bool,
    /// Its version.
    pub version: i32,
    /// Local address of the signed receipt.
    pub signed_url: &'a str,
}

impl RuleLine<'_> {
    fn sentence(&self, texts: &Texts) -> Result<String, askama::Error> {
        let who = self.who.words(texts)?;
        if self.forbids {
            texts.with("consent-forbids", "who", who)
        } else {
            texts.with("consent-allows", "who", who)
        }
    }

    fn kinds_words(&self, texts: &Texts) -> Result<String, askama::Error> {
        if self.kinds == Kinds::ALL {
            return texts.say("consent-all-kinds");
        }
        join(texts, self.kinds.iter().map(|one| kind(texts, one)))
    }

    fn actions_words(&self, texts: &Texts) -> Result<String, askama::Error> {
        if self.actions == Actions::ALL {
            return texts.say("consent-all-actions");
        }
        join(texts, self.actions.iter().map(|one| action(texts, one)))
    }

    fn depth_words(&self, texts: &Texts) -> Result<String, askama::Error> {
        match (self.forbids, self.depth) {
            (false, deep) => depth(texts, deep),
            (true, Depth::Aggregate) => texts.say("consent-forbids-all"),
            (true, Depth::Daily) => texts.say("consent-forbids-daily"),
            (true, Depth::Values) => texts.say("consent-forbids-values"),
            (true, Depth::Everything) => texts.say("consent-forbids-everything"),
        }
    }

    fn purposes_words(&self, texts: &Texts) -> Result<Vec<String>, askama::Error> {
        if self.purposes == Purposes::ALL {
            return Ok(vec![texts.say("consent-all-purposes")?]);
        }
        if self.purposes == Purposes::ALL.without(Purposes::of(&[Purpose::Emergency])) {
            return Ok(vec![texts.say("consent-all-but-emergency")?]);
        }
        self.purposes.iter().map(|one| purpose(texts, one)).collect()
    }
}

fn join(
    texts: &Texts,
    words: impl Iterator<Item = Result<String, askama::Error>>,
) -> Result<String, askama::Error> {
    let words = words.collect::<Result<Vec<_>, _>>()?;
    Ok(words.join(&texts.say("detail-kind-separator")?))
}

impl WhoLine<'_> {
    fn words(&self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Everyone => texts.say("consent-everyone"),
            Self::Person(name) => texts.with("consent-person", "name", name),
            Self::Relation(word) => texts.with("consent-relation", "relation", relation(texts, word)?),
            Self::Staff { name, organisation } => {
                let place = texts.with("consent-at", "organisation", organisation)?;
                Ok(place + &texts.with("consent-person", "name", name)?)
            }
            Self::Organisation {
                name,
                below,
                occupation,
            } => {
                let place = if *below {
                    texts.with("consent-organisation-tree", "organisation", name)?
                } else {
                    texts.with("consent-organisation", "organisation", name)?
                };
                match occupation {
                    None => Ok(place),
                    Some(word) => {
                        let word = occupation_words(texts, word)?;
                        Ok(place + &texts.with("consent-occupation", "occupation", word)?)
                    }
                }
            }
            Self::Client(name) => texts.with("consent-client", "name", name),
        }
    }
}

impl ConfirmConsent<'_> {
    /// What to mind of whom it means, where there is something.
    fn mind(&self, texts: &Texts) -> Result<Option<String>, askama::Error> {
        let opens = self.rules.iter().find(|rule| !rule.forbids);
        match opens.map(|rule| rule.who) {
            Some(WhoLine::Staff { .. }) => texts.say("consent-mind-staff").map(Some),
            Some(WhoLine::Organisation { below: true, .. }) => texts.say("consent-mind-tree").map(Some),
            Some(WhoLine::Organisation { .. }) => texts.say("consent-mind-organisation").map(Some),
            _ => Ok(None),
        }
    }
}

impl ConsentNotice {
    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Given => texts.say("consent-given"),
            Self::Withdrawn => texts.say("consent-withdrawn"),
            Self::Level => texts.say("consent-level-chosen"),
        }
    }
}

impl ConsentProblem {
    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Incomplete => texts.say("consent-incomplete"),
            Self::Gone => texts.say("consent-gone"),
            Self::Nobody => texts.say("consent-nobody"),
            Self::Password => texts.say("password-current-wrong"),
            Self::Wait { seconds } => texts.with("password-wait", "wait", texts.wait(seconds)?),
            Self::SignInAgain => texts.say("account-sign-in-again"),
            Self::Busy { seconds } => texts.with("sign-in-busy-what", "wait", texts.wait(seconds)?),
        }
    }
}

/// A level to choose.
struct LevelLine {
    word: &'static str,
    name: String,
    what: String,
    chosen: bool,
}

impl Consents<'_> {
    fn levels(&self, texts: &Texts) -> Result<Vec<LevelLine>, askama::Error> {
        let all = Level::ALL.into_iter();
        all.map(|level| {
            Ok(LevelLine {
                word: level.as_str(),
                name: level_name(texts, level)?,
                what: level_what(texts, level)?,
                chosen: self.level == Some(level),
            })
        })
        .collect()
    }
}

/// The name of a level.
fn level_name(texts: &Texts, level: Level) -> Result<String, askama::Error> {
    match level {
        Level::Open => texts.say("consent-level-open"),
        Level::Family => texts.say("consent-level-family"),
        Level::Quiet => texts.say("consent-level-quiet"),
    }
}

/// What a level means.
fn level_what(texts: &Texts, level: Level) -> Result<String, askama::Error> {
    match level {
        Level::Open => texts.say("consent-level-open-what"),
        Level::Family => texts.say("consent-level-family-what"),
        Level::Quiet => texts.say("consent-level-quiet-what"),
    }
}

impl ConsentLine<'_> {
    /// The name of the level and what it means, if the consent is one.
    fn level_words(&self, texts: &Texts) -> Result<Option<(String, String)>, askama::Error> {
        let words = |level| Ok((level_name(texts, level)?, level_what(texts, level)?));
        self.level.map(words).transpose()
    }
}

impl NewConsent<'_> {
    #[expect(
        clippy::unused_self,
        reason = "the template reaches the words through this value"
    )]
    fn kinds(&self, texts: &Texts) -> Result<Vec<(&'static str, String)>, askama::Error> {
        let all = Kind::ALL.iter();
        all.map(|one| Ok((one.as_str(), kind(texts, *one)?))).collect()
    }

    #[expect(
        clippy::unused_self,
        reason = "the template reaches the words through this value"
    )]
    fn depths(&self, texts: &Texts) -> Result<Vec<(&'static str, String)>, askama::Error> {
        let all = Depth::ALL.iter();
        all.map(|one| Ok((one.as_str(), depth(texts, *one)?))).collect()
    }

    #[expect(
        clippy::unused_self,
        reason = "the template reaches the words through this value"
    )]
    fn purposes(&self, texts: &Texts) -> Result<Vec<(&'static str, String)>, askama::Error> {
        const OFFERED: [Purpose; 6] = [
            Purpose::Family,
            Purpose::Care,
            Purpose::Wellness,
            Purpose::Research,
            Purpose::PublicHealth,
            Purpose::Commercial,
        ];
        OFFERED
            .iter()
            .map(|one| Ok((one.as_str(), purpose(texts, *one)?)))
            .collect()
    }

    #[expect(
        clippy::unused_self,
        reason = "the template reaches the words through this value"
    )]
    fn lasts(&self, texts: &Texts) -> Result<Vec<(&'static str, String)>, askama::Error> {
        Ok(vec![
            ("month", texts.say("consent-until-month")?),
            ("half", texts.say("consent-until-half")?),
            ("year", texts.say("consent-until-year")?),
            ("open", texts.say("consent-until-open")?),
        ])
    }

    fn has(&self, name: impl AsRef<str>, value: impl AsRef<str>) -> bool {
        self.chosen.contains(&(name.as_ref(), value.as_ref()))
    }
}

page!(Consents, "account_consents.html");
page!(NewConsent, "account_consent_new.html");
page!(ConfirmConsent, "account_consent_confirm.html");
page!(ConsentReceipt, "account_consent.html");
