//! Whose subjects a client sees: its sector (OpenID Connect Core 1.0 §8.1, OpenID Connect Registration 1.0 §5).
//!
//! The sector is the host of `sector_identifier_uri`, whose document named every redirect URI when the client registered,
//! or else the one host that all redirect URIs share.

use url::Url;

use super::uris::is_callable;
use super::{InvalidMetadata, Metadata, SubjectType};

impl Metadata {
    /// The host that pairwise subjects are computed for.
    pub fn sector(&self) -> Option<String> {
        if let Some(uri) = &self.sector_identifier_uri {
            return host(uri);
        }
        let first = self.redirect_uris.first().and_then(|uri| host(uri))?;
        self.redirect_uris
            .iter()
            .all(|uri| host(uri).as_ref() == Some(&first))
            .then_some(first)
    }

    /// Whether subjects under `other` are the same: a client that changed its sector would learn the subjects of
    /// another (OpenID Connect Core 1.0 §8.1).
    pub fn has_same_subjects(&self, other: &Self) -> bool {
        self.subject_type == other.subject_type
            && (self.subject_type == SubjectType::Public || self.sector() == other.sector())
    }

    /// Whether the document behind `sector_identifier_uri` names every redirect URI (OpenID Connect Registration 1.0 §5).
    pub fn is_in_sector(&self, document: &[u8]) -> bool {
        let named: Vec<String> = serde_json::from_slice(document).unwrap_or_default();
        self.redirect_uris.iter().all(|uri| named.contains(uri))
    }

    pub(super) fn check_sector(&self, secure: bool) -> Result<(), InvalidMetadata> {
        if let Some(uri) = &self.sector_identifier_uri
            && !is_callable(uri, secure)
        {
            return Err(InvalidMetadata::Other("sector_identifier_uri is an https URL"));
        }
        if self.subject_type == SubjectType::Pairwise && self.sector().is_none() {
            return Err(InvalidMetadata::Other(
                "pairwise subjects need redirect URIs on one host, or sector_identifier_uri",
            ));
        }
        Ok(())
    }
}

fn host(uri: &str) -> Option<String> {
    Url::parse(uri).ok()?.host_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pairwise_subjects_need_one_sector() {
        let two = json!({"redirect_uris": ["https://a.example/", "https://b.example/"], "subject_type": "pairwise"});
        assert!(Metadata::from_json(&two, false).is_err());
        let one = json!({"redirect_uris": ["https://a.example/1", "https://a.example/2"], "subject_type": "pairwise"});
        let one = Metadata::from_json(&one, false).unwrap();
        assert_eq!(one.sector().as_deref(), Some("a.example"));
        let named = json!({"redirect_uris": ["https://a.example/", "https://b.example/"], "subject_type": "pairwise",
            "sector_identifier_uri": "https://sector.example/redirects"});
        let named = Metadata::from_json(&named, false).unwrap();
        assert_eq!(named.sector().as_deref(), Some("sector.example"));
        assert!(!named.has_same_subjects(&one));
    }

    #[test]
    fn a_sector_is_left_by_one_redirect_uri_that_its_document_does_not_name() {
        let metadata = json!({"redirect_uris": ["https://a.example/", "https://b.example/"],
            "sector_identifier_uri": "https://sector.example/redirects"});
        let metadata = Metadata::from_json(&metadata, false).unwrap();
        for (document, inside) in [
            (
                r#"["https://b.example/","https://c.example/","https://a.example/"]"#,
                true,
            ),
            (r#"["https://a.example/"]"#, false),
            (r#"["https://a.example/","https://b.example"]"#, false),
            (r#"["https://a.example/","https://B.example/"]"#, false),
            (r#"{"0":"https://a.example/","1":"https://b.example/"}"#, false),
            (r#""https://a.example/ https://b.example/""#, false),
            ("[]", false),
            ("", false),
        ] {
            assert_eq!(metadata.is_in_sector(document.as_bytes()), inside, "{document}");
        }
    }
}
