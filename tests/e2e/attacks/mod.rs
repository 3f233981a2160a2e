//! Attacks, a file a class: each is tried on the running hub as somebody who means it would try it.
//!
//! | file | class |
//! |---|---|
//! | `redirect_uri` | redirect URI tricks |
//! | `mix_up` | mix-up of authorization servers (RFC 9207, RFC 9700 §4.4) |
//! | `code_injection` | a stolen code in another session, client or flow (RFC 9700 §4.5) |
//! | `pkce_downgrade` | PKCE taken away or weakened (RFC 9700 §4.8.2) |
//! | `csrf` | forms of other sites: sign-in, sign-out, and every other form |
//! | `clickjacking` | pages in frames of other sites |
//! | `session_fixation` | a session that the attacker knows before |
//! | `cross_realm` | what one realm hands out, in another |
//! | `confusion` | a thing of one kind offered as another |
//! | `pollution` | parameters twice, in two places, as arrays |
//! | `json` | JSON that is too large, too deep, or says a thing twice |
//! | `jwe_bombs` | encrypted objects that cost more than they weigh |
//! | `kid` | signatures that say which key to believe |
//! | `open_redirectors` | addresses that the hub would send a browser to |
//! | `header_injection` | line breaks on their way into headers of answers and letters |
//! | `brute_force` | second factors guessed across sessions |
//! | `enumeration` | who has an account, by wording or by time |
//! | `injection` | text on its way into pages and logs |
//!
//! `kinds` makes one of everything that opens something; `sources` reads from the sources what there is, so that what is
//! added later is not forgotten.

mod brute_force;
mod clickjacking;
mod code_injection;
mod confusion;
mod cross_realm;
mod csrf;
mod enumeration;
mod header_injection;
mod injection;
mod json;
mod jwe_bombs;
mod kid;
mod kinds;
mod mix_up;
mod open_redirectors;
mod pkce_downgrade;
mod pollution;
mod redirect_uri;
mod session_fixation;
pub(crate) mod sources;
