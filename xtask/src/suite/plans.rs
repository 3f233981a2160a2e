//! Which runs there are, and the plan configurations with their placeholders.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

/// The placeholders of the first static client: its id, its keys, its certificate and the key of that.
pub const FIRST: [&str; 4] = [
    "client_id",
    "client_jwks",
    "client_certificate",
    "client_certificate_key",
];

/// The same of the second.
pub const SECOND: [&str; 4] = [
    "client2_id",
    "client2_jwks",
    "client2_certificate",
    "client2_certificate_key",
];

/// A run of a plan, as plans.toml says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// What people call it.
    pub name: String,
    /// The configuration, if it is not named as the run.
    file: Option<String>,
    /// The suite's name of the plan.
    pub plan: String,
    /// What is chosen for the whole plan.
    pub variant: BTreeMap<String, String>,
    /// What its static clients are, as an administrator describes them.
    pub client: Option<Value>,
    /// Whether these clients show certificates of their own.
    #[serde(default)]
    shows_certificates: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    run: Vec<Run>,
}

/// Reads plans.toml.
pub fn load() -> Result<Vec<Run>> {
    let path = conformance::directory().join("plans/plans.toml");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(toml::from_str::<File>(&text)?.run)
}

impl Run {
    /// The plan configuration as it lies there.
    pub fn configuration(&self) -> Result<Value> {
        let file = self.file.as_ref().unwrap_or(&self.name);
        let path = conformance::directory().join(format!("plans/{file}.json"));
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let mut configuration: Value =
            serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        if let (true, Value::Object(members)) = (self.shows_certificates, &mut configuration) {
            for (name, [.., certificate, key]) in [("mtls", FIRST), ("mtls2", SECOND)] {
                let shown = json!({"cert": format!("{{{certificate}}}"), "key": format!("{{{key}}}")});
                members.insert(name.to_owned(), shown);
            }
        }
        Ok(configuration)
    }
}

/// Puts values in place of `{name}`. A string that is nothing else becomes the value, whatever its type.
pub fn fill(template: Value, values: &BTreeMap<&str, Value>) -> Result<Value> {
    Ok(match template {
        Value::String(text) => filled(text, values)?,
        Value::Array(items) => {
            let items: Result<Vec<Value>> = items.into_iter().map(|item| fill(item, values)).collect();
            Value::Array(items?)
        }
        Value::Object(members) => {
            let mut object = serde_json::Map::new();
            for (name, member) in members {
                object.insert(name, fill(member, values)?);
            }
            Value::Object(object)
        }
        other => other,
    })
}

fn filled(text: String, values: &BTreeMap<&str, Value>) -> Result<Value> {
    let mut out = text;
    for (name, value) in values {
        let placeholder = format!("{{{name}}}");
        if out == placeholder {
            return Ok(value.clone());
        }
        if let Value::String(value) = value {
            out = out.replace(&placeholder, value);
        }
    }
    // The suite's own placeholders of a request that it approves stay.
    let own = out.replace("{auth_req_id}", "").replace("{action}", "");
    if own.contains('{') {
        bail!("{out} has a placeholder that nothing fills");
    }
    Ok(Value::String(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_has_a_configuration_whose_placeholders_are_all_known() {
        let known = [
            "alias",
            "answers",
            "issuer",
            "suite",
            "login",
            "password",
            "initial_access_token",
        ];
        let all = known.into_iter().chain(FIRST).chain(SECOND);
        let values: BTreeMap<&str, Value> = all.map(|name| (name, json!("x"))).collect();
        for run in load().unwrap() {
            fill(run.configuration().unwrap(), &values).unwrap();
        }
    }

    #[test]
    fn a_placeholder_that_stands_alone_becomes_an_object() {
        let values = BTreeMap::from([("a", json!("x")), ("keys", json!({"keys": []}))]);
        let filled = fill(json!({"k": "{keys}", "t": ["{a}/b{a}"]}), &values).unwrap();
        assert_eq!(filled, json!({"k": {"keys": []}, "t": ["x/bx"]}));
        assert!(fill(json!("{unknown}"), &values).is_err());
    }
}
