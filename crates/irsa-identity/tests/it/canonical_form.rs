//! The canonical form, compared with the cases in `tests/data` and with the `aws-sigv4` crate, and its invariants.

use std::time::UNIX_EPOCH;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::{SigningParams, calculate_signature, generate_signing_key};
use irsa_identity::CanonicalTarget;
use proptest::prelude::*;
use serde::Deserialize;
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("../../../../docs/reference/canonical-form.md");

#[derive(Deserialize)]
struct Case {
    name: String,
    path_and_query: String,
    canonical_path: String,
    canonical_query: String,
    botocore: (String, String),
    aws_sigv4: (String, String),
}

impl Case {
    fn all() -> Vec<Self> {
        serde_json::from_str(include_str!("../data/canonical-forms.json")).unwrap()
    }

    fn canonical_form(&self) -> (String, String) {
        (self.canonical_path.clone(), self.canonical_query.clone())
    }

    /// Returns the case as a row of the documentation's table.
    fn row(&self) -> String {
        let canonical_form = self.canonical_form();
        let other = |theirs: &(String, String)| {
            if theirs == &canonical_form {
                "same".to_owned()
            } else {
                shown(theirs)
            }
        };
        format!(
            "| {} | {} | {} | {} | {} |\n",
            self.name,
            code(&self.path_and_query),
            shown(&canonical_form),
            other(&self.aws_sigv4),
            other(&self.botocore)
        )
    }
}

fn shown((path, query): &(String, String)) -> String {
    match query.as_str() {
        "" => code(path),
        query => code(&format!("{path}?{query}")),
    }
}

fn code(text: &str) -> String {
    match text {
        "" => "(empty)".to_owned(),
        text => format!("`{text}`"),
    }
}

fn canonical(path_and_query: &str) -> (String, String) {
    let target = CanonicalTarget::new(path_and_query);
    (target.path().to_owned(), target.query().to_owned())
}

fn canonical_query(query: &str) -> String {
    canonical(&format!("/?{query}")).1
}

#[test]
fn every_target_has_its_canonical_form() {
    for case in Case::all() {
        assert_eq!(
            canonical(&case.path_and_query),
            case.canonical_form(),
            "{}",
            case.name
        );
    }
}

#[test]
fn the_documentation_lists_every_case() {
    let table: String = Case::all().iter().map(Case::row).collect();
    assert!(PAGE.contains(&table), "the table should be:\n{table}");
}

fn sha256(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// Returns the signature of a request whose canonical form is `target`.
fn signature_of((path, query): &(String, String)) -> String {
    let empty = sha256("");
    let request = format!(
        "GET\n{path}\n{query}\nhost:example.com\nx-amz-date:19700101T000000Z\n\nhost;x-amz-date\n{empty}"
    );
    let request = sha256(&request);
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n19700101T000000Z\n19700101/eu-central-1/es/aws4_request\n{request}"
    );
    let key = generate_signing_key("hush", UNIX_EPOCH, "eu-central-1", "es");
    calculate_signature(key, to_sign.as_bytes())
}

#[test]
fn the_cases_match_the_crate() {
    let identity = Credentials::new("AKIDEXAMPLE", "hush", None, None, "test").into();
    for case in Case::all() {
        let params = SigningParams::builder()
            .identity(&identity)
            .region("eu-central-1")
            .name("es")
            .time(UNIX_EPOCH)
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let url = format!("https://example.com{}", case.path_and_query);
        let body = SignableBody::Bytes(&[]);
        let request = SignableRequest::new("GET", url, std::iter::empty(), body).unwrap();
        let signature = sign(request, &params).unwrap().signature().to_owned();
        assert_eq!(signature, signature_of(&case.aws_sigv4), "{}", case.name);
    }
}

/// The bytes of a name or value, each with its encoding.
type Text = Vec<(u8, u8)>;

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// Returns a byte in one of its possible encodings.
fn written(byte: u8, how: u8) -> String {
    match how % 4 {
        0 if is_unreserved(byte) || b"!$'()*,;:@/?".contains(&byte) => char::from(byte).to_string(),
        1 if byte == b' ' => "+".to_owned(),
        2 => format!("%{byte:02x}"),
        _ => format!("%{byte:02X}"),
    }
}

fn text() -> impl Strategy<Value = Text> {
    let byte = prop_oneof![any::<u8>(), prop::sample::select(b" +%=&/*a".as_slice())];
    prop::collection::vec((byte, any::<u8>()), 0..8)
}

fn write(text: &[(u8, u8)]) -> String {
    text.iter()
        .map(|(byte, how)| written(*byte, *how))
        .collect()
}

fn plain(text: &[(u8, u8)]) -> String {
    text.iter()
        .map(|(byte, _)| written(*byte, if is_unreserved(*byte) { 0 } else { 3 }))
        .collect()
}

type Pairs = Vec<(Text, Text)>;

/// Returns parameters, and the same in a different order.
fn pairs() -> impl Strategy<Value = (Pairs, Pairs)> {
    let pairs = prop::collection::vec((text(), text()), 0..6);
    pairs.prop_flat_map(|pairs| (Just(pairs.clone()), Just(pairs).prop_shuffle()))
}

fn write_all(pairs: &Pairs) -> String {
    let pairs = pairs
        .iter()
        .map(|(name, value)| write(name) + "=" + &write(value));
    pairs.collect::<Vec<_>>().join("&")
}

proptest! {
    #[test]
    fn the_order_of_parameters_does_not_matter((pairs, shuffled) in pairs()) {
        prop_assert_eq!(canonical_query(&write_all(&pairs)), canonical_query(&write_all(&shuffled)));
    }

    #[test]
    fn all_encodings_of_a_query_have_one_canonical_form(name in text(), value in text()) {
        let query = write(&name) + "=" + &write(&value);
        prop_assert_eq!(canonical_query(&query), plain(&name) + "=" + &plain(&value));
    }

    #[test]
    fn the_canonical_form_of_a_query_is_idempotent(query in ".*") {
        let once = canonical_query(&query.replace('?', ""));
        prop_assert_eq!(canonical_query(&once), once);
    }

    #[test]
    fn the_canonical_path_is_encoded_once_more(segments in prop::collection::vec("[^/?.]{1,6}", 0..5)) {
        let path = format!("/{}", segments.join("/"));
        let (canonical, _) = canonical(&path);
        let unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~/%".contains(c);
        prop_assert!(canonical.chars().all(unreserved), "{}", canonical);
        let back: Vec<u8> = percent_encoding::percent_decode_str(&canonical).collect();
        prop_assert_eq!(back, path.into_bytes());
    }

    #[test]
    fn any_target_has_a_canonical_form(target in ".*") {
        let (path, query) = canonical(&target);
        prop_assert!(path.starts_with('/') && !path.contains("//"));
        prop_assert!((path + &query).is_ascii());
    }
}
