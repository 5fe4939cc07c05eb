//! The documentation of the checks, made from the same words as the checks themselves.

use std::fmt::Write as _;

use irsa_chain::{Cause, Link};

use crate::{Check, Place, aws, cluster, pod};

/// A scenario, as the documentation lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioRow {
    /// Where it is looked at from.
    pub place: Place,
    /// The name of its file.
    pub id: String,
    /// What is broken, in words.
    pub breaks: String,
    /// The check that shows it.
    pub check: String,
    /// The cause that it names.
    pub cause: Option<String>,
}

/// Every check of every place.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    pod::checks().chain(cluster::checks()).chain(aws::checks())
}

/// The pages by name: an index, one for each link, and the scenarios.
pub fn pages(scenarios: &[ScenarioRow]) -> Vec<(String, String)> {
    let mut pages = vec![("README.md".to_owned(), index())];
    pages.extend(Link::ALL.map(|link| (format!("{}.md", link.id()), page(link))));
    pages.push(("scenarios.md".to_owned(), table(scenarios)));
    pages
}

const GENERATED: &str = "<!-- Made from the checks themselves: IRSA_UPDATE_DOCS=1 cargo test -p irsa-doctor docs -->\n\n";

fn of(link: Link) -> impl Iterator<Item = &'static Check> {
    checks().filter(move |check| check.link == link)
}

fn index() -> String {
    let mut text = format!(
        "{GENERATED}# What `irsa doctor` checks\n\n\
         Each link of the chain is looked at from up to three places: the **pod** itself, the **cluster** (the Kubernetes \
         API), and **aws** (read-only calls). A check whose needs do not hold is *not reached*; what could not be looked \
         at is *unsure*, never fine. [What breaks what](scenarios.md) lists how each is tested.\n"
    );
    for link in Link::ALL {
        let title = link.title();
        _ = write!(
            text,
            "\n## [{title}]({}.md)\n\n| check | from | asks |\n| --- | --- | --- |\n",
            link.id()
        );
        for Check {
            id,
            place,
            question,
            ..
        } in of(link)
        {
            _ = writeln!(
                text,
                "| [`{id}`]({}.md#{id}) | {place} | {question} |",
                link.id()
            );
        }
    }
    text
}

fn page(link: Link) -> String {
    let title = link.title();
    let mut text = format!(
        "{GENERATED}# {}{}\n",
        title[..1].to_uppercase(),
        &title[1..]
    );
    for check in of(link) {
        text.push_str(&section(check));
    }
    text
}

fn section(check: &Check) -> String {
    let Check {
        id,
        place,
        question,
        looks_at,
        causes,
        needs,
        ..
    } = check;
    let mut text = format!("\n## `{id}`\n\n**{question}** (from: {place})\n\n{looks_at}\n");
    if !needs.is_empty() {
        let needs: Vec<String> = needs.iter().map(|need| reference(need)).collect();
        _ = write!(text, "\nNeeds {}.\n", needs.join(", "));
    }
    if causes.is_empty() {
        return text
            + "\nIt finds nothing wrong by itself: without it nothing further can be looked at.\n";
    }
    text.push_str("\n| it can find | what to do |\n| --- | --- |\n");
    for cause in *causes {
        _ = writeln!(
            text,
            "| `{cause}`: {} | {} |",
            cell(cause.summary()),
            cell(cause.remedy())
        );
    }
    text
}

/// A link to another check's section.
fn reference(id: &str) -> String {
    match checks().find(|check| check.id == id) {
        Some(check) => format!("[`{id}`]({}.md#{id})", check.link.id()),
        None => format!("`{id}`"),
    }
}

fn table(scenarios: &[ScenarioRow]) -> String {
    let mut text = format!(
        "{GENERATED}# What breaks what\n\n\
         Each row breaks one link on purpose. The check named is then the only one that does not hold, those that need it \
         are not reached, and all others hold. The files are in `crates/irsa-doctor/tests/scenarios/`.\n"
    );
    for place in Place::ALL {
        _ = write!(
            text,
            "\n## From: {place}\n\n| scenario | what is broken | check | cause |\n| --- | --- | --- | --- |\n"
        );
        for row in scenarios.iter().filter(|row| row.place == place) {
            let cause = row.cause.as_ref().map(|cause| format!("`{cause}`"));
            _ = writeln!(
                text,
                "| {} | {} | {} | {} |",
                row.id,
                cell(&row.breaks),
                reference(&row.check),
                cause.unwrap_or_default()
            );
        }
    }
    text
}

/// A bar ends a Markdown table's cell, even within backticks.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Every cause that some check can find.
pub fn causes() -> impl Iterator<Item = Cause> {
    let found = |cause: &Cause| checks().any(|check| check.causes.contains(cause));
    Cause::ALL.iter().copied().filter(found)
}
