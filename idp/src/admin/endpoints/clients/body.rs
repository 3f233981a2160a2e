//! The body that makes or changes a client.

use garde::Validate;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::admin::Refusal;
use crate::admin::endpoints::desk::Rules;
use crate::oauth::clients::{Metadata, NotDescribed, Standing, described};

/// What the body of [`NewClient`] has, for the description of the API.
#[derive(ToSchema)]
#[schema(as = NewClient)]
#[expect(dead_code, reason = "it describes the body, which is read as a map")]
pub(super) struct NewClientBody {
    #[serde(flatten)]
    metadata: Metadata,
    #[serde(flatten)]
    standing: Standing,
}

/// A client to be registered or changed: the members of [`Metadata`] and [`Standing`], and no others. What is left out gets
/// the standards' default.
#[derive(Debug, Deserialize, Validate)]
#[serde(transparent)]
#[garde(allow_unvalidated)]
pub(super) struct NewClient(Map<String, Value>);

impl Rules for NewClient {
    const RULES: &'static str =
        "Members are those of client metadata that this API describes, with values of their types.";
}

impl NewClient {
    /// The metadata, and what is said of the client if anything is.
    pub(super) fn parts(self, secure: bool) -> Result<(Metadata, Option<Standing>), Refusal> {
        described(self.0, secure).map_err(|error| match error {
            NotDescribed::Unknown => Refusal::invalid("body.member", Self::RULES),
            NotDescribed::Invalid(error) => error.into(),
        })
    }
}
