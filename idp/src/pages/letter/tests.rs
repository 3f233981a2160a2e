//! What holds for every letter, whatever people call themselves.

use super::*;
use crate::pages::{Language, Zone};

const HOSTILE: &str = "x\r\nBcc: eve@evil.example\r\n\r\n<script>alert(1)</script><a href=\"https://evil.example/\">\
    \u{202E}gpj\u{2066} www.evil.example {{ s }} { $name }";

fn notices(name: &str) -> Vec<Notice> {
    let name = || name.to_owned();
    vec![
        Notice::PasswordChanged,
        Notice::NewDevice {
            device: Some(name()),
            address: Some("203.0.113.7".to_owned()),
        },
        Notice::NewDevice {
            device: None,
            address: None,
        },
        Notice::FactorAdded { name: name() },
        Notice::FactorRemoved { name: name() },
        Notice::FactorsReset,
        Notice::RecoveryCodesMade,
        Notice::RecoveryCodeUsed,
        Notice::EmailConfirmed,
        Notice::EmailReplaced,
        Notice::RecoveryBegun,
        Notice::RecoveryDone,
        Notice::FamilyAsked,
        Notice::FamilyConfirmed,
        Notice::FamilyCancelled,
        Notice::FamilyDone,
        Notice::TrustedNamed { name: name() },
        Notice::TrustedAccepted { name: name() },
        Notice::TrustedRemoved { name: name() },
        Notice::TrustInvited { name: name() },
        Notice::EmergencyDeclared { name: name() },
        Notice::EmergencyAt { name: name() },
        Notice::ConsentByService { name: name() },
        Notice::WithdrawnByService { name: name() },
        Notice::HelpAsked { name: name() },
        Notice::TelephoneConfirmed,
        Notice::CalendarOn,
        Notice::ProfileChanged,
        Notice::TieInvited { name: name() },
        Notice::TieAccepted { name: name() },
        Notice::TieBegun { name: name() },
        Notice::TieEnded { name: name() },
        Notice::GuardianSet { name: name() },
        Notice::GuardianOf { name: name() },
    ]
}

fn appointment(change: AppointmentChange, place: &str) -> Content<'_> {
    Content::Appointment {
        change,
        place,
        url: "https://id.example.jp/account/care",
    }
}

/// Every letter to and about somebody of this name, in every language.
fn letters(name: &str) -> Vec<(String, Written)> {
    let mut letters = Vec::new();
    for language in Language::ALL {
        let texts = Texts::new(language, Zone::named("Asia/Tokyo").unwrap());
        let notices = notices(name);
        let told = notices
            .iter()
            .map(|notice| Content::Notice { notice, link: None });
        let others = [
            Content::ConfirmAddress {
                code: "12345678",
                minutes: 30,
            },
            Content::Recovery {
                url: "https://id.example.jp/recover/link?token=abc",
                minutes: 30,
            },
            appointment(AppointmentChange::Made, name),
            appointment(AppointmentChange::Moved, name),
            appointment(AppointmentChange::Cancelled, name),
        ];
        for content in told.chain(others) {
            let letter = Letter {
                realm_name: name,
                to: Some(name),
                account_url: "https://id.example.jp/account",
                at: Moment(1_795_323_780_000_000),
                content,
            };
            let called = format!("{} {}", language.tag(), content.kind());
            letters.push((called, letter.write(&texts).unwrap()));
        }
    }
    letters
}

#[test]
fn every_letter_says_something_in_every_language_and_signs_with_the_realm() {
    for (called, letter) in letters("佐藤 節子") {
        assert!(
            !letter.subject.is_empty() && !letter.subject.contains('\n'),
            "{called}"
        );
        assert!(letter.text.contains("佐藤 節子"), "{called}: {}", letter.text);
        assert!(letter.text.contains("2026"), "{called}");
        for text in [&letter.text, &letter.html] {
            assert!(text.ends_with("\r\n"), "{called}");
            assert!(
                !text.replace("\r\n", "").contains(['\r', '\n']),
                "{called}: bare line ends"
            );
        }
    }
}

#[test]
fn no_name_brings_markup_a_link_a_line_or_a_turn_of_direction_into_a_letter() {
    let tags = |html: &str| {
        let tags: Vec<String> = html
            .split('<')
            .skip(1)
            .map(|rest| rest.split('>').next().unwrap_or_default().to_owned())
            .collect();
        tags
    };
    let plain = letters("plain");
    for ((called, letter), (_, ordinary)) in letters(HOSTILE).iter().zip(&plain) {
        assert_eq!(tags(&letter.html), tags(&ordinary.html), "{called}");
        assert_eq!(
            letter.text.lines().count(),
            ordinary.text.lines().count(),
            "{called}"
        );
        let whole = format!("{}{}{}", letter.subject, letter.text, letter.html);
        for forbidden in [
            "<script",
            "evil.example",
            "://evil",
            "eve@",
            "\u{202E}",
            "\u{2066}",
            "\nBcc",
        ] {
            assert!(!whole.contains(forbidden), "{called}: {forbidden}");
        }
        assert!(!letter.subject.contains(['\r', '\n']), "{called}");
    }
}

#[test]
fn a_letter_asks_for_nothing_from_elsewhere() {
    for (called, letter) in letters("plain") {
        for forbidden in ["<img", "<link", "<style", "src=", "url(", "<script", "http://"] {
            assert!(!letter.html.contains(forbidden), "{called}: {forbidden}");
        }
        for address in letter.html.split("href=\"").skip(1) {
            assert!(address.starts_with("https://id.example.jp/"), "{called}");
        }
    }
}

#[test]
fn a_name_stays_readable_as_a_name() {
    assert_eq!(quiet("Dr. J. Smith, Jr."), "Dr. J. Smith, Jr.");
    assert_eq!(quiet("髙橋 﨑子"), "髙橋 﨑子");
    assert_eq!(quiet("Zoë O\u{2019}Hara"), "Zoë O\u{2019}Hara");
    assert_eq!(quiet(&"あ".repeat(1000)).chars().count(), NAME);
}
