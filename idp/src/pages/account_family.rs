//! The reader's family: who may do something for them, for whom they may, and who is asked to.

use super::account::Section;
use super::{Form, Frame, Moment, Texts, links, page};
use crate::ties::{Power, Powers, Relation};

/// The page of family.
#[derive(Debug, Clone, Copy)]
pub struct FamilyPage<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// What was just done.
    pub done: Option<FamilyNotice>,
    /// What is wrong with the last attempt.
    pub problem: Option<FamilyProblem>,
    /// Whether the sign-in is too long ago to change anything without the password, field `current`.
    pub ask_password: bool,
    /// A code that was just made, for the reader to hand over.
    pub code: Option<&'a str>,
    /// Who invites the reader, by a code that they typed or addressed to them.
    pub invitations: &'a [InvitationLine<'a>],
    /// Accepts. Posts the fields `invitation` and, if there is one, `code`.
    pub accept: Form<'a>,
    /// Declines. Posts the field `invitation`.
    pub decline: Form<'a>,
    /// People who may do something for the reader.
    pub mine: &'a [TieLine<'a>],
    /// People for whom the reader may do something.
    pub theirs: &'a [TieLine<'a>],
    /// Ends a tie. Posts the field `tie`.
    pub end: Form<'a>,
    /// Invitations of the reader's that wait.
    pub sent: &'a [SentLine<'a>],
    /// Withdraws one. Posts the field `invitation`.
    pub withdraw: Form<'a>,
    /// Invites. Posts the fields `relation`, `email` and one for each power.
    pub invite: Form<'a>,
    /// Takes a code. Posts the field `code`.
    pub enter: Form<'a>,
}

/// A tie, seen from one side.
#[derive(Debug, Clone, Copy)]
pub struct TieLine<'a> {
    /// Posted back.
    pub id: &'a str,
    /// Who is on the other side.
    pub name: &'a str,
    /// What who may do something is to the one for whom.
    pub relation: Relation,
    /// What they may do.
    pub powers: Powers,
    /// Whether it rests on law, so that only an administrator ends it.
    pub by_law: bool,
    /// Until when, if it ends by itself.
    pub until: Option<Moment>,
    /// Local address where the reader keeps the other's details, if they may.
    pub details_url: Option<&'a str>,
}

/// An invitation to the reader.
#[derive(Debug, Clone, Copy)]
pub struct InvitationLine<'a> {
    /// Posted back.
    pub id: &'a str,
    /// The code, posted back, if the reader typed one.
    pub code: Option<&'a str>,
    /// Who invites.
    pub name: &'a str,
    /// What the reader would be to them.
    pub relation: Relation,
    /// What the reader might do.
    pub powers: Powers,
}

/// An invitation of the reader's.
#[derive(Debug, Clone, Copy)]
pub struct SentLine<'a> {
    /// Posted back.
    pub id: &'a str,
    /// What the invited one would be to the reader.
    pub relation: Relation,
    /// Until when it can be accepted.
    pub until: Moment,
}

/// Something that was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FamilyNotice {
    /// A tie has begun.
    Accepted,
    /// An invitation was declined or withdrawn.
    Withdrawn,
    /// A tie has ended.
    Ended,
    /// Somebody's details were kept.
    Details,
}

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FamilyProblem {
    /// There is no such code, or not for the reader.
    Code,
    /// There is nothing to accept, withdraw or end any more.
    Nothing,
    /// It rests on law.
    ByLaw,
    /// Too many invitations wait.
    TooMany,
    /// This is no address.
    Address,
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

fn relation_words(relation: Relation, texts: &Texts) -> Result<String, askama::Error> {
    match relation {
        Relation::Parent => texts.say("relation-parent"),
        Relation::Guardian => texts.say("relation-guardian"),
        Relation::Spouse => texts.say("relation-spouse"),
        Relation::Child => texts.say("relation-child"),
        Relation::Sibling => texts.say("relation-sibling"),
        Relation::Relative => texts.say("relation-relative"),
        Relation::Carer => texts.say("relation-carer"),
        Relation::Friend => texts.say("relation-friend"),
    }
}

fn power_words(power: Power, texts: &Texts) -> Result<String, askama::Error> {
    match power {
        Power::UpdateProfile => texts.say("power-update-profile"),
        Power::Alerts => texts.say("power-alerts"),
        Power::Recovery => texts.say("power-recovery"),
    }
}

fn powers_words(powers: Powers, texts: &Texts) -> Result<Vec<String>, askama::Error> {
    let mut words = Vec::new();
    for power in powers.iter() {
        words.push(power_words(power, texts)?);
    }
    if words.is_empty() {
        words.push(texts.say("power-none")?);
    }
    Ok(words)
}

impl TieLine<'_> {
    fn relation(&self, texts: &Texts) -> Result<String, askama::Error> {
        relation_words(self.relation, texts)
    }

    fn powers(&self, texts: &Texts) -> Result<Vec<String>, askama::Error> {
        powers_words(self.powers, texts)
    }
}

impl InvitationLine<'_> {
    fn relation(&self, texts: &Texts) -> Result<String, askama::Error> {
        relation_words(self.relation, texts)
    }

    fn powers(&self, texts: &Texts) -> Result<Vec<String>, askama::Error> {
        powers_words(self.powers, texts)
    }
}

impl SentLine<'_> {
    fn relation(&self, texts: &Texts) -> Result<String, askama::Error> {
        relation_words(self.relation, texts)
    }
}

impl FamilyPage<'_> {
    #[expect(
        clippy::unused_self,
        reason = "the template reaches the choices through this value"
    )]
    fn relations(&self, texts: &Texts) -> Result<Vec<(&'static str, String)>, askama::Error> {
        let mut relations = Vec::new();
        for relation in Relation::by_consent() {
            relations.push((relation.as_str(), relation_words(relation, texts)?));
        }
        Ok(relations)
    }

    #[expect(
        clippy::unused_self,
        reason = "the template reaches the choices through this value"
    )]
    fn powers(&self, texts: &Texts) -> Result<Vec<(&'static str, String)>, askama::Error> {
        let mut powers = Vec::new();
        for power in Power::ALL {
            powers.push((power.as_str(), power_words(power, texts)?));
        }
        Ok(powers)
    }
}

impl FamilyNotice {
    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Accepted => texts.say("family-accepted"),
            Self::Withdrawn => texts.say("family-withdrawn"),
            Self::Ended => texts.say("tie-ended"),
            Self::Details => texts.say("details-saved"),
        }
    }
}

impl FamilyProblem {
    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Code => texts.say("family-code-wrong"),
            Self::Nothing => texts.say("family-nothing"),
            Self::ByLaw => texts.say("family-by-law"),
            Self::TooMany => texts.say("family-too-many"),
            Self::Address => texts.say("profile-not-an-address"),
            Self::Password => texts.say("password-current-wrong"),
            Self::Wait { seconds } => texts.with("password-wait", "wait", texts.wait(seconds)?),
            Self::SignInAgain => texts.say("account-sign-in-again"),
            Self::Busy { seconds } => texts.with("sign-in-busy-what", "wait", texts.wait(seconds)?),
        }
    }
}

page!(FamilyPage, "account_family.html");
