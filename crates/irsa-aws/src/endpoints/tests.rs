use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use irsa_testing::prepared_client;

use super::*;

const BOTOCORE: &str = include_str!("../../tests/botocore_endpoints.py");

/// A Python interpreter with botocore.
fn python() -> Option<PathBuf> {
    prepared_client("moto").map(|folder| folder.join("venv/bin/python"))
}

fn service(name: &str) -> Service {
    match name {
        "iam" => Service::Iam,
        "rds" => Service::Rds,
        "opensearch" => Service::OpenSearch,
        "secretsmanager" => Service::SecretsManager,
        "eks" => Service::Eks,
        other => panic!("{other}"),
    }
}

#[test]
fn every_endpoint_matches_the_rules_in_botocore() {
    let Some(python) = python() else { return };
    let output = Command::new(python)
        .args(["-c", BOTOCORE])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut compared: BTreeMap<Partition, usize> = BTreeMap::new();
    for line in text.lines() {
        let [name, region, fips, dual_stack, url, signed_for] =
            line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let region: Region = region.parse().unwrap();
        let endpoints = Endpoints {
            variant: Variant {
                fips: fips == "true",
                dual_stack: dual_stack == "true",
            },
            ..Endpoints::default()
        };
        assert_eq!(endpoints.url(service(name), &region), url, "{line}");
        if name == "iam" {
            assert_eq!(iam_region(region.partition()), signed_for, "{line}");
        }
        *compared.entry(region.partition()).or_default() += 1;
    }
    assert!(
        Partition::ALL
            .iter()
            .all(|one| compared.get(one) >= Some(&12)),
        "{compared:?}"
    );
}

#[test]
fn each_partition_has_its_own_iam() {
    for (partition, expected) in [
        (Partition::Aws, "https://iam.amazonaws.com"),
        (Partition::AwsUsGov, "https://iam.us-gov.amazonaws.com"),
        (Partition::AwsCn, "https://iam.cn-north-1.amazonaws.com.cn"),
        (
            Partition::AwsEusc,
            "https://iam.eusc-de-east-1.amazonaws.eu",
        ),
    ] {
        let region: Region = iam_region(partition).parse().unwrap();
        assert_eq!(region.partition(), partition);
        assert_eq!(Endpoints::default().url(Service::Iam, &region), expected);
    }
}

#[test]
fn the_environment_selects_the_variant() {
    let environment = Environment::from_pairs([
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "TRUE"),
    ]);
    let endpoints = Endpoints::new(&environment);
    let region = "us-east-1".parse().unwrap();
    let url = endpoints.url(Service::OpenSearch, &region);
    assert_eq!(url, "https://es-fips.us-east-1.api.aws");
}

#[test]
fn the_url_of_one_service_overrides_the_url_of_all() {
    let environment = Environment::from_pairs([
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1/"),
        ("AWS_ENDPOINT_URL_RDS", "http://127.0.0.1:2"),
    ]);
    let endpoints = Endpoints::new(&environment);
    let region = "eu-central-1".parse().unwrap();
    assert_eq!(endpoints.url(Service::Rds, &region), "http://127.0.0.1:2");
    assert_eq!(
        endpoints.url(Service::OpenSearch, &region),
        "http://127.0.0.1:1"
    );
}
