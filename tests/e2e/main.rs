//! End-to-end tests: each drives the real `musubi` binary from outside, or holds a rule of the house.
//!
//! One test program, so that it links once. A capability is a file: `mod sign_in;` is tests/e2e/sign_in.rs.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail loudly, and what stands outside the hub keeps its own time"
)]

mod access_log;
mod access_tokens;
mod api;
mod attacks;
mod authorization;
mod backchannel;
mod bad_input;
mod bindings;
mod browsers;
mod certificates;
mod client_keys;
mod client_policies;
mod client_standing;
mod consents;
mod contracts;
mod details;
mod device;
mod discovery;
mod dpop;
mod durability;
mod exchange;
mod factors;
mod family_recovery;
mod fapi;
mod fapi_tokens;
mod flow_states;
mod house;
mod introspection;
mod log_coverage;
mod log_tree;
mod logout;
mod mail;
mod nodes;
mod oidc;
mod pages;
mod parties;
mod passwords;
mod people;
mod realm_settings;
mod recovery;
mod registration;
mod registration_rules;
mod requests;
mod resources;
mod scim;
mod sign_in;
mod sign_up;
mod staff;
mod telemetry;
mod time;
mod tokens;

use harness::{Backend, Options, Server};

/// A hub that whoever waits for a person may ask every second; `more` of its section `tokens`, and other sections.
async fn polled(backend: Backend, more: &str) -> Server {
    let options = Options {
        configuration: format!("[tokens]\ndevice_interval_seconds = 1\n{more}"),
        ..Options::default()
    };
    Server::start_with(backend, options).await
}
