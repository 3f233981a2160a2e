//! What a client offers to prove who it is: a header on the first line, a form on the others.

#![no_main]

use idp::oauth::clients::Credentials;
use libfuzzer_sys::fuzz_target;
use platform::http::Parameters;

fuzz_target!(|text: &str| {
    let (header, form) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(form) = Parameters::parse(form.as_bytes()) else {
        return;
    };
    let header = Some(header).filter(|header| !header.is_empty());
    let ways = [
        header.is_some(),
        form.get("client_secret").is_some(),
        form.get("client_assertion").is_some(),
    ];
    let offered = Credentials::read(header, &form);
    let several = ways.into_iter().filter(|way| *way).count() > 1;
    assert!(!several || offered.is_err(), "two ways of authenticating at once");
});
