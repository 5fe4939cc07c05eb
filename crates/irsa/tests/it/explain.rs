//! `irsa explain` and `irsa status`, without a proxy.

use irsa_testing::program::{finish, irsa};

#[test]
fn a_cause_is_found_by_its_id_or_a_copied_reference() {
    for name in [
        "rds-iam-not-granted",
        "(link: grant, cause: rds-iam-not-granted)",
    ] {
        let explained = finish(&mut irsa(&["explain", name]));
        let text = explained.printed();
        assert!(text.starts_with("rds-iam-not-granted\n"), "{text}");
        assert!(text.contains("GRANT rds_iam"), "{text}");
    }
    let json = finish(&mut irsa(&["explain", "trust-denied", "--output", "json"])).json();
    assert_eq!(
        (&json["cause"], &json["link"]),
        (&"trust-denied".into(), &"trust-policy".into())
    );
}

#[test]
fn all_causes_are_listed_and_a_misspelled_one_gets_a_suggestion() {
    let all = finish(&mut irsa(&["explain"]));
    assert!(all.printed().contains("fgac-not-granted"), "{}", all.stdout);
    let wrong = finish(&mut irsa(&["explain", "trust-deneid"]));
    assert_eq!(wrong.code, 2);
    assert_eq!(
        wrong.errors(),
        ["unknown cause `trust-deneid`; did you mean `trust-denied`?"]
    );
}

#[test]
fn a_missing_proxy_is_a_failure_with_a_remedy() {
    let absent = finish(&mut irsa(&[
        "status",
        "--status-address",
        "unix:/nowhere/status",
    ]));
    assert_eq!((absent.code, absent.stdout.as_str()), (1, ""));
    let errors = absent.errors();
    let expected = "cannot read the status of a proxy at `unix:/nowhere/status`: ";
    assert!(errors[0].starts_with(expected), "{errors:?}");
    assert!(absent.stderr.contains(" help: "), "{}", absent.stderr);

    let off = finish(irsa(&["status"]).env("IRSA_STATUS_ADDRESS", "off"));
    assert_eq!(off.code, 2, "{}", off.stderr);
}
