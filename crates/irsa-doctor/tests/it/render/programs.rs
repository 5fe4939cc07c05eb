//! JSON and JUnit XML, read by third-party parsers.

use std::io::Write;
use std::process::{Command, Stdio};

use irsa_doctor::{Report, render};
use serde_json::{Value, json};

use super::fixture::{all_well, one_broken, unsure};

/// Parses JUnit XML with Python's standard library and returns its content; `None` without Python.
fn read_by_python(xml: &str) -> Option<Value> {
    let mut child = Command::new("python3")
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    child
        .stdin
        .take()
        .unwrap()
        .write_all(xml.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{xml}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

const READER: &str = "
import json, sys
import xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
assert root.tag == 'testsuites', root.tag
def case(one):
    outcome = [[part.tag, part.get('message'), part.text] for part in one]
    return [one.get('classname'), one.get('name'), outcome]
def suite(one):
    names = ('name', 'tests', 'failures', 'skipped', 'errors')
    return [[one.get(name) for name in names], [case(each) for each in one]]
json.dump([dict(root.attrib), [suite(one) for one in root]], sys.stdout)
";

#[test]
fn junit_has_a_suite_for_each_link() {
    insta::assert_snapshot!(render::junit(&one_broken()));
}

#[test]
fn a_parser_of_xml_reads_it_and_counts_the_same() {
    for report in [one_broken(), all_well(), unsure()] {
        let Some(read) = read_by_python(&render::junit(&report)) else {
            return;
        };
        let total = report.findings.len().to_string();
        assert_eq!(read[0]["tests"], total.as_str());
        let suites = read[1].as_array().unwrap();
        for suite in suites {
            let cases = suite[1].as_array().unwrap();
            let having = |tag: &str| {
                cases
                    .iter()
                    .filter(|case| case[2][0][0] == tag)
                    .count()
                    .to_string()
            };
            let (failures, skipped) = (having("failure"), having("skipped"));
            let named = json!([suite[0][0], cases.len().to_string(), failures, skipped, "0"]);
            assert_eq!(suite[0], named);
        }
    }
}

#[test]
fn untrusted_text_stays_in_its_element() {
    let evil = "]]></failure><x y='\"'>&amp;\u{1b}\0\u{ffff}\u{b}é";
    let mut report = one_broken();
    for finding in &mut report.findings {
        evil.clone_into(&mut finding.seen);
        finding.subject = Some(evil.to_owned());
        finding.remedy = Some(evil.into());
    }
    let Some(read) = read_by_python(&render::junit(&report)) else {
        return;
    };
    let shown = "]]></failure><x y='\"'>&amp;\u{fffd}\u{fffd}\u{fffd}\u{fffd}é";
    let trust = read[1]
        .as_array()
        .unwrap()
        .iter()
        .find(|suite| suite[0][0] == "trust policy");
    let outcome = &trust.unwrap()[1][0][2];
    assert_eq!(outcome[0][1], shown);
    assert_eq!(outcome.as_array().unwrap().len(), 1);
}

fn chain(report: &Report) -> Value {
    let json: Value = serde_json::from_str(&render::json(report)).unwrap();
    assert_eq!(json["schema"], render::SCHEMA);
    let links = json["chain"].as_array().unwrap().iter();
    links.map(|link| link["verdict"].clone()).collect()
}

#[test]
fn json_has_the_chain_the_first_break_and_every_finding() {
    let report = one_broken();
    let json: Value = serde_json::from_str(&render::json(&report)).unwrap();
    assert_eq!(json["overall"], "broken");
    let first = &json["first_broken"];
    assert_eq!(
        json!([
            first["check"],
            first["link"],
            first["cause"],
            first["place"],
            first["documentation"]
        ]),
        json!([
            "trust-subject",
            "trust-policy",
            "trust-subject-mismatch",
            "aws",
            "docs/doctor/trust-policy.md#trust-subject"
        ])
    );
    assert!(
        first["remedy"]
            .as_str()
            .unwrap()
            .contains("update-assume-role-policy")
    );
    let verdicts = json!([
        "holds",
        "holds",
        "holds",
        "broken",
        "not-reached",
        "holds",
        null,
        "warning",
        "not-reached"
    ]);
    assert_eq!(chain(&report), verdicts);
    assert_eq!(
        json["findings"].as_array().unwrap().len(),
        report.findings.len()
    );
    assert_eq!(json["workload"]["service_account"], "shop/keycloak");
}

#[test]
fn json_of_a_whole_chain_has_no_first_break() {
    let json: Value = serde_json::from_str(&render::json(&all_well())).unwrap();
    assert_eq!(
        (&json["overall"], &json["first_broken"]),
        (&json!("holds"), &Value::Null)
    );
    assert_eq!(chain(&unsure())[3], "unsure");
    assert_eq!(chain(&unsure())[8], "not-applicable");
}
