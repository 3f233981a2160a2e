//! Words for `authorization_details` (RFC 9396): all that a client asks for is said, and nothing else.

use super::Texts;
use super::access_words::{depth, kind, purpose};
use super::consent::ScopeLine;
use crate::oauth::authorization_details::{AuthorizationDetail, AuthorizationDetails, HealthRecord};

/// A line for each.
pub(super) fn lines<'a>(
    texts: &Texts,
    details: Option<&AuthorizationDetails>,
    whose: Option<&str>,
) -> Result<Vec<ScopeLine<'a>>, askama::Error> {
    let all = details.into_iter().flat_map(AuthorizationDetails::iter);
    all.map(|detail| match detail {
        AuthorizationDetail::HealthRecord(record) => health_record(texts, record, whose),
    })
    .collect()
}

fn health_record<'a>(
    texts: &Texts,
    record: &HealthRecord,
    whose: Option<&str>,
) -> Result<ScopeLine<'a>, askama::Error> {
    let kinds = record.datatypes.iter().map(|one| kind(texts, *one));
    let kinds = kinds.collect::<Result<Vec<_>, _>>()?;
    let kinds = kinds.join(&texts.say("detail-kind-separator")?);
    let sentences = [depth(texts, record.depth)?, purpose(texts, record.purpose)?];
    let detail = sentences.join(&texts.say("detail-sentence-separator")?);
    Ok(ScopeLine {
        title: match whose {
            None => texts.with("detail-health-record", "kinds", kinds.as_str())?,
            Some(name) => texts.with("detail-whose", "name", name)? + &kinds,
        },
        detail,
        code: None,
    })
}
