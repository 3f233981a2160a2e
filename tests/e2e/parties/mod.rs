//! Relying parties that nobody here wrote sign a person in, on each backend.

mod apache;
mod authlib;
mod jose;
mod openid_client;
mod openidconnect;

use std::process::Command;

use harness::tools;
use serde_json::Value;

/// One step of a script: JSON in, JSON out.
fn step(mut command: Command, given: &Value) -> Value {
    let text = tools::run(&mut command, &given.to_string());
    serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{command:?} printed no JSON ({error}): {text}"))
}
