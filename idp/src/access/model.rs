//! What is asked, what is known, what is answered. Pure.

use platform::clock::Instant;

use super::period::Period;
use super::words::{Action, Actions, Depth, Kind, Kinds, Purpose, Purposes};
use crate::ids::{ConsentId, ContractId, EmergencyId, GrantId, OrganisationId, PersonId};

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Who asks.
    pub asker: Asker<'a>,
    /// Whose data it is.
    pub subject: PersonId,
    /// What is to be done.
    pub action: Action,
    /// With which kind of data.
    pub kind: Kind,
    /// How deep.
    pub depth: Depth,
    /// What for.
    pub purpose: Purpose,
    /// Data of which time; all of it is [`Period::ALWAYS`].
    pub data: Period,
    /// Now.
    pub at: Instant,
}

/// Who asks: a person, a client by itself, or a person by way of a client.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asker<'a> {
    /// The person who acts.
    pub person: Option<PersonId>,
    /// The client by which they act; `None`: the hub's own pages.
    pub client: Option<&'a str>,
    /// Who runs that client, if an organisation does.
    pub operator: Option<&'a Operator>,
    /// What the token reaches: any of these; `None` where there is no token that narrows.
    pub reach: Option<&'a [Reach]>,
}

/// The organisation that runs a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// It, and those above it; nothing if it is over.
    pub above: Vec<OrganisationId>,
}

/// A part of what a token reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Whose data.
    pub subject: PersonId,
    /// Which kinds.
    pub kinds: Kinds,
    /// To do what.
    pub actions: Actions,
    /// What for.
    pub purposes: Purposes,
    /// How deep.
    pub depth: Depth,
}

/// What is known: the rows of one subject and one asker.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// What the subject's consents were compiled into.
    pub grants: &'a [Grant],
    /// What the asker is to the subject, in the words of living ties.
    pub relations: &'a [String],
    /// Where the asker works, as what: living affiliations with living occupations.
    pub standings: &'a [Standing],
    /// What the subject agreed with operators.
    pub contracts: &'a [Contract],
    /// Emergencies that the asker declared about the subject.
    pub emergencies: &'a [Emergency],
}

/// Whether a rule opens or closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It opens, down to its depth.
    Permit,
    /// It closes, from its depth on downwards.
    Deny,
}

/// To whom a rule applies.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Grantee {
    /// Everybody but the person themselves; only in a rule that closes.
    Everyone,
    /// One person, whatever they are to the subject.
    Person(PersonId),
    /// Whoever is that to the subject, in the word of the tie.
    Relation(String),
    /// One person as long as they work at an organisation or below it.
    Staff {
        /// Who.
        person: PersonId,
        /// Where.
        organisation: OrganisationId,
    },
    /// Whoever works at an organisation.
    Organisation {
        /// Which.
        organisation: OrganisationId,
        /// Also at those below it.
        below: bool,
        /// Only in this occupation.
        occupation: Option<String>,
    },
    /// A client, by itself or for whomever.
    Client(String),
}

/// What a provision of a consent says of one grantee.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Whether it opens or closes.
    pub effect: Effect,
    /// To whom it applies.
    pub grantee: Grantee,
    /// To which kinds.
    pub kinds: Kinds,
    /// To which actions.
    pub actions: Actions,
    /// To which purposes.
    pub purposes: Purposes,
    /// How deep it opens, or from which depth on it closes.
    pub depth: Depth,
    /// To data of which time.
    pub data: Period,
    /// When it applies.
    pub valid: Period,
}

/// A rule as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its key.
    pub id: GrantId,
    /// The consent that it was compiled from.
    pub consent: ConsentId,
    /// What it says.
    pub rule: Rule,
    /// Since when it says nothing any more.
    pub ended_at: Option<Instant>,
}

/// Where somebody works, as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The organisation.
    pub organisation: OrganisationId,
    /// It, and those above it.
    pub above: Vec<OrganisationId>,
    /// The occupation, in its stable word.
    pub occupation: Option<String>,
}

