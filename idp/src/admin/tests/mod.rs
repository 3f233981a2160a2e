//! The API against a real hub on SQLite, driven through its router.

mod attenuation;
mod document;
mod fixture;
mod inputs;
mod numbers;
mod people;
mod realms;
mod routes;
mod routes_contracts;
mod routes_people;
mod routes_settings;
mod routes_staff;
