//! Prints what signing and verifying a token costs, per algorithm and on one thread:
//! `cargo run --release -p platform --example signing_speed`.

use platform::clock::Clock;
use platform::keys::algorithm::{AlgorithmSet, SigningAlgorithm};
use platform::keys::jwk::KeySet;
use platform::keys::jws::{RequiredType, VerificationPolicy, sign_compact, verify_compact};
use platform::keys::signer::SigningKey;

/// About what an RFC 9068 access token carries.
const CLAIMS: &[u8] = br#"{"iss":"http://localhost:8080","sub":"0190c0de-0000-7000-8000-000000000000","aud":"http://localhost:9000","client_id":"0190c0de-0000-7000-8000-000000000001","scope":"openid profile","exp":1800000300,"iat":1800000000,"jti":"3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;
const ROUNDS: u32 = 2_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let clock = Clock::system();
    let policy = VerificationPolicy::new(AlgorithmSet::ALL, RequiredType::Exactly("at+jwt"));
    println!(
        "{:<6} {:>10} {:>12} {:>18}",
        "alg", "sign µs", "verify µs", "parse+verify µs"
    );
    for algorithm in SigningAlgorithm::ALL {
        let key = SigningKey::generate(algorithm)?;
        let jwks = format!(r#"{{"keys":[{}]}}"#, key.public().to_jwk(key.kid(), algorithm));
        let parsed = KeySet::parse(&jwks)?;
        let token = sign_compact(&key, Some("at+jwt"), CLAIMS)?;
        let sign = each(&clock, || sign_compact(&key, Some("at+jwt"), CLAIMS).is_ok());
        let verify = each(&clock, || verify_compact(&token, &parsed, &policy).is_ok());
        let fresh = each(&clock, || {
            KeySet::parse(&jwks).is_ok_and(|keys| verify_compact(&token, &keys, &policy).is_ok())
        });
        println!(
            "{:<6} {sign:>10.1} {verify:>12.1} {fresh:>18.1}",
            algorithm.name()
        );
    }
    Ok(())
}

/// Mean microseconds of one call; a call that fails ends the run.
fn each(clock: &Clock, mut call: impl FnMut() -> bool) -> f64 {
    let start = clock.now();
    for _ in 0..ROUNDS {
        assert!(call(), "the measured call failed");
    }
    clock.now().since(start).as_secs_f64() * 1e6 / f64::from(ROUNDS)
}
