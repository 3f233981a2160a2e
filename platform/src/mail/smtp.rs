//! The way to the SMTP server.

use std::path::PathBuf;
use std::time::Duration;

use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters, TlsVersion};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use url::{Host, Url};

use super::{InvalidAddress, MailAddress, Message};
use crate::config::{SecretUrl, Smtp};

/// Port for plain SMTP, which only this machine's own server gets.
const PORT: u16 = 25;
/// Port for submission with `STARTTLS` (RFC 6409 §3.1).
const SUBMISSION: u16 = 587;
/// Port for submission under TLS from the first byte (RFC 8314 §3.3).
const SUBMISSIONS: u16 = 465;

/// The settings do not lead to a mail server.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// `smtp.url` is not a URL of a mail server.
    #[error("smtp.url is smtp://USER:PASSWORD@HOST:PORT or smtps://USER:PASSWORD@HOST:PORT")]
    Url,
    /// `smtp.from` is not an address.
    #[error("smtp.from is an address of yours, such as no-reply@id.example.jp: {0}")]
    From(#[from] InvalidAddress),
    /// There is a server but no sender.
    #[error("smtp.from is missing: the address that mails come from, such as no-reply@id.example.jp")]
    NoSender,
    /// The authorities in `smtp.ca_file` cannot be read.
    #[error("the file {} that smtp.ca_file names cannot be read: {source}", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// TLS cannot be set up.
    #[error("TLS to the mail server cannot be set up: {0}")]
    Tls(#[source] lettre::transport::smtp::Error),
}

/// A message was not handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// The server will not have it, now or later (RFC 5321 §4.2.1, a reply that begins with 5).
    #[error("the mail server refused the message for good")]
    Refused,
    /// The server cannot be reached, does not speak TLS, or asks to come again.
    #[error("the mail server did not take the message now")]
    Later,
}

/// The way to one SMTP server; cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: MailAddress,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Mailer")
    }
}

impl Mailer {
    /// The way that the settings name; `None` without a server.
    pub fn new(settings: &Smtp) -> Result<Option<Self>, MailerError> {
        let Some(url) = &settings.url else {
            return Ok(None);
        };
        let from = settings.from.as_deref().ok_or(MailerError::NoSender)?;
        let from = MailAddress::parse(from)?;
        let builder = builder(url, settings)?
            .timeout(Some(Duration::from_secs(settings.timeout_seconds.max(1))))
            .hello_name(ClientId::Domain(from.domain().to_owned()));
        Ok(Some(Self {
            transport: builder.build(),
            from,
        }))
    }

    /// Hands a message over.
    pub async fn send(&self, message: &Message) -> Result<(), NotSent> {
        let sent = self.transport.send(message.format(&self.from)?).await;
        sent.map(drop).map_err(|error| {
            // What the server said may repeat the address.
            let status = error.status().map(|status| status.to_string());
            tracing::warn!(
                status,
                tls = error.is_tls(),
                timeout = error.is_timeout(),
                "a mail was not taken"
            );
            if error.is_permanent() || error.is_client() {
                NotSent::Refused
            } else {
                NotSent::Later
            }
        })
    }
}

