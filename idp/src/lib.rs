//! People, numbers, consent, access, log, credentials, sessions, sign-in, OAuth and OpenID: one folder a capability.
//!
//! | folder | holds |
//! |---|---|
//! | `access` | the one decision: who may do what with whose data |
//! | `admin` | the hub's own API |
//! | `account` | what a person sees of themselves |
//! | `browsers` | in which people have signed in before |
//! | `calendar` | a person's appointments in their own calendar program |
//! | `consent` | what people allow and forbid with their data |
//! | `contracts` | what people agreed with operators |
//! | `contact` | how people want to be reached, and the gate of all that is sent |
//! | `credentials` | passwords, and the links with which they are set |
//! | `email` | showing that an address is one's own |
//! | `erasure` | destroying all that is somebody's |
//! | `events` | what peers have to hear of a person |
//! | `expiry` | the deletion of what is over |
//! | `factors` | codes by an app, passkeys, recovery codes |
//! | `fhir` | resources of FHIR over HTTP: consents |
//! | `http` | how a request becomes a [`http::Call`], and how pages are sent |
//! | `log` | the access log |
//! | `mail` | letters to people, and the outbox that sends them |
//! | `notices` | what a person is told by every channel |
//! | `numbers` | the IDs that people read out loud |
//! | `oauth` | the authorization server and OpenID Provider |
//! | `pages` | views, templates, texts and assets |
//! | `people` | persons, the names that point to them, their profiles |
//! | `realms` | whose users they are |
//! | `recovery` | ways back into an account |
//! | `scim` | an organisation's own system keeps its staff |
//! | `sessions` | who is signed in where |
//! | `signin` | signing in and out |
//! | `signup` | people make accounts for themselves, where they may |
//! | `staff` | organisations, who works there, who administers what |
//! | `takeout` | all that is kept about somebody, for them to take away |
//! | `telephone` | showing that a telephone number is one's own |
//! | `ties` | who is whose family, and what they may do for each other |

pub mod access;
pub mod account;
pub mod admin;
pub mod browsers;
pub mod calendar;
pub mod consent;
pub mod contact;
pub mod contracts;
pub mod credentials;
pub mod email;
pub mod erasure;
pub mod events;
pub mod expiry;
pub mod factors;
pub mod fhir;
pub mod http;
pub mod hub;
pub mod ids;
pub mod log;
pub mod mail;
pub mod notices;
pub mod numbers;
pub mod oauth;
pub mod pages;
pub mod people;
pub mod realms;
pub mod recovery;
pub mod scim;
pub mod sessions;
pub mod signin;
pub mod signup;
pub mod staff;
pub mod takeout;
pub mod telephone;
#[cfg(test)]
mod testing;
pub mod ties;

pub use http::api::router;
