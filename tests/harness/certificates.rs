//! Certificates for tests: an authority, those that it vouches for, those that vouch for themselves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber,
    date_time_ymd,
};

use crate::party::{encode, hash};

/// An authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: Certificate,
}

/// A certificate with its key.
pub struct Identity {
    certificate: Certificate,
    key: KeyPair,
    serial: SerialNumber,
}

fn named(common_name: &str) -> CertificateParams {
    let mut params =
        CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("names");
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, "JP");
    name.push(DnType::OrganizationName, "Test clinic");
    name.push(DnType::CommonName, common_name);
    params.distinguished_name = name;
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::ServerAuth,
    ];
    params
}

impl Authority {
    /// A fresh one.
    #[expect(clippy::new_without_default, reason = "each is another one")]
    pub fn new() -> Self {
        let mut params = named("An authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.extended_key_usages.clear();
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self {
            issuer: Issuer::new(params, key),
            certificate,
        }
    }

    /// Its certificate in PEM.
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A certificate for localhost whose subject is `CN=common_name,O=Test clinic,C=JP`.
    pub fn vouch(&self, common_name: &str) -> Identity {
        self.sign(&named(common_name))
    }

    /// The same, over since long.
    pub fn vouched(&self, common_name: &str) -> Identity {
        let mut params = named(common_name);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        self.sign(&params)
    }

    /// Its revocation list in PEM: what it revoked, good until the first day of a year.
    pub fn revocations(&self, revoked: &[&Identity], until: i32) -> String {
        let revoked = revoked.iter().map(|identity| RevokedCertParams {
            serial_number: identity.serial.clone(),
            revocation_time: date_time_ymd(2024, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2024, 1, 1),
            next_update: date_time_ymd(until, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.issuer).expect("a list");
        list.pem().expect("a list in PEM")
    }

    fn sign(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let mut params = params.clone();
        let serial = SerialNumber::from_slice(&hash(key.public_key_raw()).as_bytes()[..16]);
        params.serial_number = Some(serial.clone());
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Identity {
            certificate,
            key,
            serial,
        }
    }
}

impl Identity {
    /// One that nobody else vouches for.
    pub fn of_its_own(common_name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = named(common_name);
        let serial = SerialNumber::from(1);
        params.serial_number = Some(serial.clone());
        let certificate = params.self_signed(&key).expect("a certificate");
        Self {
            certificate,
            key,
            serial,
        }
    }

    /// The certificate in PEM.
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// The key in PEM.
    pub fn key(&self) -> String {
        self.key.serialize_pem()
    }

    /// As a member of `x5c`: base64 of its DER.
    pub fn base64(&self) -> String {
        STANDARD.encode(self.certificate.der())
    }

    /// As RFC 9440 writes it into a header.
    pub fn header(&self) -> String {
        format!(":{}:", self.base64())
    }

    /// `x5t#S256`.
    pub fn thumbprint(&self) -> String {
        hash(self.certificate.der())
    }

    /// The key as a JWK with its certificate.
    pub fn jwk(&self) -> serde_json::Value {
        let point = self.key.public_key_raw();
        let (x, y) = (encode(&point[1..33]), encode(&point[33..65]));
        serde_json::json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "c1", "x5c": [self.base64()]})
    }
}
