//! Conventions of HTTP that every surface shares: parameters, cookies, who is calling, problems, headers.

mod cookies;
mod origin;
mod parameters;
mod problem;
mod request;

pub use cookies::{Cookies, SetCookie};
pub use origin::{AmbiguousHost, Origin, TrustedProxies};
pub use parameters::{Parameters, ParametersError};
pub use problem::Problem;
pub use request::{RequestId, frame};
