//! `irsa render terraform`.

use std::fs;

use super::{OUTPUTS, preset, run};

/// The outputs are written by what is rendered, and must not decide about it.
#[test]
fn terraform_does_not_depend_on_what_it_creates() {
    let folder = preset("camunda-8.3");
    run(folder.path(), &["render", "terraform", "--out", "."]).printed();
    fs::write(folder.path().join("irsa.outputs.json"), OUTPUTS).unwrap();
    let hidden = folder.path().join("terraform/.terraform");
    fs::create_dir(&hidden).unwrap();
    let versions = folder.path().join("terraform/versions.tf");
    fs::copy(&versions, hidden.join("copy.tf")).unwrap();
    let again = &["render", "terraform", "--out", ".", "--check"];
    assert_eq!(run(folder.path(), again).code, 0);
    let reference = &[
        "render",
        "terraform",
        "--out",
        ".",
        "--versions",
        "reference",
    ];
    run(folder.path(), reference).printed();
    let versions = fs::read_to_string(versions).unwrap();
    assert!(versions.contains("\"~> 5.9.0\""), "{versions}");
    for (arguments, expected) in [
        (
            &["render", "sql", "--out", ".", "--versions", "newest"][..],
            "--versions: has an effect on `terraform` only",
        ),
        (
            &[
                "render",
                "terraform",
                "--out",
                ".",
                "--outputs",
                "irsa.outputs.json",
            ][..],
            "--outputs: has no effect on `terraform`",
        ),
        (
            &[
                "render",
                "terraform",
                "--out",
                ".",
                "--versions",
                "aws=5,iam=6",
            ][..],
            "these versions do not go together",
        ),
    ] {
        let refused = run(folder.path(), arguments);
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        assert!(refused.stderr.contains(expected), "{}", refused.stderr);
    }
}

/// `prevent_destroy` has no effect once the code of a store is gone.
#[test]
fn the_code_of_a_created_store_is_removed_on_demand_only() {
    let folder = preset("camunda-8.3");
    let specification = folder.path().join("irsa.yaml");
    let before = fs::read_to_string(&specification).unwrap();
    let render = ["render", "terraform", "--out", "."];
    let domain = folder.path().join("terraform/opensearch-camunda.tf");
    for (from, to, kept) in [
        // A new key, in the store and in the workloads.
        (
            "aurora",
            "sql",
            "terraform state rm aws_db_subnet_group.aurora aws_security_group.postgres_aurora ",
        ),
        (
            "create: {engine_version: OpenSearch_2.5, instance: r6g.large.search, instances: 3, volume: 100GiB}",
            "existing: camunda",
            " aws_opensearch_domain.camunda`",
        ),
    ] {
        assert!(before.contains(from), "{before}");
        fs::write(&specification, &before).unwrap();
        run(folder.path(), &[&render[..], &["--drop-stores"]].concat()).printed();
        let rendered = fs::read_to_string(&domain).unwrap();
        fs::write(&specification, before.replace(from, to)).unwrap();
        let refused = run(folder.path(), &render);
        assert_eq!(refused.code, 1, "{}", refused.stdout);
        assert!(
            refused
                .stderr
                .contains("would destroy the store and its data"),
            "{}",
            refused.stderr
        );
        assert!(refused.stderr.contains(kept), "{}", refused.stderr);
        assert_eq!(fs::read_to_string(&domain).unwrap(), rendered);
        run(folder.path(), &[&render[..], &["--drop-stores"]].concat()).printed();
        run(folder.path(), &render).printed();
    }
    let other = run(
        folder.path(),
        &["render", "sql", "--out", ".", "--drop-stores"],
    );
    assert!(
        other
            .stderr
            .contains("--drop-stores: has an effect on `terraform` only"),
        "{}",
        other.stderr
    );
}
