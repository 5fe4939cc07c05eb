//! What `irsa init --from` found, for people and for programs.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use irsa_chain::untrusted::printable;
use irsa_stack::Table;
use irsa_stack::adopt::{Adopted, Adoption};
use serde_json::{Value, json};

use super::namespace::Gap;
use crate::settings::shown;

/// The result of `irsa init --from`.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) namespace: String,
    pub(super) adoption: Adoption,
    pub(super) gaps: Vec<Gap>,
    /// Names of the files that were written.
    pub(super) files: Vec<String>,
    pub(super) verdict: Verdict,
}

/// What `irsa check` says about the files.
#[derive(Debug)]
pub(super) enum Verdict {
    Decided(Table),
    /// What has to be filled in or changed first.
    Mistakes(Vec<String>),
}

// === impl Report ===

impl Report {
    pub(super) fn text(&self, out: &Path) -> String {
        let mut text = format!("wrote {}\n", self.files.join(", "));
        section(
            &mut text,
            "workloads",
            self.adoption.workloads.iter().map(workload),
        );
        section(
            &mut text,
            "left out",
            self.adoption.left_out.iter().cloned(),
        );
        section(&mut text, "not read", self.not_read());
        section(
            &mut text,
            "to change",
            self.adoption.changes.iter().cloned(),
        );
        section(&mut text, "irsa check", self.checked());
        section(&mut text, "next", self.next(out));
        text
    }

    pub(super) fn json(&self, out: &Path) -> Value {
        let workload = |one: &Adopted| {
            json!({
                "workload": one.key,
                "objects": one.objects,
                "service_account": one.service_account,
                "postgres": one.postgres,
                "opensearch": one.opensearch,
                "has_password": one.has_password,
            })
        };
        let gap = |gap: &Gap| json!({"what": gap.what, "why": gap.why});
        let (mistakes, table) = match &self.verdict {
            Verdict::Decided(table) => (Vec::new(), table.json()),
            Verdict::Mistakes(mistakes) => (mistakes.clone(), Value::Null),
        };
        json!({
            "files": self.files,
            "workloads": self.adoption.workloads.iter().map(workload).collect::<Vec<_>>(),
            "left_out": self.adoption.left_out,
            "not_read": self.gaps.iter().map(gap).collect::<Vec<_>>(),
            "permissions": self.permissions(),
            "changes": self.adoption.changes,
            "mistakes": mistakes,
            "check": table,
            "next": self.next(out),
        })
    }

    fn not_read(&self) -> Vec<String> {
        let secrets = "Secrets: irsa never reads them".to_owned();
        let gaps = self
            .gaps
            .iter()
            .map(|gap| format!("{}: {}", gap.what, gap.why));
        let mut lines: Vec<_> = gaps.chain([secrets]).collect();
        lines.extend(
            self.permissions()
                .map(|command| format!("to allow it: {command}")),
        );
        lines
    }

    /// The commands that allow what the user may not read.
    fn permissions(&self) -> Option<String> {
        let denied = || self.gaps.iter().filter_map(|gap| gap.denied.as_ref());
        let in_namespace = denied().filter(|(_, resource, _)| !resource.starts_with('/'));
        let resources: BTreeSet<_> = in_namespace
            .clone()
            .map(|(_, resource, _)| *resource)
            .collect();
        let (_, _, user) = in_namespace.clone().next()?;
        let resources: Vec<_> = resources.into_iter().collect();
        let namespace = &self.namespace;
        Some(format!(
            "kubectl -n {namespace} create role irsa-init --verb=get,list --resource={} && kubectl -n {namespace} \
             create rolebinding irsa-init --role=irsa-init --user={}",
            resources.join(","),
            printable(user)
        ))
    }

    fn checked(&self) -> Vec<String> {
        match &self.verdict {
            Verdict::Mistakes(mistakes) => mistakes.clone(),
            Verdict::Decided(table) => {
                let wrong = table.rows.iter().filter(|row| !row.is_right());
                let wrong: Vec<_> = wrong
                    .map(|row| format!("WRONG {}: {}", row.workload, row.question))
                    .collect();
                let count = format!("{} decisions, {} wrong", table.rows.len(), wrong.len());
                let remarks = table.remarks.iter().map(|remark| format!("note: {remark}"));
                wrong.into_iter().chain(remarks).chain([count]).collect()
            }
        }
    }

    fn next(&self, out: &Path) -> Vec<String> {
        let file = shown(&out.join("irsa.yaml"));
        let outputs = shown(&out.join("irsa.outputs.json"));
        let files = format!("-f {file} --outputs {outputs}");
        let fill_in = matches!(self.verdict, Verdict::Mistakes(_))
            || self.adoption.specification.contains("CHANGE");
        let fill_in = fill_in.then(|| format!("fill in what is marked with \"CHANGE\" in {file}"));
        let uses = |store: fn(&Adopted) -> &Option<String>| {
            self.adoption
                .workloads
                .iter()
                .any(|one| store(one).is_some())
        };
        let apply = [
            ("sql", uses(|one| &one.postgres)),
            ("opensearch", uses(|one| &one.opensearch)),
        ];
        let apply = apply.into_iter().filter(|(_, is_used)| *is_used);
        let apply = apply.map(|(target, _)| format!("irsa apply {target} {files} --dry-run"));
        let commands = [
            format!("irsa check {files}"),
            format!("irsa render terraform -f {file} --out ."),
        ];
        fill_in.into_iter().chain(commands).chain(apply).collect()
    }
}

fn workload(one: &Adopted) -> String {
    let mut line = format!(
        "{}: {}, service account {}",
        one.key,
        one.objects.join(", "),
        one.service_account
    );
    if let Some(postgres) = &one.postgres {
        let _ = write!(line, ", database {}", printable(postgres));
    }
    if let Some(opensearch) = &one.opensearch {
        let _ = write!(line, ", domain {}", printable(opensearch));
    }
    if one.has_password {
        line.push_str(" (logs in with a password today)");
    }
    line
}

fn section(text: &mut String, title: &str, lines: impl IntoIterator<Item = String>) {
    let mut lines = lines.into_iter().peekable();
    if lines.peek().is_none() {
        return;
    }
    let _ = writeln!(text, "{title}");
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
}
