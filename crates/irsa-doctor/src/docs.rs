//! The documentation of the checks, made from the same words as the checks themselves.

use std::fmt::Write as _;

use irsa_chain::{Cause, Link};

use crate::correlate::explained_by;
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
    let mut text = format!("{GENERATED}{INTRODUCTION}");
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

const INTRODUCTION: &str = "\
# What `irsa doctor` checks

A pod reaches its data by a chain of nine links: its service account, a token that is projected into it, the OIDC
provider and the trust policy by which AWS takes that token, the STS session that it is given for it, what the session
is permitted, its signature, the endpoint, and what the data store itself grants. One broken link looks much like
another from outside. `irsa doctor` looks at each from up to three places:

| place | what it looks at | how it is run |
| --- | --- | --- |
| pod | files, environment, network, and what STS and the data stores answer | in the pod: `irsa doctor --user DB_USER UPSTREAM` |
| cluster | service account, pod and webhook, by the Kubernetes API | `irsa doctor --pod NAMESPACE/NAME`, or `--service-account NAMESPACE/NAME` |
| aws | provider, role, policies, databases and domains, by read-only calls | `irsa doctor --from cluster,aws --pod NAMESPACE/NAME --aws-profile NAME --user DB_USER UPSTREAM` |

Nothing is changed anywhere. The exit code is 0 where all holds, 3 where a link is broken, 4 where something could not be
told, 2 for a mistake on the command line. A check whose needs do not hold is *not reached*; what could not be looked at
is *unsure*, never fine. All of it takes 30 seconds at most (`--timeout`). [How to read a report](../status.md) explains
its marks, and [what breaks what](scenarios.md) lists how each check is tested.
";

fn page(link: Link) -> String {
    let title = link.title();
    let mut text = format!(
        "{GENERATED}# {}{}\n\n{}\n\n{}\n",
        title[..1].to_uppercase(),
        &title[1..],
        about(link),
        READING
    );
    for check in of(link) {
        text.push_str(&section(check));
    }
    text
}

const READING: &str = "\
Each section is a check of `irsa doctor`: where it looks from, what it looks at, and for each cause that it can find what
to do. A report gives the same remedy with the names of your own in it; words in capitals (`ROLE`, `NAMESPACE`) stand for
them here. [All checks](README.md), and how they are run; [all causes](../causes.md).";

/// What a link is, for somebody who has never heard of it.
const fn about(link: Link) -> &'static str {
    match link {
        Link::ServiceAccount => {
            "A pod runs as a service account of Kubernetes. Its annotation `eks.amazonaws.com/role-arn` names the role (IRSA), \
             or an association of EKS Pod Identity does; a webhook then gives the pod's containers variables and a token \
             when the pod is created, and at no other time."
        }
        Link::ProjectedToken => {
            "The kubelet writes a token of the service account into a volume of the pod and renews it there: a JSON Web \
             Token that says who issued it (`iss`), whose it is (`sub`), whom it is for (`aud`) and how long it is good."
        }
        Link::OidcProvider => {
            "AWS takes tokens of an issuer whose OIDC provider exists in the account of the role. AWS itself fetches the \
             issuer's keys and verifies the token with them."
        }
        Link::TrustPolicy => {
            "The trust policy of the role says whose tokens may become a session of it: by provider, subject and audience. \
             AWS refuses with the same words whatever is wrong with it."
        }
        Link::StsSession => {
            "STS exchanges the token for temporary credentials, a session of the role; with EKS Pod Identity an agent on \
             the node hands them out."
        }
        Link::Permissions => {
            "What the role's policies allow its session: `rds-db:connect` on a database user, `es:ESHttpGet` and the other \
             methods on a domain. A permissions boundary and policies of the organization limit it."
        }
        Link::Signature => {
            "A login to a database is a signed token in place of a password, a request to OpenSearch has a signature. Both \
             are made for one endpoint, one region and one moment."
        }
        Link::Endpoint => {
            "The way to the data store: name, connection, TLS, and whether it is there and takes anybody at all."
        }
        Link::Grant => {
            "What the data store itself grants: in PostgreSQL membership of `rds_iam` and rights on the database, in \
             OpenSearch a role of fine-grained access control that the IAM role is mapped to."
        }
    }
}

fn section(check: &Check) -> String {
    let Check {
        id,
        place,
        question,
        description,
        causes,
        needs,
        ..
    } = check;
    let mut text = format!("\n## `{id}`\n\n**{question}** (from: {place})\n\n{description}\n");
    let references = |ids: &[&str]| {
        let all: Vec<String> = ids.iter().map(|id| reference(id)).collect();
        all.join(", ")
    };
    if !needs.is_empty() {
        _ = write!(text, "\nNeeds {}.\n", references(needs));
    }
    let explained_by = explained_by(id);
    if !explained_by.is_empty() {
        _ = write!(text, "\nTold apart by {}.\n", references(explained_by));
    }
    if causes.is_empty() {
        let is_needed = checks().any(|other| other.needs.contains(id));
        return text
            + if is_needed {
                "\nIt finds nothing wrong by itself: without it nothing further can be looked at.\n"
            } else {
                "\nIt warns at most, and says what to change.\n"
            };
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
