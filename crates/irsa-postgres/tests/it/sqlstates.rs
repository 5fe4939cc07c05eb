//! `docs/reference/sqlstates.md` lists exactly the codes that the sources can send.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use irsa_testing::add_files_below;

/// The codes in the table of `docs/reference/sqlstates.md`.
fn documented() -> BTreeSet<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/sqlstates.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, table) = page.split_once("| SQLSTATE |").expect("the table");
    let rows = table.lines().skip(2);
    let rows = rows.take_while(|row| row.starts_with('|'));
    rows.map(|row| row.split('|').nth(1).unwrap().trim().to_owned())
        .collect()
}

/// Returns the names of the codes in a source file without its tests.
fn names_in(file: &Path) -> Vec<String> {
    let source = fs::read_to_string(file).unwrap();
    let code = source.split("#[cfg(test)]").next().unwrap();
    let mentions = code.split("SqlState::").skip(1);
    let name = |rest: &str| {
        let end = rest.find(|c: char| !c.is_ascii_uppercase() && c != '_');
        rest[..end.unwrap_or(rest.len())].to_owned()
    };
    mentions.map(name).filter(|name| name.len() > 1).collect()
}

/// Returns the code of a constant of `SqlState`.
fn code_of(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../irsa-pgwire/src/sqlstate.rs");
    let source = fs::read_to_string(file).unwrap();
    let constant = format!("pub const {name}: Self = Self(*b\"");
    let (_, value) = source.split_once(&constant).expect(name);
    value[..5].to_owned()
}

/// Returns the codes that irsa itself can send. `refusal.rs` only classifies errors of servers; `irsa-pgwire` has the
/// errors of startup packets.
fn sent() -> BTreeSet<String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    add_files_below(&crates.join("irsa-postgres/src"), &mut files);
    add_files_below(&crates.join("irsa-pgwire/src/startup"), &mut files);
    files.retain(|file| !file.ends_with("src/refusal.rs"));
    let names: BTreeSet<String> = files.iter().flat_map(|file| names_in(file)).collect();
    names.iter().map(|name| code_of(name)).collect()
}

#[test]
fn the_page_lists_exactly_the_codes_that_irsa_sends() {
    let (documented, sent) = (documented(), sent());
    let missing: Vec<_> = sent.difference(&documented).collect();
    let untrue: Vec<_> = documented.difference(&sent).collect();
    assert!(missing.is_empty(), "not on the page: {missing:?}");
    assert!(untrue.is_empty(), "on the page only: {untrue:?}");
    assert!(sent.len() > 8, "{sent:?}");
}
