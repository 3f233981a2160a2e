//! Reading the sources, naming what is wrong with them.

use std::path::{Path, PathBuf};

use config::{Config, Environment, File, FileFormat};
use serde_json::Value;

use super::{SecretUrl, Settings};

/// The configuration cannot be used. The text says what to change.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A source cannot be read or parsed.
    #[error("the configuration cannot be read: {0}")]
    Unreadable(#[from] config::ConfigError),
    /// A key that does not exist.
    #[error("the configuration has no key `{key}`{}", nearest.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    UnknownKey {
        /// The key as it was given, with its section.
        key: String,
        /// The nearest key that exists.
        nearest: Option<String>,
    },
    /// A value of the wrong type or form.
    #[error("the configuration has a value that does not fit: {0}")]
    Invalid(#[from] serde_json::Error),
    /// A file that holds a secret cannot be read.
    #[error("the file {} that the configuration names cannot be read: {source}", path.display())]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Reads defaults, then `file` (which must exist if named; otherwise `musubi.toml` is read where it exists), then the
/// environment.
pub fn load(file: Option<&Path>) -> Result<Settings, ConfigError> {
    let source = match file {
        Some(path) => File::from(path).format(FileFormat::Toml),
        None => File::new("musubi.toml", FileFormat::Toml).required(false),
    };
    let environment = Environment::with_prefix("MUSUBI")
        .prefix_separator("__")
        .separator("__")
        .try_parsing(true)
        .list_separator(",")
        .with_list_parse_key("ntp.servers")
        .with_list_parse_key("outbound.allow")
        .with_list_parse_key("server.trusted_proxies");
    let given: Value = Config::builder()
        .add_source(source)
        .add_source(environment)
        .build()?
        .try_deserialize()?;
    read(given)
}

fn read(given: Value) -> Result<Settings, ConfigError> {
    refuse_unknown("", &given, &serde_json::to_value(Settings::default())?)?;
    let mut settings: Settings = serde_json::from_value(given)?;
    resolve(&mut settings.database.url, settings.database.url_file.as_deref())?;
    resolve(&mut settings.log.url, settings.log.url_file.as_deref())?;
    resolve(&mut settings.redis.url, settings.redis.url_file.as_deref())?;
    resolve(&mut settings.smtp.url, settings.smtp.url_file.as_deref())?;
    Ok(settings)
}

fn resolve(url: &mut Option<SecretUrl>, file: Option<&Path>) -> Result<(), ConfigError> {
    if let Some(path) = file {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::SecretFile {
            path: path.to_owned(),
            source,
        })?;
        *url = Some(SecretUrl::new(text.trim().to_owned()));
    }
    Ok(())
}

fn refuse_unknown(section: &str, given: &Value, known: &Value) -> Result<(), ConfigError> {
    let (Some(given), Some(known)) = (given.as_object(), known.as_object()) else {
        return Ok(());
    };
    for (key, value) in given {
        let path = |key: &str| {
            if section.is_empty() {
                key.to_owned()
            } else {
                format!("{section}.{key}")
            }
        };
        let Some(inner) = known.get(key) else {
            let nearest = known
                .keys()
                .min_by_key(|candidate| strsim::damerau_levenshtein(candidate, key));
            return Err(ConfigError::UnknownKey {
                key: path(key),
                nearest: nearest.map(|near| path(near)),
            });
        };
        refuse_unknown(&path(key), value, inner)?;
    }
    Ok(())
}

/// The JSON schema of the configuration file.
pub fn schema() -> Value {
    schemars::schema_for!(Settings).to_value()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_name() {
        let error = read(json!({"server": {"lisen": "127.0.0.1:1"}})).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the configuration has no key `server.lisen`; did you mean `server.listen`?"
        );
        let error = read(json!({"sever": {}})).unwrap_err();
        assert!(error.to_string().contains("`server`"));
    }

    #[test]
    fn a_value_of_the_wrong_type_is_refused() {
        assert!(matches!(
            read(json!({"session": {"idle_minutes": "soon"}})),
            Err(ConfigError::Invalid(_))
        ));
    }

    #[test]
    fn a_secret_comes_from_its_file_and_never_prints() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "postgres://u:hush@127.0.0.1/x\n").unwrap();
        let settings = read(json!({"database": {"url_file": file.path()}})).unwrap();
        assert_eq!(
            settings.database.url.as_ref().unwrap().expose(),
            "postgres://u:hush@127.0.0.1/x"
        );
        assert!(!format!("{settings:?}").contains("hush"));
        assert!(!serde_json::to_string(&settings).unwrap().contains("hush"));
    }

    #[test]
    fn the_published_schema_is_the_one_of_this_version() {
        let published: Value =
            serde_json::from_str(include_str!("../../../conformance/config.schema.json")).unwrap();
        let current = schema();
        assert_eq!(
            published, current,
            "run `musubi config schema > conformance/config.schema.json`:\n{current:#}"
        );
    }

    #[test]
    fn the_schema_names_every_section_and_refuses_other_keys() {
        let schema = schema();
        for section in serde_json::to_value(Settings::default())
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
        {
            assert!(schema["properties"].get(section).is_some(), "{section}");
        }
        assert_eq!(schema["additionalProperties"], json!(false));
    }
}
