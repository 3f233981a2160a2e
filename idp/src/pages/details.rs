//! Words for `authorization_details` (RFC 9396): all that a client asks for is said, and nothing else.

use super::Texts;
use super::consent::ScopeLine;
use crate::oauth::authorization_details::{
    AuthorizationDetail, AuthorizationDetails, Depth, HealthRecord, Kind, Purpose,
};

/// A line for each.
pub(super) fn lines<'a>(
    texts: &Texts,
    details: Option<&AuthorizationDetails>,
) -> Result<Vec<ScopeLine<'a>>, askama::Error> {
    let all = details.into_iter().flat_map(AuthorizationDetails::iter);
    all.map(|detail| match detail {
        AuthorizationDetail::HealthRecord(record) => health_record(texts, record),
    })
    .collect()
}

fn health_record<'a>(texts: &Texts, record: &HealthRecord) -> Result<ScopeLine<'a>, askama::Error> {
    let kinds = record.datatypes.iter().map(|one| kind(texts, *one));
    let kinds = kinds.collect::<Result<Vec<_>, _>>()?;
    let kinds = kinds.join(&texts.say("detail-kind-separator")?);
    let sentences = [depth(texts, record.depth)?, purpose(texts, record.purpose)?];
    let detail = sentences.join(&texts.say("detail-sentence-separator")?);
    Ok(ScopeLine {
        title: texts.with("detail-health-record", "kinds", kinds.as_str())?,
        detail,
        code: None,
    })
}

fn kind(texts: &Texts, kind: Kind) -> Result<String, askama::Error> {
    match kind {
        Kind::Vitals => texts.say("detail-kind-vitals"),
        Kind::Exercise => texts.say("detail-kind-exercise"),
        Kind::DailyLife => texts.say("detail-kind-daily-life"),
        Kind::Meals => texts.say("detail-kind-meals"),
        Kind::Prescriptions => texts.say("detail-kind-prescriptions"),
        Kind::Conditions => texts.say("detail-kind-conditions"),
    }
}

fn depth(texts: &Texts, depth: Depth) -> Result<String, askama::Error> {
    match depth {
        Depth::Aggregate => texts.say("detail-depth-aggregate"),
        Depth::Daily => texts.say("detail-depth-daily"),
        Depth::Values => texts.say("detail-depth-values"),
        Depth::Everything => texts.say("detail-depth-everything"),
    }
}

fn purpose(texts: &Texts, purpose: Purpose) -> Result<String, askama::Error> {
    match purpose {
        Purpose::Care => texts.say("detail-purpose-care"),
        Purpose::Wellness => texts.say("detail-purpose-wellness"),
        Purpose::Research => texts.say("detail-purpose-research"),
    }
}
