//! The words for rows of the access log.

use crate::pages::{Kind, LogAction};

/// What a row says to the person it is about; `what` is it was done to and `kind` what that is,
/// as the log keeps them.
pub fn of<'a>(action: &'a str, what: Option<&str>, kind: Option<&str>) -> LogAction<'a> {
    match action {
        "sign_in.password" | "sign_in.second_factor" | "sign_in.passkey" => LogAction::SignIn,
        "sign_in.first_factor" => LogAction::FirstStep,
        "sign_in.step_up" | "factor.verify" | "passkey.verify" => LogAction::SecondStep,
        "factor.add" => LogAction::FactorAdded,
        "factor.remove" => LogAction::FactorRemoved,
        "factor.rename" => LogAction::FactorRenamed,
        "factor.recovery_codes" => LogAction::RecoveryCodesMade,
        "factor.reset" => LogAction::FactorsReset,
        "factor.list" => LogAction::FactorsRead,
        "authorization.issue" => LogAction::SingleSignOn,
        "session.end" => LogAction::SignOut,
        "session.end.other" => LogAction::SessionEnded,
        "logout.tell" => LogAction::ServiceTold,
        "consent.grant" | "device.allow" | "backchannel.allow" => LogAction::ConsentGiven,
        "backchannel.begin" => LogAction::AnswerAsked,
        "backchannel.deny" | "device.deny" => LogAction::AnswerRefused,
        "backchannel.ping" | "backchannel.push" => LogAction::AnswerTold,
        "consent.withdraw" => LogAction::ConsentWithdrawn,
        "access.allow" => LogAction::AccessAllowed,
        "access.read" | "access.read.family" => LogAction::AccessRead,
        "access.withdraw" => LogAction::AccessWithdrawn,
        "access.evaluate" => match kind.and_then(Kind::parse) {
            Some(kind) => LogAction::RecordsSeen(kind),
            None => LogAction::Other(action),
        },
        "access.search" => LogAction::AccessSearched,
        "access.emergency" => LogAction::EmergencyDeclared,
        "response.write" | "response.correct" => LogAction::ResponseWritten,
        "response.list" | "response.read" => LogAction::ResponsesRead,
        "appointment.list" | "appointment.read" => LogAction::AppointmentsRead,
        "appointment.make" | "appointment.move" | "appointment.cancel" => LogAction::AppointmentChanged,
        "calendar.read" => LogAction::CalendarRead,
        "calendar.on" | "calendar.off" => LogAction::CalendarChanged,
        "token.issue.authorization_code"
        | "token.issue.device_code"
        | "token.issue.ciba"
        | "token.issue.token_exchange"
        | "token.issue.jwt_bearer" => LogAction::TokenIssued,
        "token.issue.refresh_token" => LogAction::TokenRefreshed,
        "token.revoke" | "token.revoke.client" => LogAction::TokenRevoked,
        "token.introspect" => LogAction::TokenChecked,
        "profile.read" => LogAction::ProfileRead,
        "password.set" | "password.change" => LogAction::PasswordSet,
        "password.confirm" => LogAction::PasswordChecked,
        "email.ask" => LogAction::EmailAsked,
        "email.confirm" => LogAction::EmailConfirmed,
        "profile.language" | "backchannel.code.set" | "backchannel.code.remove" => LogAction::ProfileChanged,
        "profile.update" | "person.update" => LogAction::DetailsChanged,
        "person.read"
        | "person.list"
        | "person.history"
        | "profile.read.family"
        | "tie.list"
        | "contact.read"
        | "contact.history" => LogAction::DetailsRead,
        "person.search" => LogAction::Searched,
        "tie.invite" | "tie.open" | "tie.accept" | "tie.withdraw" | "tie.end" => LogAction::TieChanged,
        "guardian.set" | "guardian.end" => LogAction::GuardianChanged,
        "person.export" => LogAction::Exported,
        "contact.update" => LogAction::ContactChanged,
        "message.write" => LogAction::MessageWritten,
        "telephone.ask" => LogAction::TelephoneAsked,
        "telephone.confirm" => LogAction::TelephoneConfirmed,
        "recovery.begin" => LogAction::RecoveryBegun,
        "recovery.finish" => LogAction::RecoveryDone,
        "recovery.family.begin" => LogAction::FamilyAsked,
        "recovery.family.confirm" => LogAction::FamilyConfirmed,
        "recovery.family.cancel" => LogAction::FamilyCancelled,
        "recovery.family.finish" => LogAction::FamilyDone,
        "trusted.name" | "trusted.accept" | "trusted.remove" => LogAction::TrustedChanged,
        "mail.send" => LogAction::MailSent,
        "person.create" | "person.created" => LogAction::AccountCreated,
        "account.read" if what.is_some_and(|pages| pages.contains("\"log\"")) => LogAction::LogRead,
        "account.read" => LogAction::AccountOpened,
        other => LogAction::Other(other),
    }
}