/// What a person agreed with an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// Its key.
    pub id: ContractId,
    /// The operator.
    pub organisation: OrganisationId,
    /// Which kinds its services work with.
    pub kinds: Kinds,
    /// What they do with them.
    pub actions: Actions,
    /// When it applies.
    pub valid: Period,
    /// Since when it does not any more.
    pub ended_at: Option<Instant>,
}

/// An emergency that somebody declared (requirement H5.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emergency {
    /// Its key.
    pub id: EmergencyId,
    /// In which organisation they stand for it.
    pub organisation: OrganisationId,
    /// When it applies.
    pub valid: Period,
    /// Since when it does not any more.
    pub ended_at: Option<Instant>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It may be done, as far as the obligations say.
    Permit(Permit),
    /// It may not.
    Deny(Denied),
}

/// It may be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// All that allows it.
    pub because: Vec<Because>,
    /// The contract with the operator of the service that is used.
    pub contract: Option<ContractId>,
    /// What whoever does it must keep to.
    pub obligations: Obligations,
}

/// What allows something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// It is their own.
    Own,
    /// A consent.
    Consent {
        /// Which.
        consent: ConsentId,
        /// The row that was compiled from it.
        grant: GrantId,
    },
    /// An emergency.
    Emergency(EmergencyId),
}

impl Because {
    /// As the access log keeps it.
    pub fn to_log(self) -> String {
        match self {
            Self::Own => "own".to_owned(),
            Self::Consent { consent, .. } => format!("consent:{consent}"),
            Self::Emergency(id) => format!("emergency:{id}"),
        }
    }
}

/// What whoever was permitted must keep to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligations {
    /// Nothing deeper is shown.
    pub depth: Depth,
    /// Nothing of other times is shown. In order, apart from one another.
    pub data: Vec<Period>,
    /// The person is told of it.
    pub notify: bool,
    /// When the earliest of what allows it ends by itself.
    pub until: Option<Instant>,
}

/// It may not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denied {
    /// Why.
    pub reason: Reason,
    /// The consent that forbids it.
    pub by: Option<ConsentId>,
}

/// Why something may not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// No consent says anything of it.
    NoConsent,
    /// A consent would allow it for another purpose.
    Purpose,
    /// A consent would allow it less deep.
    TooDeep,
    /// A consent would allow it for data of another time.
    OtherTime,
    /// A consent would allow it, and the asker's occupation does not.
    Occupation,
    /// A consent forbids it.
    Forbidden,
    /// The person has no contract with the operator of the service that opens it.
    Contract,
    /// The token does not reach it.
    Scope,
}

impl Reason {
    /// Its stable id.
    pub const fn id(self) -> &'static str {
        match self {
            Self::NoConsent => "access.no_consent",
            Self::Purpose => "access.purpose",
            Self::TooDeep => "access.too_deep",
            Self::OtherTime => "access.other_time",
            Self::Occupation => "access.occupation",
            Self::Forbidden => "access.forbidden",
            Self::Contract => "access.contract",
            Self::Scope => "access.scope",
        }
    }
}

impl Decision {
    /// Whether it may be done.
    pub const fn permits(&self) -> bool {
        matches!(self, Self::Permit(_))
    }

    /// Whether it may be done with data of a moment.
    pub fn permits_data_of(&self, moment: Instant) -> bool {
        match self {
            Self::Permit(permit) => permit.obligations.data.iter().any(|part| part.has(moment)),
            Self::Deny(_) => false,
        }
    }
}

impl Contract {
    /// Whether it applies now to the services of an operator, and opens something.
    pub(super) fn opens(&self, operator: &Operator, question: &Question<'_>) -> bool {
        operator.above.contains(&self.organisation)
            && lives(self.valid, self.ended_at, question.at)
            && self.kinds.has(question.kind)
            && self.actions.has(question.action)
    }
}

/// Whether something with a validity and an end applies now.
pub(super) fn lives(valid: Period, ended_at: Option<Instant>, now: Instant) -> bool {
    valid.has(now) && ended_at.is_none_or(|ended| now < ended)
}
