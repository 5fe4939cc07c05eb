//! Tests of the JSON Lines contract.

use serde_json::{Value, json};

use super::*;

const CALLER: &str = "arn:aws:sts::111122223333:assumed-role/app/pod";

fn answers(input: &str) -> Vec<Value> {
    let mut output = Vec::new();
    answer_all(input.as_bytes(), &mut output).unwrap();
    let output = String::from_utf8(output).unwrap();
    output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn answer(policies: &Value) -> Value {
    let line = json!({
        "id": "1", "principal": CALLER, "action": "es:ESHttpGet",
        "resource": "arn:aws:es:eu-central-1:111122223333:domain/logs/x", "policies": policies,
    });
    answers(&line.to_string()).remove(0)
}

fn policy(effect: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "One", "Effect": effect, "Action": "es:*", "Resource": "*"}
    ]})
}

#[test]
fn a_decision_names_its_statement() {
    let by = &answer(&json!({"identity": [policy("Allow")]}))["by"];
    assert_eq!(by["layer"], "identity");
    assert_eq!(
        (&by["policy"], &by["statement"], &by["sid"]),
        (&json!(0), &json!(0), &json!("One"))
    );
    let denied = answer(&json!({"identity": [policy("Allow"), policy("Deny")]}));
    assert_eq!(denied["decision"], "ExplicitlyDenied");
    assert_eq!(denied["by"]["policy"], 1);
}

#[test]
fn a_policy_may_be_a_string_and_a_list_may_go_without_brackets() {
    for identity in [
        json!([policy("Allow")]),
        json!([policy("Allow").to_string()]),
        json!(policy("Allow").to_string()),
        policy("Allow"),
    ] {
        assert_eq!(
            answer(&json!({"identity": identity}))["decision"],
            "Allowed",
            "{identity}"
        );
    }
}

#[test]
fn a_kind_that_is_absent_does_not_restrict_and_an_empty_level_does() {
    let allow = policy("Allow");
    for (policies, expected) in [
        (json!({"identity": [allow]}), "Allowed"),
        (
            json!({"identity": [allow], "boundary": null, "session": [], "serviceControl": []}),
            "Allowed",
        ),
        (
            json!({"identity": [allow], "serviceControl": [[allow], []]}),
            "ImplicitlyDenied",
        ),
        (
            json!({"identity": [allow], "boundary": [policy("Deny")]}),
            "ExplicitlyDenied",
        ),
        (json!({}), "ImplicitlyDenied"),
    ] {
        assert_eq!(answer(&policies)["decision"], expected, "{policies}");
    }
    let by = &answer(&json!({"identity": [allow], "serviceControl": [[allow], []]}))["by"];
    assert_eq!(
        (&by["layer"], &by["level"]),
        (&json!("serviceControl"), &json!(1))
    );
}

#[test]
fn an_action_of_sts_makes_the_resources_policy_a_trust_policy() {
    let trust = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}}}"#;
    let line = format!(
        r#"{{"id": 7, "principal": "{CALLER}", "action": "sts:AssumeRole", "policies": {{"resource": {trust}}}}}"#
    );
    assert_eq!(answers(&line)[0]["decision"], "Allowed");
    let line = line.replace(r#""action": "sts:"#, r#""action": "s3:"#);
    assert_eq!(answers(&line)[0]["decision"], "ImplicitlyDenied");
}

#[test]
fn a_value_of_the_context_is_its_text() {
    let condition = |value: &str| {
        let line = r#"{"principal": "anonymous", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k",
            "context": {"a:k": VALUE}, "policies": {"resource": {"Statement": {"Effect": "Allow", "Principal": "*",
            "Action": "s3:*", "Condition": {"StringEquals": {"a:k": ["1.50", "true", "text", "18446744073709551616"]}}}}}}"#;
        answers(&line.replace('\n', " ").replace("VALUE", value))[0]["decision"].clone()
    };
    for value in [
        "1.50",
        "true",
        r#""text""#,
        r#"["x", 1.50]"#,
        "18446744073709551616",
    ] {
        assert_eq!(condition(value), "Allowed", "{value}");
    }
    for value in ["1.5", "false", "[]"] {
        assert_eq!(condition(value), "ImplicitlyDenied", "{value}");
    }
    for value in ["null", "{}", "[[1]]", r#"1, "A:K": 2"#] {
        assert_eq!(condition(value), "Invalid", "{value}");
    }
}

#[test]
fn a_refused_policy_is_named_with_line_and_column() {
    let duplicate = "{\n \"Statement\": [],\n \"Statement\": []}";
    let invalid = answer(&json!({"identity": [policy("Allow"), duplicate]}));
    assert_eq!(invalid["decision"], "Invalid");
    let by = &invalid["by"];
    assert_eq!(
        (&by["layer"], &by["policy"]),
        (&json!("identity"), &json!(1))
    );
    assert_eq!((&by["line"], &by["column"]), (&json!(1), &json!(1)));
    assert_eq!(by["error"], "duplicate key `Statement`");
}

