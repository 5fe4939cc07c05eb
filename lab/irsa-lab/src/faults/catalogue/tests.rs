use std::collections::BTreeSet;

use super::*;

#[test]
fn ids_are_unique_and_in_kebab_case() {
    let mut seen = BTreeSet::new();
    for fault in Fault::ALL {
        assert!(seen.insert(fault.id), "{} is a duplicate", fault.id);
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        assert!(fault.id.bytes().all(plain), "{}", fault.id);
    }
}

#[test]
fn the_faults_are_in_the_order_of_the_chain() {
    let links: Vec<_> = Fault::ALL.iter().map(|fault| fault.cause.link()).collect();
    // `sts-idp-communication` is listed with the other STS faults, though AWS means the provider by it.
    let sorted = links
        .iter()
        .zip(Fault::ALL)
        .filter(|(_, fault)| fault.id != "sts-idp-communication")
        .map(|(link, _)| link);
    assert!(sorted.is_sorted());
}

#[test]
fn each_switch_of_the_lab_turns_on_and_off() {
    for fault in Fault::ALL {
        if let Mechanism::Lab(_) = fault.mechanism {
            let plan = FaultPlan::from_ids([fault.id]).unwrap();
            let on: Vec<_> = plan.faults().map(|fault| fault.id).collect();
            assert_eq!(on, [fault.id]);
            assert!(!fault.is_on(&FaultPlan::default()), "{}", fault.id);
        } else {
            assert!(FaultPlan::from_ids([fault.id]).is_err(), "{}", fault.id);
        }
    }
}

#[test]
fn an_error_names_the_valid_ids() {
    let error = FaultPlan::from_ids(["sts-trottled"])
        .unwrap_err()
        .to_string();
    assert!(error.contains("sts-throttled"), "{error}");
    let error = FaultPlan::from_ids(["token-expired"])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("POST /mint") && error.contains("sts-throttled"),
        "{error}"
    );
}

/// `docs/lab.md` contains the table. With `IRSA_UPDATE_DOCS=1` the test writes it.
#[test]
fn the_documentation_has_the_table() {
    const BEGIN: &str = "<!-- faults: begin -->\n";
    const END: &str = "<!-- faults: end -->";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/lab.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (table, after) = rest.split_once(END).unwrap();
    let expected = markdown_table();
    if std::env::var_os("IRSA_UPDATE_DOCS").is_some() {
        std::fs::write(path, format!("{before}{BEGIN}{expected}{END}{after}")).unwrap();
    } else {
        assert_eq!(
            table, expected,
            "docs/lab.md is out of date: run `cargo xtask gen`"
        );
    }
}
