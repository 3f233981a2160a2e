//! The schemas and kinds of resources that there are here (RFC 7643 §4, §6, §7). An attribute that nobody keeps is not
//! among them.

use super::{Attribute, Kind, Mutability, ResourceType, Schema};

const fn boolean(name: &'static str, description: &'static str) -> Attribute {
    Attribute {
        kind: Kind::Boolean,
        ..Attribute::text(name, description)
    }
}

const fn many(name: &'static str, parts: &'static [Attribute], description: &'static str) -> Attribute {
    Attribute {
        kind: Kind::Complex,
        multi: true,
        parts,
        ..Attribute::text(name, description)
    }
}

const fn read_only(attribute: Attribute) -> Attribute {
    Attribute {
        mutability: Mutability::ReadOnly,
        ..attribute
    }
}

const fn immutable(attribute: Attribute) -> Attribute {
    Attribute {
        mutability: Mutability::Immutable,
        ..attribute
    }
}

const fn required(attribute: Attribute) -> Attribute {
    Attribute {
        required: true,
        ..attribute
    }
}

const fn reference(
    name: &'static str,
    references: &'static [&'static str],
    description: &'static str,
) -> Attribute {
    Attribute {
        kind: Kind::Reference,
        case_exact: true,
        references,
        ..Attribute::text(name, description)
    }
}

const fn usual(attribute: Attribute, canonical: &'static [&'static str]) -> Attribute {
    Attribute {
        canonical,
        ..attribute
    }
}

const PRIMARY: Attribute = boolean("primary", "Whether it is the one to prefer");
const DISPLAY: Attribute = Attribute::text("display", "As it is shown");

const NAME: Attribute = Attribute {
    kind: Kind::Complex,
    parts: &[
        Attribute::text("formatted", "The whole name"),
        Attribute::text("familyName", "The surname"),
        Attribute::text("givenName", "The first name"),
        Attribute::text("middleName", "Middle names"),
        Attribute::text("honorificPrefix", "What stands before it"),
        Attribute::text("honorificSuffix", "What stands after it"),
    ],
    ..Attribute::text("name", "What the user is called")
};

/// A member of staff.
pub static USER: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:User",
    name: "User",
    description: "A member of staff",
    attributes: &[
        Attribute {
            uniqueness: "server",
            returned: "always",
            ..required(Attribute::text(
                "userName",
                "What the user signs in with, when the user is made",
            ))
        },
        NAME,
        Attribute::text("displayName", "The name as it is shown"),
        Attribute::text("nickName", "What colleagues say"),
        reference("profileUrl", &["external"], "A page about the user"),
        Attribute::text("title", "As what the user is called in the organisation"),
        Attribute::text("userType", "How the user belongs to the organisation"),
        Attribute::text("preferredLanguage", "The language to write in"),
        Attribute::text("locale", "The way to write dates and numbers"),
        Attribute::text("timezone", "The time zone"),
        boolean("active", "Whether the user is on the staff"),
        many(
            "emails",
            &[
                Attribute::text("value", "The address"),
                DISPLAY,
                usual(
                    Attribute::text("type", "What it is for"),
                    &["work", "home", "other"],
                ),
                PRIMARY,
            ],
            "E-mail addresses",
        ),
        many(
            "phoneNumbers",
            &[
                Attribute::text("value", "The number"),
                DISPLAY,
                usual(
                    Attribute::text("type", "What it is for"),
                    &["work", "home", "mobile", "fax", "pager", "other"],
                ),
                PRIMARY,
            ],
            "Telephone numbers",
        ),
        many(
            "addresses",
            &[
                Attribute::text("formatted", "As on an envelope"),
                Attribute::text("streetAddress", "Street and house"),
                Attribute::text("locality", "City"),
                Attribute::text("region", "Prefecture"),
                Attribute::text("postalCode", "Postcode"),
                Attribute::text("country", "Country"),
                usual(
                    Attribute::text("type", "What it is for"),
                    &["work", "home", "other"],
                ),
                PRIMARY,
            ],
            "Postal addresses",
        ),
        read_only(many(
            "groups",
            &[
                read_only(Attribute::text("value", "The id of the group")),
                read_only(reference("$ref", &["Group"], "Where the group is")),
                read_only(DISPLAY),
                read_only(usual(
                    Attribute::text("type", "How the user belongs to it"),
                    &["direct"],
                )),
            ],
            "The groups that the user is a member of",
        )),
    ],
};

/// What an enterprise adds to a user.
pub static ENTERPRISE: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    name: "EnterpriseUser",
    description: "What an enterprise knows of a member of its staff",
    attributes: &[
        Attribute::text("employeeNumber", "The number in the organisation's own books"),
        Attribute::text("costCenter", "The cost centre"),
        Attribute::text("organization", "The organisation"),
        Attribute::text("division", "The division"),
        Attribute::text("department", "The department"),
        Attribute {
            kind: Kind::Complex,
            parts: &[
                Attribute::text("value", "The id of the manager"),
                reference("$ref", &["User"], "Where the manager is"),
                read_only(Attribute::text("displayName", "What the manager is called")),
            ],
            ..Attribute::text("manager", "Who leads the user")
        },
    ],
};

