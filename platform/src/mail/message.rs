//! A message and the address it goes to.

use std::time::{Duration, SystemTime};

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart, SinglePart};

use super::NotSent;
use crate::clock::Instant;

/// This is not an address that mail can be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an e-mail address that mail can be sent to")]
pub struct InvalidAddress;

/// An address that mail can be sent to (RFC 5321 §4.1.2). It prints nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct MailAddress(lettre::Address);

impl MailAddress {
    /// Takes a bare address: no name, no comment, no second one. Quoted local parts, in which anything may stand, and
    /// addresses of machines by their number are nobody's here.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let plain =
            |character: char| !character.is_control() && !character.is_whitespace() && character != '"';
        if text.len() > 254 || !text.chars().all(plain) {
            return Err(InvalidAddress);
        }
        let address: lettre::Address = text.parse().map_err(|_| InvalidAddress)?;
        if address.domain().contains('.') && !address.domain().starts_with('[') {
            Ok(Self(address))
        } else {
            Err(InvalidAddress)
        }
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.domain()
    }
}

impl std::fmt::Debug for MailAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MailAddress")
    }
}

/// One message: a text and the same as simple HTML.
#[derive(Clone)]
pub struct Message {
    /// What tells the message from every other; the same at each try, so that a receiver sees a doubled one.
    pub id: String,
    /// The name that stands before the sender's address.
    pub from_name: String,
    /// Whom it goes to.
    pub to: MailAddress,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The text again, as HTML.
    pub html: String,
    /// When it was written.
    pub date: Instant,
    /// What separates the two; random, so that no text holds it.
    pub boundary: String,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Message({})", self.id)
    }
}

impl Message {
    /// In the form that goes over the wire.
    pub(super) fn format(&self, from: &MailAddress) -> Result<lettre::Message, NotSent> {
        let part = |kind: ContentType, text: &str| SinglePart::builder().header(kind).body(text.to_owned());
        let micros = u64::try_from(self.date.as_micros()).unwrap_or(0);
        let both = MultiPart::alternative()
            .boundary(&self.boundary)
            .singlepart(part(ContentType::TEXT_PLAIN, &self.text))
            .singlepart(part(ContentType::TEXT_HTML, &self.html));
        lettre::Message::builder()
            .date(SystemTime::UNIX_EPOCH + Duration::from_micros(micros))
            .message_id(Some(format!("<{}@{}>", one_line(&self.id), from.domain())))
            .from(Mailbox::new(Some(one_line(&self.from_name)), from.0.clone()))
            .to(Mailbox::new(None, self.to.0.clone()))
            .subject(one_line(&self.subject))
            // No machine answers this one (RFC 3834 §5).
            .header(AutoSubmitted)
            .multipart(both)
            .map_err(|_| NotSent::Refused)
    }
}

/// A header is one line, whatever somebody called themselves.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect()
}

#[derive(Clone)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(subject: &str, from_name: &str) -> Message {
        Message {
            id: "1".to_owned(),
            from_name: from_name.to_owned(),
            to: MailAddress::parse("hanako@example.jp").unwrap(),
            subject: subject.to_owned(),
            text: "本文\r\n.\r\nBcc: eve@evil.example\r\n".to_owned(),
            html: "<p>本文</p>".to_owned(),
            date: Instant::from_micros(1_795_323_780_000_000),
            boundary: "0123456789".to_owned(),
        }
    }

    fn wire(message: &Message) -> String {
        let from = MailAddress::parse("no-reply@id.example.jp").unwrap();
        String::from_utf8(message.format(&from).unwrap().formatted()).unwrap()
    }

    #[test]
    fn an_address_with_room_for_a_header_or_a_command_is_none() {
        for address in [
            "hanako@example.jp\r\nBcc: eve@evil.example",
            "hanako@example.jp\nSubject: x",
            "hanako@example.jp\r",
            "hanako@example.jp> SIZE=1 RCPT TO:<eve@evil.example",
            "\"a b\"@example.jp",
            "\"a\r\nRCPT TO:<e@x.y>\"@example.jp",
            "Hanako <hanako@example.jp>",
            "hanako@example.jp,eve@evil.example",
            "hanako@example.jp eve@evil.example",
            "hanako@[127.0.0.1]",
            "hanako@localhost",
            "hanako@exa mple.jp",
            "hanako@example.jp\u{2028}",
            "@example.jp",
            "hanako@",
            "",
        ] {
            assert!(MailAddress::parse(address).is_err(), "{address:?}");
        }
        let long = format!("{}@example.jp", "a".repeat(250));
        assert!(MailAddress::parse(&long).is_err());
        assert_eq!(
            MailAddress::parse("hanako+1@example.jp").unwrap().as_str(),
            "hanako+1@example.jp"
        );
    }

    #[test]
    fn no_name_and_no_subject_brings_a_header_or_a_line_of_its_own() {
        let plain = wire(&message("Subject", "Realm"));
        let headers = |wire: &str| -> Vec<String> {
            let head = wire.split("\r\n\r\n").next().unwrap();
            let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
            lines
                .map(|line| line.split(':').next().unwrap().to_owned())
                .collect()
        };
        for hostile in [
            "x\r\nBcc: eve@evil.example",
            "x\nBcc: eve@evil.example\n\nbody",
            "\"<eve@evil.example>, \"",
            "結び\r\n\r\n<script>",
            "=?utf-8?q?=0D=0ABcc:_eve@evil.example?=",
            "\u{0}\u{b}\u{85}\u{2028}Bcc: x",
        ] {
            let sent = wire(&message(hostile, hostile));
            assert_eq!(headers(&sent), headers(&plain), "{sent}");
            let head = sent.split("\r\n\r\n").next().unwrap();
            assert!(head.is_ascii() && !head.contains("\nBcc"), "{head}");
            assert!(
                !head.split("\r\n").any(|line| line.contains(['\r', '\n'])),
                "{head}"
            );
        }
    }

    #[test]
    fn what_is_written_is_readable_text_with_the_callers_date_and_id() {
        let sent = wire(&message("件名", "みなと健康クラウド"));
        assert!(sent.contains("Date: Sun, 22 Nov 2026 05:03:00 +0000"), "{sent}");
        assert!(sent.contains("Message-ID: <1@id.example.jp>"), "{sent}");
        assert!(sent.contains("Auto-Submitted: auto-generated"), "{sent}");
        assert!(sent.is_ascii(), "{sent}");
    }
}
