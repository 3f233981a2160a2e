//! Health records behind the hub: FHIR resources, devices, and the services on top (requirements H6 to H16).
//!
//! It has no content yet. Nothing of a record is read or written without a decision of `idp` and a row of its access log.
