//! Identifiers of what the hub keeps. What clouds and clients see of a person or a session is derived from them. Some say
//! nothing about anybody and are seen: a token family's, in its own refresh tokens, and in the API those of what has no
//! other name, such as a block of numbers or an affiliation.

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
    TieInvitationId,
    /// A recovery that people whom the person trusts confirm.
    RecoveryId,
    /// An organisation of a realm.
    OrganisationId,
    /// Somebody's place in an organisation.
    AffiliationId,
    /// What somebody does in an organisation.
    OccupationId,
    /// Powers over an organisation, given to a member of staff.
    DelegationId,
    /// An invitation to an organisation.
    StaffInvitationId,
    /// A time for which a member of staff was there.
    AttendanceId,
    /// What a member of staff did for somebody; all its versions have it.
    ResponseId,
    /// What somebody comes to staff for, or staff to them, once or again and again.
    AppointmentId,
    /// One time of an appointment.
    AppointmentTimeId,
    /// A member of staff, as an organisation's own system calls them.
    ScimUserId,
    /// A consent; all its versions have it.
    ConsentId,
    /// A row that a consent was compiled into.
    GrantId,
    /// What a person has agreed with an organisation that offers services.
    ContractId,
    /// One use of the emergency access.
    EmergencyId,
    /// A writer of the access log: one process from start to end.
    WriterId,
}
