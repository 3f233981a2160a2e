//! Those who ask again and again.

use anyhow::{Context, Result, ensure};
use http::StatusCode;
use http::header::LOCATION;

use crate::bench::browser;
use crate::bench::connection::{Answer, Connection, Template};
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
        ensure!(answer.status == StatusCode::SEE_OTHER, "not a redirect: {answer}");
        let location = answer.header(&LOCATION).context("a redirect to nowhere")?;
        let code = browser::code(location).with_context(|| format!("no code in {location}"))?;
        let answer = self.connection.send(self.client.code_request(code)?).await?;
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