fn builder(url: &SecretUrl, settings: &Smtp) -> Result<AsyncSmtpTransportBuilder, MailerError> {
    let url = Url::parse(url.expose()).map_err(|_| MailerError::Url)?;
    let bare = matches!(url.path(), "" | "/") && url.fragment().is_none();
    // A scheme that the URL standard does not know has a host of any letters: it is read as what it is.
    let host = Host::parse(url.host_str().unwrap_or_default()).map_err(|_| MailerError::Url)?;
    let required = match (url.scheme(), url.query()) {
        (_, Some("tls=required")) | ("smtps", None) => true,
        ("smtp", None) => !is_this_machine(&host),
        _ => return Err(MailerError::Url),
    };
    if !bare || !matches!(url.scheme(), "smtp" | "smtps") {
        return Err(MailerError::Url);
    }
    let name = match &host {
        Host::Ipv6(address) => address.to_string(),
        other => other.to_string(),
    };
    let (tls, port) = match (url.scheme(), required) {
        ("smtps", _) => (Tls::Wrapper(parameters(&name, settings)?), SUBMISSIONS),
        (_, true) => (Tls::Required(parameters(&name, settings)?), SUBMISSION),
        _ => (Tls::None, PORT),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(name)
        .tls(tls)
        .port(url.port().unwrap_or(port));
    if !url.username().is_empty() || url.password().is_some() {
        let decoded = |text: &str| percent_decoded(text).ok_or(MailerError::Url);
        let (user, password) = (
            decoded(url.username())?,
            decoded(url.password().unwrap_or_default())?,
        );
        builder = builder.credentials(Credentials::new(user, password));
    }
    Ok(builder)
}

fn parameters(host: &str, settings: &Smtp) -> Result<TlsParameters, MailerError> {
    let mut parameters = TlsParameters::builder(host.to_owned()).set_min_tls_version(TlsVersion::Tlsv12);
    if let Some(path) = &settings.ca_file {
        let pem = std::fs::read(path).map_err(|source| MailerError::Authorities {
            path: path.clone(),
            source,
        })?;
        let authority = Certificate::from_pem(&pem).map_err(MailerError::Tls)?;
        parameters = parameters.add_root_certificate(authority);
    }
    parameters.build_rustls().map_err(MailerError::Tls)
}

fn is_this_machine(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let escaped = text.replace('+', "%2B");
    let mut pairs = form_urlencoded::parse(escaped.as_bytes());
    match pairs.next() {
        None => Some(String::new()),
        // A name and a value there would be if a bare `=` or `&` stood in it.
        Some((name, value)) if value.is_empty() && pairs.next().is_none() => Some(name.into_owned()),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> Smtp {
        Smtp {
            url: Some(SecretUrl::new(url.to_owned())),
            from: Some("no-reply@id.example.jp".to_owned()),
            ..Smtp::default()
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_this_machine_is_never_spoken_to_in_the_clear() {
        for url in [
            "smtp://mail.example.jp",
            "smtp://192.0.2.1:25",
            "smtps://mail.example.jp",
        ] {
            let host = Url::parse(url).unwrap();
            let host = Host::parse(host.host_str().unwrap()).unwrap();
            assert!(!is_this_machine(&host), "{url}");
            assert!(Mailer::new(&settings(url)).unwrap().is_some(), "{url}");
        }
        for url in [
            "smtp://mail.example.jp?tls=opportunistic",
            "smtp://mail.example.jp?tls=none",
            "http://mail.example.jp",
            "smtp://mail.example.jp/x",
            "smtp:///",
            "mail.example.jp",
        ] {
            assert!(
                matches!(Mailer::new(&settings(url)), Err(MailerError::Url)),
                "{url}"
            );
        }
    }

    #[tokio::test]
    async fn without_a_server_there_is_no_mailer_and_without_a_sender_an_error() {
        assert!(Mailer::new(&Smtp::default()).unwrap().is_none());
        let nameless = Smtp {
            from: None,
            ..settings("smtp://127.0.0.1")
        };
        assert!(matches!(Mailer::new(&nameless), Err(MailerError::NoSender)));
        let hostile = Smtp {
            from: Some("a@b.example\r\nBcc: c@d.example".to_owned()),
            ..settings("smtp://127.0.0.1")
        };
        assert!(matches!(Mailer::new(&hostile), Err(MailerError::From(_))));
    }

    #[test]
    fn credentials_are_taken_as_they_are_meant() {
        assert_eq!(percent_decoded("a%40b+c").as_deref(), Some("a@b+c"));
        assert_eq!(percent_decoded("p%26q%3D%25").as_deref(), Some("p&q=%"));
        assert_eq!(percent_decoded("").as_deref(), Some(""));
    }
}
