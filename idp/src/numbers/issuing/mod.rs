//! Namespaces of numbers, and the blocks issued from them (H1.1, H1.2, H1.5).

mod store;

pub(super) use store::owner_of;
pub use store::{
    Issue, NewNamespace, blocks, create_default_namespaces, create_namespace, issue, locate, namespace,
    namespaces, set_reissue,
};
