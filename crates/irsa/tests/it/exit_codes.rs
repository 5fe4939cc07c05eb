//! `docs/reference/exit-codes.md` lists exactly the exit codes in the sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use irsa_testing::add_files_below;

fn page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/exit-codes.md");
    fs::read_to_string(page).unwrap()
}

/// Returns the codes in the first column of the page's table, and those in the paragraph about `irsa exec`.
fn documented() -> (BTreeSet<u8>, BTreeSet<u8>) {
    let page = page();
    let (_, table) = page.split_once("| exit code |").unwrap();
    let rows = table.lines().skip(2).take_while(|row| row.starts_with('|'));
    let codes = rows.map(|row| row.split('|').nth(1).unwrap().trim().parse().unwrap());
    let (_, exec) = page.split_once("**`irsa exec`**").unwrap();
    let exec = exec.split("\n\n").next().unwrap();
    let numbers = exec.split(|character: char| !character.is_ascii_digit());
    let numbers = numbers.filter_map(|number| number.parse().ok());
    (codes.collect(), numbers.collect())
}

/// Returns the values of the constants of type `u8`, which are exit codes in these crates, by whether they belong to
/// `irsa exec`.
fn constants(is_exec: bool) -> BTreeSet<u8> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    add_files_below(&crates.join("irsa/src"), &mut files);
    add_files_below(&crates.join("irsa-cli/src"), &mut files);
    files.retain(|file| file.ends_with("commands/exec.rs") == is_exec);
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    let constants = texts.flat_map(|text| {
        let lines = text.lines().map(str::trim);
        let values = lines.filter_map(|line| line.split_once("const ")?.1.split_once(": u8 = "));
        let values = values.map(|(_, value)| value.trim_end_matches(';').parse().unwrap());
        values.collect::<Vec<u8>>()
    });
    constants.collect()
}

#[test]
fn the_page_lists_exactly_the_exit_codes_of_the_sources() {
    let (documented, exec) = documented();
    let mut known = constants(false);
    known.insert(0);
    assert_eq!(documented, known);
    let mut of_exec = constants(true);
    // The offset of signals.
    of_exec.insert(128);
    assert_eq!(exec, of_exec);
}
