//! Attributes, as they are published (RFC 7643 §7), and documents checked by them.

mod check;
mod definitions;
mod publish;

pub use check::{Fresh, check, is_powerful};
pub use definitions::{ENTERPRISE, GROUP, GROUP_TYPE, USER, USER_TYPE, resource_types, schemas};
pub use publish::{publish_schema, publish_type};

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    String,
    /// Yes or no.
    Boolean,
    /// A whole number.
    Integer,
    /// A point in time.
    DateTime,
    /// An address of a resource, here or elsewhere.
    Reference,
    /// Made of other attributes.
    Complex,
}

/// Who may write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    /// The hub alone.
    ReadOnly,
    /// The client.
    ReadWrite,
    /// The client, when the value is made.
    Immutable,
}

/// An attribute.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whether it has many.
    pub multi: bool,
    /// Whether it must be there.
    pub required: bool,
    /// Whether upper and lower case differ.
    pub case_exact: bool,
    /// Who may write it.
    pub mutability: Mutability,
    /// `always`, or `default`.
    pub returned: &'static str,
    /// `none`, or `server`.
    pub uniqueness: &'static str,
    /// Values that are usual.
    pub canonical: &'static [&'static str],
    /// Kinds of resources that a reference is to.
    pub references: &'static [&'static str],
    /// What it is made of.
    pub parts: &'static [Attribute],
    /// For people.
    pub description: &'static str,
}

/// A set of attributes with a name.
#[derive(Debug)]
pub struct Schema {
    /// Its name.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// For people.
    pub description: &'static str,
    /// Its attributes.
    pub attributes: &'static [Attribute],
}

/// A kind of resource.
#[derive(Debug)]
pub struct ResourceType {
    /// `User` or `Group`.
    pub name: &'static str,
    /// Where they are, from `/scim/v2` on.
    pub endpoint: &'static str,
    /// For people.
    pub description: &'static str,
    /// The schema of its attributes.
    pub schema: &'static Schema,
    /// The schemas that may add to it.
    pub extensions: &'static [&'static Schema],
}

/// What every resource has besides, and the client may write.
pub const EXTERNAL_ID: Attribute = Attribute {
    case_exact: true,
    ..Attribute::text("externalId", "What the client calls it")
};
/// The name of a resource here.
pub const ID: Attribute = Attribute {
    case_exact: true,
    mutability: Mutability::ReadOnly,
    returned: "always",
    uniqueness: "server",
    ..Attribute::text("id", "What the resource is called here")
};
/// What the hub says of a resource.
pub const META: Attribute = Attribute {
    kind: Kind::Complex,
    mutability: Mutability::ReadOnly,
    parts: &[
        Attribute::text("resourceType", "The kind of resource"),
        Attribute {
            kind: Kind::DateTime,
            ..Attribute::text("created", "When it was made")
        },
        Attribute {
            kind: Kind::DateTime,
            ..Attribute::text("lastModified", "When it last changed")
        },
        Attribute {
            kind: Kind::Reference,
            case_exact: true,
            ..Attribute::text("location", "Where it is")
        },
        Attribute {
            case_exact: true,
            ..Attribute::text("version", "As which it is")
        },
    ],
    ..Attribute::text("meta", "What the hub says of the resource")
};

impl Attribute {
    /// Text that the client writes.
    pub const fn text(name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            kind: Kind::String,
            multi: false,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: "default",
            uniqueness: "none",
            canonical: &[],
            references: &[],
            parts: &[],
            description,
        }
    }

    /// A part by its name, in any case.
    pub fn part(&self, name: &str) -> Option<&'static Attribute> {
        self.parts.iter().find(|one| one.name.eq_ignore_ascii_case(name))
    }
}

impl ResourceType {
    /// An attribute of the type itself, or one that every resource has, by its name in any case.
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        const COMMON: &[Attribute] = &[ID, EXTERNAL_ID, META];
        self.schema
            .attributes
            .iter()
            .chain(COMMON)
            .find(|one| one.name.eq_ignore_ascii_case(name))
    }

    /// An extension by its name, in any case.
    pub fn extension(&self, id: &str) -> Option<&'static Schema> {
        self.extensions
            .iter()
            .copied()
            .find(|one| one.id.eq_ignore_ascii_case(id))
    }
}

impl Schema {
    /// An attribute by its name, in any case.
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes
            .iter()
            .find(|one| one.name.eq_ignore_ascii_case(name))
    }
}