/// A department.
pub static GROUP: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:Group",
    name: "Group",
    description: "A department, with its staff",
    attributes: &[
        required(Attribute::text("displayName", "What the department is called")),
        many(
            "members",
            &[
                immutable(Attribute::text("value", "The id of the user")),
                immutable(reference("$ref", &["User"], "Where the user is")),
                immutable(usual(Attribute::text("type", "What the member is"), &["User"])),
                read_only(DISPLAY),
            ],
            "Who works there",
        ),
    ],
};

/// Users.
pub static USER_TYPE: ResourceType = ResourceType {
    name: "User",
    endpoint: "/Users",
    description: "Members of staff",
    schema: &USER,
    extensions: &[&ENTERPRISE],
};

/// Groups.
pub static GROUP_TYPE: ResourceType = ResourceType {
    name: "Group",
    endpoint: "/Groups",
    description: "Departments",
    schema: &GROUP,
    extensions: &[],
};

/// All kinds of resources.
pub fn resource_types() -> [&'static ResourceType; 2] {
    [&USER_TYPE, &GROUP_TYPE]
}

const fn described(attribute: Attribute) -> Attribute {
    read_only(required(attribute))
}

const fn part(name: &'static str, kind: Kind) -> Attribute {
    read_only(Attribute {
        kind,
        case_exact: true,
        ..Attribute::text(name, "As the specification says")
    })
}

const ATTRIBUTE_PARTS: &[Attribute] = &[
    part("name", Kind::String),
    part("type", Kind::String),
    part("multiValued", Kind::Boolean),
    part("description", Kind::String),
    part("required", Kind::Boolean),
    Attribute {
        multi: true,
        ..part("canonicalValues", Kind::String)
    },
    part("caseExact", Kind::Boolean),
    part("mutability", Kind::String),
    part("returned", Kind::String),
    part("uniqueness", Kind::String),
    Attribute {
        multi: true,
        ..part("referenceTypes", Kind::String)
    },
];

static CONFIG: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
    name: "ServiceProviderConfig",
    description: "What of the protocol there is here",
    attributes: &[
        read_only(reference(
            "documentationUri",
            &["external"],
            "Where it is described",
        )),
        supported("patch", SUPPORTED),
        supported(
            "bulk",
            &[
                SUPPORTED_PART,
                part("maxOperations", Kind::Integer),
                part("maxPayloadSize", Kind::Integer),
            ],
        ),
        supported("filter", &[SUPPORTED_PART, part("maxResults", Kind::Integer)]),
        supported("changePassword", SUPPORTED),
        supported("sort", SUPPORTED),
        supported("etag", SUPPORTED),
        supported(
            "pagination",
            &[
                part("cursor", Kind::Boolean),
                part("index", Kind::Boolean),
                part("defaultPaginationMethod", Kind::String),
                part("defaultPageSize", Kind::Integer),
                part("maxPageSize", Kind::Integer),
                part("cursorTimeout", Kind::Integer),
            ],
        ),
        read_only(required(many(
            "authenticationSchemes",
            &[
                part("type", Kind::String),
                part("name", Kind::String),
                part("description", Kind::String),
                part("specUri", Kind::Reference),
                part("documentationUri", Kind::Reference),
                part("primary", Kind::Boolean),
            ],
            "How clients show who they are",
        ))),
    ],
};

const SUPPORTED_PART: Attribute = described(part("supported", Kind::Boolean));
const SUPPORTED: &[Attribute] = &[SUPPORTED_PART];

const fn supported(name: &'static str, parts: &'static [Attribute]) -> Attribute {
    Attribute {
        kind: Kind::Complex,
        parts,
        ..described(Attribute::text(name, "Whether and how far it is there"))
    }
}

static TYPE: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:ResourceType",
    name: "ResourceType",
    description: "A kind of resource",
    attributes: &[
        described(part("name", Kind::String)),
        part("description", Kind::String),
        described(part("endpoint", Kind::Reference)),
        described(part("schema", Kind::Reference)),
        read_only(many(
            "schemaExtensions",
            &[
                described(part("schema", Kind::Reference)),
                described(part("required", Kind::Boolean)),
            ],
            "What may add to it",
        )),
    ],
};

static SCHEMA: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:Schema",
    name: "Schema",
    description: "A set of attributes",
    attributes: &[
        described(part("name", Kind::String)),
        part("description", Kind::String),
        read_only(required(many("attributes", ATTRIBUTES, "What it is made of"))),
    ],
};

const ATTRIBUTES: &[Attribute] = &[
    part("name", Kind::String),
    part("type", Kind::String),
    part("multiValued", Kind::Boolean),
    part("description", Kind::String),
    part("required", Kind::Boolean),
    Attribute {
        multi: true,
        ..part("canonicalValues", Kind::String)
    },
    part("caseExact", Kind::Boolean),
    part("mutability", Kind::String),
    part("returned", Kind::String),
    part("uniqueness", Kind::String),
    Attribute {
        multi: true,
        ..part("referenceTypes", Kind::String)
    },
    read_only(many("subAttributes", ATTRIBUTE_PARTS, "What that is made of")),
];

/// All schemas.
pub fn schemas() -> [&'static Schema; 6] {
    [&USER, &ENTERPRISE, &GROUP, &CONFIG, &TYPE, &SCHEMA]
}
