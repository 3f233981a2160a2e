//! Identifiers of what the hub keeps. What clouds and clients see of a person or a session is derived from them. Two say
//! nothing about anybody and are seen: a token family's, in its own tokens, and a block's, in the API.

platform::identifiers! {
    /// A person (DESIGN §3). Never reused.
    PersonId,
    /// A session, as `sid` in tokens and log rows; it is not the secret in the cookie.
    SessionId,
    /// A refresh token family: what one authorization gave.
    FamilyId,
    /// What a person proves themselves with besides a password.
    FactorId,
    /// A namespace of numbers.
    NamespaceId,
    /// A block of numbers issued in one call.
    BlockId,
    /// A dated assignment of a number to a holder.
    AssignmentId,
    /// A mail that waits to be sent.
    MailId,
    /// Something that a person was told.
    NoticeId,
    /// A change of one field of a profile, or of how a person wants to be reached.
    ChangeId,
    /// Something about a person that peers have to hear of.
    EventId,
    /// A tie from a person to somebody of their family.
    TieId,
    /// An invitation to become somebody's family.
    InvitationId,
    /// A recovery that people whom the person trusts confirm.
    RecoveryId,
    /// A writer of the access log: one process from start to end.
    WriterId,
}
