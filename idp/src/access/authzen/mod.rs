//! Services ask for decisions (OpenID AuthZEN, Authorization API 1.0; requirement P8).
//!
//! | route | what |
//! |---|---|
//! | `/.well-known/authzen-configuration` | where to ask (§9) |
//! | `/access/v1/evaluation` | one question (§6) |
//! | `/access/v1/evaluations` | many (§7) |
//! | `/access/v1/search/subject`, `…/resource`, `…/action` | who may, whose, what (§8) |
//!
//! **Names.** A `subject` is a `person` (by number), a `client` (by `client_id`) or an `access_token` (the token itself,
//! which then limits the answer to what it reaches). A `resource` is a kind of data as `type`, and the person whose it is,
//! by number, as `id`; its `properties` may have `depth`, `from` and `until`. An action's `name` is one of
//! [`Action`](super::Action), `context.purpose` one of [`Purpose`](super::Purpose), or the HL7 code of one; without it the
//! purpose is the person's own.
//!
//! **Who may ask.** A client by itself, with the scope `musubi:access.evaluate`, that shows its access token. A person's
//! token asks nothing here, whatever it carries.
//!
//! Invariants: every decision is on record before it is answered, with who, what and what allowed it; what there is not is
//! answered as what is not allowed; a search gives only what an evaluation would permit, and counts nothing else.

mod endpoints;
mod model;
mod resolve;

pub use endpoints::router;
