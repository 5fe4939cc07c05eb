//! Positions of statements, elements and errors in the text.

use irsa_policy::{Context, Policy, PolicyKind, Position, Request, decide};

use crate::ROLE_SESSION;

const POLICY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Deny", "Action": "iam:*", "Resource": "*"},
    {
      "Sid": "Read",
      "Effect": "Allow",
      "Action": "s3:Get*",
      "Resource": ["arn:aws:s3:::a"],
      "Condition": {
        "StringLike": {"a:é": "x", "a:k": ["y", "z"]},
        "Bool": {"a:k": true}
      }
    }
  ]
}"#;

fn place(at: usize) -> String {
    Position::from_offset(POLICY, at).to_string()
}

#[test]
fn statements_have_their_text() {
    let policy = Policy::parse(PolicyKind::Identity, POLICY).unwrap();
    let first = policy.span(0).unwrap();
    assert!(POLICY[first].starts_with(r#"{"Effect": "Deny""#));
    let second = policy.span(1).unwrap();
    assert_eq!(place(second.start), "5:5");
    assert_eq!(place(second.end), "14:6");
    assert_eq!(policy.span(2), None);
}

#[test]
fn each_mismatch_has_its_element() {
    let policy = Policy::parse(PolicyKind::Identity, POLICY).unwrap();
    let request = Request {
        principal: ROLE_SESSION,
        action: "sqs:Send",
        resource: None,
        context: &Context::new(),
    };
    let verdict = decide(&[&policy], &request);
    let spans: Vec<(&str, String)> = verdict.near_misses[0]
        .mismatches
        .iter()
        .map(|mismatch| {
            let span = policy.span_of(1, mismatch).unwrap();
            let at = place(span.start);
            (&POLICY[span], at)
        })
        .collect();
    let spans: Vec<_> = spans
        .iter()
        .map(|(text, at)| (*text, at.as_str()))
        .collect();
    assert_eq!(
        spans,
        [
            (r#""s3:Get*""#, "8:17"),
            (r#"["arn:aws:s3:::a"]"#, "9:19"),
            (r#""x""#, "11:31"),
            (r#"["y", "z"]"#, "11:43"),
            ("true", "12:25"),
        ]
    );
}

#[test]
fn errors_have_positions() {
    for (before, after, expected) in [
        ("\"Sid\"", "\"Side\"", "5:5"),
        ("s3:Get*", "s3", "8:17"),
        ("arn:aws:s3:::a", "b", "9:20"),
        ("true", "\"yes\"", "12:25"),
        ("2012-10-17", "2013-10-17", "2:14"),
        ("[\"y\", \"z\"]", "[\"y\", null]", "11:49"),
        ("\"z\"]", "\"z\"", "11:52"),
    ] {
        let text = POLICY.replace(before, after);
        let error = Policy::parse(PolicyKind::Identity, &text).unwrap_err();
        let position = error.position().unwrap().to_string();
        assert_eq!(position, expected, "{after}: {error}");
    }
}
