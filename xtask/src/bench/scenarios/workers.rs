//! Those who ask again and again.

use anyhow::{Context, Result, ensure};
use http::header::{COOKIE, LOCATION};
use http::{HeaderValue, StatusCode};

use crate::bench::browser;
use crate::bench::connection::{self, Answer, Connection, Template};
use crate::bench::dpop::Prover;
use crate::bench::load::{Step, Worker};
use crate::bench::parties::Client;

/// Sends one request again and again.
pub(super) struct Repeat {
    connection: Connection,
    request: Template,
    right: fn(&Answer) -> bool,
}

impl Repeat {
    pub(super) fn boxed(
        connection: Connection,
        request: Template,
        right: fn(&Answer) -> bool,
    ) -> Box<dyn Worker> {
        Box::new(Self {
            connection,
            request,
            right,
        })
    }
}

impl Worker for Repeat {
    fn step(&mut self) -> Step<'_> {
        Box::pin(async {
            let answer = self.connection.send(self.request.clone()).await?;
            ensure!((self.right)(&answer), "a wrong answer: {answer}");
            Ok(())
        })
    }
}

/// Two requests a step: for a code, and for the tokens that it gives.
pub(super) struct CodeFlow {
    pub(super) connection: Connection,
    pub(super) authorization: Template,
    pub(super) client: Client,
}

impl CodeFlow {
    async fn flow(&mut self) -> Result<()> {
        let answer = self.connection.send(self.authorization.clone()).await?;
        let redemption = self.client.code_request(code_in(&answer)?)?;
        let answer = self.connection.send(redemption).await?;
        ensure!(
            answer.status == StatusCode::OK,
            "the code was not taken: {answer}"
        );
        answer.member("id_token")?;
        answer.member("access_token")?;
        Ok(())
    }
}

impl Worker for CodeFlow {
    fn step(&mut self) -> Step<'_> {
        Box::pin(self.flow())
    }
}

/// Three requests a step: the request pushed, opened by its reference for a code, and the code redeemed with a proof of
/// the key that it is bound to.
pub(super) struct PushedFlow {
    pub(super) connection: Connection,
    pub(super) client: Client,
    pub(super) cookies: HeaderValue,
    pub(super) prover: Prover,
}

impl PushedFlow {
    async fn flow(&mut self) -> Result<()> {
        let pushed = self.client.pushed_request(self.prover.thumbprint())?;
        let answer = self.connection.send(pushed).await?;
        ensure!(
            answer.status == StatusCode::CREATED,
            "the request was not taken: {answer}"
        );
        let path = self.client.by_reference(answer.member("request_uri")?);
        let mut authorization = connection::get(&path)?;
        authorization.headers_mut().insert(COOKIE, self.cookies.clone());
        let answer = self.connection.send(authorization).await?;
        let mut redemption = self.client.code_request(code_in(&answer)?)?;
        redemption.headers_mut().insert("dpop", self.prover.prove()?);
        let answer = self.connection.send(redemption).await?;
        ensure!(
            answer.status == StatusCode::OK,
            "the code was not taken: {answer}"
        );
        ensure!(
            answer.member("token_type")? == "DPoP",
            "not bound to the key: {answer}"
        );
        answer.member("id_token")?;
        answer.member("access_token")?;
        Ok(())
    }
}

impl Worker for PushedFlow {
    fn step(&mut self) -> Step<'_> {
        Box::pin(self.flow())
    }
}

/// The code in an authorization response.
fn code_in(answer: &Answer) -> Result<&str> {
    ensure!(answer.status == StatusCode::SEE_OTHER, "not a redirect: {answer}");
    let location = answer.header(&LOCATION).context("a redirect to nowhere")?;
    browser::code(location).with_context(|| format!("no code in {location}"))
}

/// Offers the refresh token that the last answer gave.
pub(super) struct RefreshChain {
    pub(super) connection: Connection,
    pub(super) client: Client,
    pub(super) token: String,
}

impl RefreshChain {
    async fn refresh(&mut self) -> Result<()> {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", self.token.as_str()),
        ];
        let answer = self.connection.send(self.client.token_request(&fields)?).await?;
        ensure!(
            answer.status == StatusCode::OK,
            "the refresh token was not taken: {answer}"
        );
        answer.member("access_token")?;
        answer.member("refresh_token")?.clone_into(&mut self.token);
        Ok(())
    }
}

impl Worker for RefreshChain {
    fn step(&mut self) -> Step<'_> {
        Box::pin(self.refresh())
    }
}
