//! An authenticator in software, which can do wrong what a hostile one does.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use platform::encoding::{base64url, from_base64url};
use platform::keys::sha256;
use serde_json::{Value, json};

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

/// A passkey with everything that its signatures say; each part can be made to say something else.
pub(super) struct Authenticator {
    key: EcdsaKeyPair,
    id: [u8; 16],
    /// What it calls the person.
    pub(super) handle: Option<String>,
    /// Which page it believes to serve.
    pub(super) origin: String,
    /// For which relying party it signs.
    pub(super) rp_id: String,
    /// Its counter of signatures.
    pub(super) counter: u32,
    /// Whether it verifies its holder.
    pub(super) verifies: bool,
}

impl Authenticator {
    pub(super) fn new(id: u8) -> Self {
        Self {
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            id: [id; 16],
            handle: None,
            origin: format!("http://{}", crate::testing::HOME),
            rp_id: "localhost".to_owned(),
            counter: 0,
            verifies: true,
        }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = options["publicKey"]["challenge"].as_str().unwrap();
        let data = BTreeMap::from([
            ("type", kind),
            ("challenge", challenge),
            ("origin", self.origin.as_str()),
        ]);
        serde_json::to_vec(&data).unwrap()
    }

    fn data(&self, more: u8) -> Vec<u8> {
        let verified = if self.verifies { VERIFIED } else { 0 };
        let mut data = sha256(self.rp_id.as_bytes()).to_vec();
        data.push(PRESENT | verified | more);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// Makes a passkey for a ceremony, and remembers whose it is.
    pub(super) fn register(&mut self, options: &Value) -> String {
        let handle = options["publicKey"]["user"]["id"].as_str().unwrap();
        self.handle = Some(handle.to_owned());
        let mut data = self.data(ATTESTED);
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(self.id);
        // COSE: an elliptic curve key, ES256, on P-256.
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(x);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(y);
        // CBOR: a map of fmt, attStmt and authData.
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt\x64none\x67attStmt\xa0\x68authData\x58");
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(data);
        self.answer(&json!({
            "clientDataJSON": base64url(self.client_data("webauthn.create", options)),
            "attestationObject": base64url(object),
        }))
    }

    /// Signs for a ceremony.
    #[expect(
        clippy::disallowed_methods,
        reason = "what stands outside the hub has its own randomness"
    )]
    pub(super) fn assert(&self, options: &Value) -> String {
        let client_data = self.client_data("webauthn.get", options);
        let data = self.data(0);
        let mut message = data.clone();
        message.extend(sha256(&client_data));
        let random = aws_lc_rs::rand::SystemRandom::new();
        let signature = self.key.sign(&random, &message).unwrap();
        self.answer(&json!({
            "clientDataJSON": base64url(client_data),
            "authenticatorData": base64url(data),
            "signature": base64url(signature.as_ref()),
            "userHandle": self.handle,
        }))
    }

    fn answer(&self, response: &Value) -> String {
        let id = base64url(self.id);
        json!({"id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {}, "response": response})
            .to_string()
    }

    /// What the hub calls the person, in bytes.
    pub(super) fn handle_bytes(&self) -> Vec<u8> {
        from_base64url(self.handle.as_deref().unwrap()).unwrap()
    }
}
