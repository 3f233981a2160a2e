//! Parameters of an authorization request, and the values that are read from them.

#![no_main]

use idp::oauth::authorization::Pkce;
use idp::oauth::authorization_details::AuthorizationDetails;
use idp::oauth::clients::{is_registrable, matches};
use idp::oauth::{ResponseMode, ResponseType, Scope};
use libfuzzer_sys::fuzz_target;
use platform::http::Parameters;

const REGISTERED: [&str; 3] = [
    "https://rp.example/callback?x=1",
    "http://127.0.0.1/callback",
    "jp.example.app:/callback",
];

fuzz_target!(|bytes: &[u8]| {
    let Ok(parameters) = Parameters::parse(bytes) else {
        return;
    };
    let again = Parameters::parse(parameters.to_query().as_bytes()).expect("what was read is written readably");
    assert!(parameters.iter().eq(again.iter()), "parameters change on their way through a browser");
    for (name, value) in parameters.iter() {
        match name {
            "response_type" => {
                if let Ok(response_type) = value.parse::<ResponseType>() {
                    let mode = ResponseMode::parse(parameters.get("response_mode"), response_type);
                    let query = mode.is_ok_and(|mode| mode.carrier == idp::oauth::Carrier::Query);
                    assert!(!(query && response_type.is_front_channel()), "tokens in a query");
                }
            }
            "scope" => {
                if let Ok(scope) = Scope::parse(value) {
                    assert_eq!(Scope::parse(&scope.to_string()), Ok(scope));
                }
            }
            "code_challenge" => drop(Pkce::new(value)),
            "authorization_details" => drop(AuthorizationDetails::parse(value)),
            "redirect_uri" => {
                for registered in REGISTERED {
                    let same = matches(registered, value);
                    let loopback = value.starts_with("http://127.0.0.1");
                    assert!(!same || value == registered || loopback, "{value} passes for {registered}");
                }
                let _ = is_registrable(value, idp::oauth::clients::ApplicationType::Native, true);
            }
            _ => {}
        }
    }
});
