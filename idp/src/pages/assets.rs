//! The style sheet, the marks and the script of passkeys, compiled in, under names that change with their content.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "assets"]
struct Files;

/// An embedded file as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// The content.
    pub bytes: Cow<'static, [u8]>,
    /// Value of `Content-Type`.
    pub content_type: &'static str,
    /// Value of `ETag`, with its quotation marks. Under one name the content never changes.
    pub etag: String,
}

/// The files that the pages use.
pub struct Assets;

struct Index {
    by_name: BTreeMap<String, String>,
    by_path: BTreeMap<String, Asset>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index {
        by_name: BTreeMap::new(),
        by_path: BTreeMap::new(),
    };
    for name in Files::iter() {
        let (Some(file), Some((stem, extension))) = (Files::get(&name), name.rsplit_once('.')) else {
            continue;
        };
        let mut hash = String::with_capacity(16);
        for byte in file.metadata.sha256_hash().iter().take(8) {
            // Writing to a string does not fail.
            let _ = write!(hash, "{byte:02x}");
        }
        let path = format!("{stem}.{hash}.{extension}");
        index.by_name.insert(name.to_string(), format!("/assets/{path}"));
        let content_type = content_type(extension);
        index.by_path.insert(
            path,
            Asset {
                bytes: file.data,
                content_type,
                etag: format!("\"{hash}\""),
            },
        );
    }
    index
});

impl Assets {
    /// The file at `/assets/` followed by `path`, a name with its hash; `None` for any other path.
    pub fn get(path: &str) -> Option<&'static Asset> {
        INDEX.by_path.get(path)
    }

    /// The address of the file called `name`, for example `/assets/musubi.0123456789abcdef.css` for `musubi.css`.
    pub fn url(name: &str) -> Option<&'static str> {
        INDEX.by_name.get(name).map(String::as_str)
    }
}

fn content_type(extension: &str) -> &'static str {
    match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::{Assets, INDEX};

    #[test]
    fn every_file_is_found_at_its_address_and_only_there() {
        assert!(INDEX.by_name.len() >= 3);
        for (name, url) in &INDEX.by_name {
            let asset = Assets::get(url.strip_prefix("/assets/").unwrap()).unwrap();
            assert!(!asset.bytes.is_empty());
            assert_ne!(asset.content_type, "application/octet-stream", "{name}");
            assert_eq!(Assets::get(name), None);
        }
        assert_eq!(Assets::get("../Cargo.toml"), None);
        assert_eq!(Assets::get(""), None);
    }

    #[test]
    fn no_asset_leads_away_from_this_host_or_carries_a_script() {
        for asset in INDEX.by_path.values() {
            let text = std::str::from_utf8(&asset.bytes).unwrap();
            for forbidden in [
                "@import",
                "url(",
                "<script",
                "<style",
                "style=",
                "href=",
                "javascript:",
            ] {
                assert!(!text.contains(forbidden), "{forbidden}");
            }
        }
    }
}
