//! The pages of the site: those in `docs/`, and those that lie at the root of the clone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::files;
use super::links::links;
use crate::failure::Failure;
use crate::workspace;

const DOCS: &str = "docs";
const SUMMARY: &str = "SUMMARY.md";
/// Pages at the root of the clone, each with its place in the site.
const AT_ROOT: [(&str, &str); 5] = [
    ("README.md", "project/introduction.md"),
    ("ARCHITECTURE.md", "project/architecture.md"),
    ("CONTRIBUTING.md", "project/contributing.md"),
    ("SECURITY.md", "project/security.md"),
    ("CHANGELOG.md", "project/changelog.md"),
];

/// Writes mdBook's source: all of `docs/` and the pages at the root, with links that work in the site.
pub(super) fn write(root: &Path, source: &Path) -> Result<(), Failure> {
    for file in files(&root.join(DOCS))? {
        let path = file.strip_prefix(root).unwrap_or(&file);
        let place = path.strip_prefix(DOCS).unwrap_or(path);
        copy(root, path, &source.join(place), place)?;
    }
    for (path, place) in AT_ROOT {
        copy(root, Path::new(path), &source.join(place), Path::new(place))?;
    }
    Ok(())
}

fn copy(root: &Path, path: &Path, to: &Path, place: &Path) -> Result<(), Failure> {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder).map_err(Failure::file(folder))?;
    let file = root.join(path);
    if !is_page(path) {
        fs::copy(&file, to).map_err(Failure::file(&file))?;
        return Ok(());
    }
    let page = fs::read_to_string(&file).map_err(Failure::file(&file))?;
    let page = with_site_links(root, path, place, &page);
    fs::write(to, page).map_err(Failure::file(to))
}

/// Returns the page with its links changed to places in the site. A link to a file that the site lacks becomes text.
fn with_site_links(root: &Path, path: &Path, place: &Path, page: &str) -> String {
    let mut changed = String::with_capacity(page.len());
    let mut copied = 0;
    for link in links(page) {
        let target = &page[link.target.clone()];
        let Some(file) = file_of_link(path, target) else {
            continue;
        };
        changed.push_str(&page[copied..link.whole.start]);
        let text = &page[link.text.clone()];
        match place_of(root, &file) {
            Some(to) => {
                let anchor = target.find('#').map_or("", |start| &target[start..]);
                let to = relative(place, &to);
                changed.extend(["[", text, "](", to.as_str(), anchor, ")"]);
            }
            None => changed.push_str(text),
        }
        copied = link.whole.end;
    }
    changed.push_str(&page[copied..]);
    changed
}

/// Returns the file that a link leads to, from the root of the clone; `None` for addresses and for anchors in the page.
fn file_of_link(page: &Path, target: &str) -> Option<PathBuf> {
    let file = target.split('#').next().unwrap_or_default();
    if file.is_empty() || file.contains("://") || file.starts_with("mailto:") {
        return None;
    }
    let mut path = page.parent().unwrap_or(page).to_owned();
    for part in Path::new(file).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    Some(path)
}

/// Returns the place of a file in the site; for a folder that of its first page.
fn place_of(root: &Path, file: &Path) -> Option<PathBuf> {
    let at_root = AT_ROOT.iter().find(|(path, _)| Path::new(path) == file);
    if let Some((_, place)) = at_root {
        return Some(PathBuf::from(place));
    }
    let place = file.strip_prefix(DOCS).ok()?;
    if root.join(file).is_dir() {
        let first = place.join("README.md");
        return root.join(DOCS).join(&first).exists().then_some(first);
    }
    Some(place.to_owned())
}

fn relative(from: &Path, to: &Path) -> String {
    let depth = from.components().count() - 1;
    format!("{}{}", "../".repeat(depth), to.display())
}

fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}

/// Returns the pages that `docs/SUMMARY.md` lacks, and the links of all pages that lead nowhere.
pub(crate) fn check() -> Result<Vec<String>, Failure> {
    let root = workspace::root();
    let summary = Path::new(DOCS).join(SUMMARY);
    let mut pages: Vec<PathBuf> = files(&root.join(DOCS))?;
    pages.extend(AT_ROOT.iter().map(|(path, _)| root.join(path)));
    let (mut listed, mut findings) = (BTreeSet::new(), Vec::new());
    let mut existing = BTreeSet::new();
    for file in pages.iter().filter(|file| is_page(file)) {
        let path = file.strip_prefix(root).unwrap_or(file);
        let page = fs::read_to_string(file).map_err(Failure::file(file))?;
        for link in links(&page) {
            let target = &page[link.target];
            let Some(to) = file_of_link(path, target) else {
                continue;
            };
            if !root.join(&to).exists() {
                let path = path.display();
                findings.push(format!("{path}: the link to `{target}` leads nowhere"));
            }
            if path == summary {
                listed.insert(to);
            }
        }
        existing.insert(path.to_owned());
    }
    existing.remove(&summary);
    let missing = existing.difference(&listed);
    findings.extend(missing.map(|page| {
        let page = page.display();
        format!("docs/{SUMMARY} lacks `{page}`: add it where it belongs")
    }));
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_site(path: &str, place: &str, page: &str) -> String {
        with_site_links(workspace::root(), Path::new(path), Path::new(place), page)
    }

    #[test]
    fn links_to_pages_lead_to_their_place_in_the_site() {
        assert_eq!(
            in_site(
                "docs/guides/README.md",
                "guides/README.md",
                "[a](../../README.md#b) [c](../lab.md) [d](#e)"
            ),
            "[a](../project/introduction.md#b) [c](../lab.md) [d](#e)"
        );
        assert_eq!(
            in_site(
                "README.md",
                "project/introduction.md",
                "[a](docs/lab.md) [b](docs/adr) [c](https://d/e)"
            ),
            "[a](../lab.md) [b](../adr/README.md) [c](https://d/e)"
        );
    }

    #[test]
    fn links_to_files_outside_the_site_become_text() {
        assert_eq!(
            in_site(
                "docs/lab.md",
                "lab.md",
                "see [`a`](../crates/irsa/src/main.rs), b"
            ),
            "see `a`, b"
        );
    }

    #[test]
    fn every_page_is_listed_and_every_link_leads_somewhere() {
        assert_eq!(check().unwrap(), Vec::<String>::new());
    }
}
