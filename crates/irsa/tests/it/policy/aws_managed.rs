//! The managed policies of AWS, which moto contains.

use std::process::Command;

use irsa_testing::prepared_client;
use serde_json::Value;

use super::policy;

/// Writes each policy to a file in the current directory.
const EXTRACT: &str = "
import json
from moto.iam.aws_managed_policies import aws_managed_policies_data
for name, policy in json.loads(aws_managed_policies_data).items():
    with open(name + '.json', 'w') as file:
        json.dump(policy['Document'], file)
";

/// IAM replaces policy variables only after the fifth colon of an ARN (IAM User Guide, "Variables and tags"), and this
/// policy has one in place of the account.
const WITH_A_MISTAKE: &str = "AmazonTimestreamInfluxDBServiceRolePolicy.json";

#[test]
fn every_managed_policy_of_aws_is_read_and_only_one_has_a_mistake() {
    let Some(moto) = prepared_client("moto") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let extract = Command::new(moto.join("venv/bin/python"))
        .args(["-c", EXTRACT])
        .current_dir(folder.path())
        .status();
    assert!(extract.unwrap().success());
    let entries = folder.path().read_dir().unwrap();
    let files: Vec<String> = entries
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    assert!(files.len() > 1_500, "{}", files.len());

    let options = ["--kind", "identity", "--output", "json"];
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let linted = policy("lint", &[&options[..], &files].concat());
    let report: Value = serde_json::from_str(&linted.stdout).unwrap();
    let mistakes = report["files"].as_array().unwrap().iter().flat_map(|file| {
        let findings = file["findings"].as_array().unwrap().iter();
        let errors = findings.filter(|finding| finding["level"] == "error");
        errors.map(|finding| {
            (
                file["file"].as_str().unwrap(),
                finding["id"].as_str().unwrap(),
            )
        })
    });
    let mistakes: Vec<_> = mistakes.collect();
    let [(file, id)] = mistakes[..] else {
        panic!("{mistakes:#?}");
    };
    assert!(file.ends_with(WITH_A_MISTAKE), "{file}");
    assert_eq!(id, "variable-in-arn");
}
