//! What administrators see in a browser: a single-page application, embedded into the binary.
//!
//! It has no content yet. Until it has, administrators use the command line and `/api/v1`.
