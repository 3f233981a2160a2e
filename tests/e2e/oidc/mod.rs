//! What the modules of the OpenID Foundation's conformance suite check, as tests of our own, so that the build shows it
//! without the suite. A file is a group of modules; each test names the modules whose checks it makes. What a module
//! checks and another folder's test shows already is not repeated: `conformance/plans/MODULES.md` has the map.

mod answers;
mod code_flow;
mod dynamic;
mod hints;
mod languages;
mod prompts;
mod rp_logout;
mod scopes;