#[test]
fn a_duplicate_key_of_an_object_is_not_lost() {
    let line = format!(
        r#"{{"principal": "{CALLER}", "action": "a:b", "policies": {{"identity": [{{"Statement": [], "Statement": []}}]}}}}"#
    );
    assert_eq!(answers(&line)[0]["decision"], "Invalid");
}

#[test]
fn an_invalid_line_is_answered_and_the_next_one_too() {
    let good = json!({"id": "good", "principal": CALLER, "action": "a:b"});
    let lines = [
        r#"{"id": "type", "principal": 3, "action": "a:b"}"#,
        r#"{"action": "a:b", "id": "missing"}"#,
        r#"{"id": "cut", "principal": "#,
        r#"{"id": "kind", "principal": "anonymous", "action": "a:b", "policies": {"identities": []}}"#,
        r#"{"id": "principal", "principal": "bob", "action": "a:b"}"#,
        "nonsense",
        "",
        " \t",
        &good.to_string(),
    ];
    let answers = answers(&lines.join("\r\n"));
    let ids: Vec<_> = answers.iter().map(|answer| answer["id"].clone()).collect();
    let expected = json!(["type", "missing", "cut", "kind", "principal", null, "good"]);
    assert_eq!(Value::from(ids), expected);
    let (last, invalid) = answers.split_last().unwrap();
    assert_eq!(last["decision"], "ImplicitlyDenied");
    for (answer, number) in invalid.iter().zip(1..) {
        assert_eq!(answer["decision"], "Invalid", "{answer}");
        assert_eq!(answer["by"]["line"], number, "{answer}");
        assert!(answer["by"]["error"].is_string(), "{answer}");
    }
}

#[test]
fn a_byte_order_mark_and_values_of_other_types_leave_no_trace() {
    let answers = answers(concat!(
        "\u{feff}{\"id\": 1, \"principal\": \"anonymous\", \"action\": \"a:b\"}\n",
        "\"text\"\n",
        "[]\n",
        "{\"principal\": \"anonymous\", \"action\": \"a:b\", \"policies\": 1}\n",
    ));
    assert_eq!(answers[0]["decision"], "ImplicitlyDenied");
    for (answer, expected) in answers[1..].iter().zip([
        "invalid request: invalid type: string \"text\", expected a request object",
        "invalid request: invalid length 0, expected a request object",
        "invalid request: invalid type: integer `1`, expected an object of policies by kind",
    ]) {
        assert_eq!(answer["by"]["error"], expected);
    }
}

#[test]
fn an_id_comes_back_as_it_is() {
    for id in [
        "18446744073709551616",
        "1.50",
        "[1, \"é\"]",
        "null",
        "\"\\u00e9\"",
    ] {
        for rest in [
            r#""principal": "anonymous", "action": "a:b""#,
            r#""principal": 1"#,
        ] {
            let line = format!("{{\"id\": {id}, {rest}}}");
            let mut output = Vec::new();
            answer_all(line.as_bytes(), &mut output).unwrap();
            let output = String::from_utf8(output).unwrap();
            assert!(output.ends_with(&format!("\"id\":{id}}}\n")), "{output}");
        }
    }
}

#[test]
fn invalid_utf_8_is_an_invalid_request() {
    let mut output = Vec::new();
    answer_all(&b"{\"id\": \"\xff\"}\n"[..], &mut output).unwrap();
    let answer: Value = serde_json::from_slice(&output).unwrap();
    assert_eq!(answer["decision"], "Invalid");
}

#[test]
fn a_line_without_end_takes_no_more_than_its_share_of_memory() {
    let endless = io::repeat(b' ').take(MAX_LINE * 2);
    let next = b"\n{\"principal\": \"anonymous\", \"action\": \"a:b\"}";
    let mut output = Vec::new();
    answer_all(endless.chain(&next[..]), &mut output).unwrap();
    let output = String::from_utf8(output).unwrap();
    let answers: Vec<_> = output.lines().collect();
    assert_eq!(answers.len(), 2);
    assert!(answers[0].contains("exceeds the limit"), "{output}");
    assert!(answers[1].contains("ImplicitlyDenied"), "{output}");
}

#[test]
fn no_organization_has_so_many_levels() {
    let levels = vec![json!([]); 65];
    let answer = answer(&json!({"serviceControl": levels}));
    assert_eq!(answer["decision"], "Invalid");
    assert_eq!(
        answer["by"]["error"],
        "invalid request: 65 levels exceed the limit of 64"
    );
}
