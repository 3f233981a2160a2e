//! Somebody at a browser: cookies, redirects, and forms as the pages give them.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderValue, StatusCode};

use super::connection::{self, Answer, Connection, Template, between};

/// A browser with one connection.
pub struct Browser {
    connection: Connection,
    cookies: BTreeMap<String, String>,
}

/// Who sits at it.
#[derive(Debug, Clone)]
pub struct Person {
    /// Login name.
    pub login: String,
    /// Password.
    pub password: String,
}

impl Browser {
    /// A browser that was never here.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        Ok(Self {
            connection: Connection::open(address).await?,
            cookies: BTreeMap::new(),
        })
    }

    /// The `Cookie` header that it sends.
    pub fn cookies(&self) -> Result<HeaderValue> {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Ok(HeaderValue::from_str(&pairs.join("; "))?)
    }

    async fn send(&mut self, mut request: Template) -> Result<Answer> {
        if !self.cookies.is_empty() {
            request.headers_mut().insert(COOKIE, self.cookies()?);
        }
        let answer = self.connection.send(request).await?;
        for header in answer.headers.get_all(SET_COOKIE) {
            let (name, rest) = header
                .to_str()?
                .split_once('=')
                .context("a cookie without a name")?;
            let value = rest.split(';').next().unwrap_or_default();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Ok(answer)
    }

    /// Fetches a page; its text.
    async fn page(&mut self, path: &str) -> Result<String> {
        let answer = self.send(connection::get(path)?).await?;
        ensure!(answer.status == StatusCode::OK, "GET {path}: {answer}");
        Ok(answer.text().to_owned())
    }

    /// The fields of the sign-in form as this person fills them in.
    pub async fn sign_in_form(&mut self, path: &str, person: &Person) -> Result<Vec<(String, String)>> {
        let page = self.page(path).await?;
        let mut fields = hidden_fields(&page);
        fields.push(("login".to_owned(), person.login.clone()));
        fields.push(("password".to_owned(), person.password.clone()));
        Ok(fields)
    }

    /// Follows an authorization request, signing in and consenting where asked, until the answer is on its way to
    /// `redirect_uri`; the code in it.
    pub async fn authorize(&mut self, request: &str, redirect_uri: &str, person: &Person) -> Result<String> {
        let mut next = request.to_owned();
        for _ in 0..10 {
            if let Some(query) = next.strip_prefix(redirect_uri) {
                return Ok(code(query)
                    .with_context(|| format!("no code in {next}"))?
                    .to_owned());
            }
            let path = next.split('?').next().unwrap_or_default();
            let form = match path {
                "/signin" => Some(self.sign_in_form(&next, person).await?),
                "/oauth/consent" => {
                    let mut fields = hidden_fields(&self.page(&next).await?);
                    fields.push(("decision".to_owned(), "allow".to_owned()));
                    Some(fields)
                }
                _ => None,
            };
            let request = match form {
                Some(fields) => connection::post_form(path, &borrowed(&fields))?,
                None => connection::get(&next)?,
            };
            let answer = self.send(request).await?;
            ensure!(answer.status == StatusCode::SEE_OTHER, "{path}: {answer}");
            answer
                .header(&LOCATION)
                .context("a redirect to nowhere")?
                .clone_into(&mut next);
        }
        bail!("the authorization request goes in circles, at last at {next}")
    }
}

/// The code in the query of an authorization response.
pub fn code(query: &str) -> Option<&str> {
    let (_, rest) = query.split_once("code=")?;
    rest.split('&').next().filter(|code| !code.is_empty())
}

/// Pairs as the form serializer takes them.
pub fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

/// The hidden fields of a page that has one form to post.
fn hidden_fields(page: &str) -> Vec<(String, String)> {
    page.split("<input type=\"hidden\"")
        .skip(1)
        .filter_map(|rest| {
            let name = between(rest, "name=\"", "\"")?;
            Some((name.to_owned(), between(rest, "value=\"", "\"")?.to_owned()))
        })
        .collect()
}
