//! What end-to-end tests share: a real server, a person with a browser, a relying party, and ways to break things.
//!
//! | module | holds |
//! |---|---|
//! | `server` | a `musubi` process of its own on a free port, its commands, what it printed |
//! | `backend` | its databases: files, or a fresh database on PostgreSQL and Redis |
//! | `secrets` | everything that must never be printed; searched for when the server goes |
//! | `actor` | a person with a browser that has cookies and no scripts |
//! | `certificates` | an authority and those that it vouches for |
//! | `html` | the forms of a page |
//! | `party` | a relying party written by hand: PKCE, tokens, signatures |
//! | `mail` | a mail server that keeps what it is given |
//! | `realm` | one of several realms of a server |
//! | `receiver` | a place of a relying party that is sent things |
//! | `rsa` | an RSA key of a client, which signs with either padding |
//! | `site` | a web site of somebody outside |
//! | `proxy` | a TCP connection that can be cut |
//! | `app` | an app that shows one-time codes |
//! | `service` | a service that calls the hub's own API |
//! | `tools` | programs from outside, each with a clear word if it is not there |
//!
//! The server is a black box: nothing here imports its crates.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail loudly, and what stands outside the hub keeps its own time"
)]

pub mod actor;
pub mod app;
pub mod backend;
pub mod certificates;
pub mod html;
pub mod mail;
pub mod party;
pub mod proxy;
pub mod realm;
pub mod receiver;
pub mod rsa;
pub mod secrets;
pub mod server;
pub mod service;
pub mod site;
pub mod tools;

pub use actor::{Actor, Page, Person};
pub use app::App;
pub use backend::Backend;
pub use mail::{Mail, MailSink};
pub use party::{Party, Reply};
pub use proxy::Proxy;
pub use realm::Realm;
pub use receiver::Receiver;
pub use rsa::RsaKey;
pub use secrets::Secrets;
pub use server::{Options, Server};
pub use service::{Answered, Service};
