//! Reviews of pods by the admission webhook.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use irsa_testing::json_patch;
use irsa_webhook::{Facts, Lookup, Object, Outcome, Review, Reviewed, Settings};
use serde_json::Value;

use crate::round_trip::assert_is_one_line;

/// A review: answered with a patch that applies and that a second review finds complete, or rejected.
pub fn admission_review(data: &[u8]) {
    let review = match Review::parse(data) {
        Ok(review) => review,
        Err(error) => return assert_is_one_line(&error),
    };
    let reviewed = review.respond(&facts(), &settings());
    assert_is_valid(&reviewed);
    let pod = patched(review.object(), &reviewed);
    if !matches!(
        reviewed.outcome,
        Outcome::Kept(_) | Outcome::NotInjected(_) | Outcome::Denied(_)
    ) {
        assert_is_complete(data, &pod);
    }
}

/// A service account that asks for everything.
fn facts() -> Facts {
    let annotations = [
        ("irsa.dev/postgres", "db.example.com"),
        ("irsa.dev/opensearch", "search.example.com"),
        ("irsa.dev/application-identity", "none"),
        (
            "eks.amazonaws.com/role-arn",
            "arn:aws:iam::111122223333:role/api",
        ),
    ];
    let annotations = annotations.map(|(key, value)| (key.to_owned(), value.to_owned()));
    Facts {
        service_account: Lookup::Found(Object {
            annotations: annotations.into(),
            ..Object::default()
        }),
        namespace: Lookup::Absent,
        is_required: false,
    }
}

fn settings() -> Settings {
    Settings {
        pull_secrets: vec!["registry".to_owned()],
        ..Settings::new("0.0.0", "irsa", |upstream, _| {
            Ok(vec![if upstream.starts_with("postgres:") {
                5432
            } else {
                9200
            }])
        })
    }
}

/// A warning is a header field of the API server's response.
fn assert_is_valid(reviewed: &Reviewed) {
    let response = &reviewed.response["response"];
    assert!(response["uid"].is_string() && response["allowed"].is_boolean());
    let warnings = response["warnings"].as_array();
    for warning in warnings.into_iter().flatten() {
        let warning = warning.as_str().unwrap_or_default();
        assert!(
            !warning.is_empty() && !warning.chars().any(char::is_control),
            "{warning:?}"
        );
    }
}

/// The pod after the patch.
fn patched(pod: &Value, reviewed: &Reviewed) -> Value {
    let mut pod = pod.clone();
    let patch = reviewed.response["response"]["patch"].as_str();
    let patch = patch.map(|patch| BASE64_STANDARD.decode(patch));
    let patch = patch
        .and_then(Result::ok)
        .map(|patch| serde_json::from_slice::<Value>(&patch));
    match patch {
        None => {}
        Some(Ok(patch)) => {
            let applied = json_patch::apply(&mut pod, &patch);
            assert!(applied.is_ok(), "{applied:?}");
        }
        Some(Err(error)) => panic!("{error}"),
    }
    pod
}

/// The review of an injected pod changes nothing.
fn assert_is_complete(data: &[u8], pod: &Value) {
    let Ok(mut body) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    // serde also accepts lists in place of structs.
    let Some(object) = body.pointer_mut("/request/object") else {
        return;
    };
    object.clone_from(pod);
    let Ok(review) = Review::parse(body.to_string().as_bytes()) else {
        return;
    };
    let again = review.respond(&facts(), &settings());
    assert_eq!(again.outcome, Outcome::Unchanged, "{pod}");
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! outcome {
        ($name:literal) => {{
            let data = include_bytes!(concat!("../corpus/admission_review/", $name));
            Review::parse(data).map(|review| review.respond(&facts(), &settings()).outcome)
        }};
    }

    /// Otherwise the fuzzer would not get past the first check.
    #[test]
    fn the_seeds_are_injected_restored_and_refused() {
        assert_eq!(outcome!("deployment"), Ok(Outcome::Injected));
        assert_eq!(outcome!("stripped"), Ok(Outcome::Restored));
        assert!(matches!(
            outcome!("host_network"),
            Ok(Outcome::NotInjected(_))
        ));
    }
}
