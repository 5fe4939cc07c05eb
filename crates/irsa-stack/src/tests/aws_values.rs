//! Values that AWS would refuse only during `terraform apply` are mistakes, with their places.

use super::{SMALL, changed, mistakes};

/// The mistakes in the small file with these tags, which are in line 15.
fn with_tags(tags: &str) -> Vec<String> {
    mistakes(&format!("{SMALL}tags: {tags}\n"))
}

#[test]
fn tags_are_those_that_aws_accepts() {
    let longest = format!("{{{}: {}}}", "k".repeat(128), "é".repeat(256));
    for tags in [
        "{}",
        "{team: \"\", \"cost center\": \"a_b.c:d/e=f+g-h@i\", Größe: \"١٢\", 名前: 値}",
        longest.as_str(),
    ] {
        assert_eq!(with_tags(tags), [""; 0], "{tags}");
    }
    let rule = |range: &str| format!("expected {range} letters, digits, spaces and `_.:/=+-@`");
    let reserved = "expected a text that does not begin with `aws:`".to_owned();
    for (tags, expected) in [
        (
            "{\"a,b\": c}".to_owned(),
            format!(
                "irsa.yaml:15:8: the key: `a,b` is not a tag key; {}",
                rule("1 to 128")
            ),
        ),
        (
            "{a: \"b;c\"}".to_owned(),
            format!(
                "irsa.yaml:15:11: `a`: `b;c` is not a tag value; {}",
                rule("0 to 256")
            ),
        ),
        (
            "{AWS:team: a}".to_owned(),
            format!("irsa.yaml:15:8: the key: `AWS:team` is not a tag key; {reserved}"),
        ),
        (
            "{a: \"aws:b\"}".to_owned(),
            format!("irsa.yaml:15:11: `a`: `aws:b` is not a tag value; {reserved}"),
        ),
        (
            "{a: b, A: c}".to_owned(),
            "irsa.yaml:15:8: `A` and `a` differ only in case: IAM takes them for the same tag"
                .to_owned(),
        ),
    ] {
        assert_eq!(with_tags(&tags), [expected], "{tags}");
    }
    // The text itself is shortened.
    for tags in [
        format!("{{{}: b}}", "k".repeat(129)),
        format!("{{k: {}}}", "v".repeat(257)),
        "{\"\": b}".to_owned(),
        "{\"क\u{93f}\": b}".to_owned(),
    ] {
        assert_eq!(with_tags(&tags).len(), 1, "{tags}");
    }
    let many: Vec<_> = (0..51).map(|number| format!("k{number}: v")).collect();
    let expected = "irsa.yaml:15:1: 51 tags, but a resource in AWS has at most 50";
    assert_eq!(with_tags(&format!("{{{}}}", many.join(", "))), [expected]);
}

#[test]
fn an_external_id_is_one_that_sts_accepts() {
    let with = |id: &str| {
        let via =
            format!("via: {{role: \"arn:aws:iam::111122223333:role/x\", external_id: \"{id}\"}}");
        changed(
            "create: {engine_version: \"17.4\"}",
            &format!("existing: orders\n    {via}"),
        )
    };
    assert_eq!(with("a=b,c@d:e/f_g.h-i+j"), [""; 0]);
    for id in ["a", "a b", "a'b", "${a}", &"x".repeat(1225)] {
        let found = with(id);
        assert!(
            found[0].starts_with("irsa.yaml:9:66: `external_id`: "),
            "{found:#?}"
        );
        assert!(
            found[0].ends_with(r"expected 2 to 1224 letters, digits and `_+=,.@:/\-`"),
            "{found:#?}"
        );
    }
}

#[test]
fn a_kms_key_is_an_arn_of_the_region() {
    let with = |key: &str| {
        let create = format!("create: {{engine_version: \"17.4\", kms_key: \"{key}\"}}");
        changed("create: {engine_version: \"17.4\"}", &create)
    };
    assert_eq!(
        with("arn:aws:kms:eu-central-1:444455556666:key/1234abcd-12ab"),
        [""; 0]
    );
    for key in [
        "1234abcd",
        "alias/orders",
        "arn:aws:kms:eu-central-1:111122223333:alias/orders",
        "arn:aws:iam::111122223333:key/1234abcd",
    ] {
        let found = with(key);
        assert!(
            found[0].starts_with("irsa.yaml:8:47: `kms_key`: "),
            "{found:#?}"
        );
        assert!(found[0].ends_with("an alias does not work"), "{found:#?}");
    }
    let found = with("arn:aws:kms:eu-west-1:111122223333:key/1234abcd");
    let expected =
        "irsa.yaml:8:47: the KMS key is in region `eu-west-1`, but the store is in eu-central-1";
    assert_eq!(found, [expected]);
}

#[test]
fn an_existing_role_that_is_left_alone_is_not_imported() {
    let role =
        "    role: {arn: \"arn:aws:iam::111122223333:role/x\", import: role}\n    service_account";
    let found = changed("    service_account", role);
    assert!(
        found[0].ends_with("remove `name`, `policy` and `import`"),
        "{found:#?}"
    );
}
