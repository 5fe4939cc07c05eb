//! The table of decisions, for people and for programs.

use std::fmt::Write as _;

use irsa_chain::Link;
use serde_json::{Value, json};

use super::request::Request;

/// The table of decisions.
#[derive(Debug)]
pub struct Table {
    /// The decisions, workload by workload.
    pub rows: Vec<Row>,
    /// Notes on access that the file asks for and that is broader than necessary.
    pub remarks: Vec<String>,
}

/// A question with its decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Key of the workload.
    pub workload: String,
    /// The request, as text.
    pub question: String,
    /// The request, if IAM decides it; `None` if the security plugin of OpenSearch does.
    pub request: Option<Request>,
    /// True if the request must be allowed.
    pub expected: bool,
    /// The decision; `None` if it could not be made.
    pub allowed: Option<bool>,
    /// The link that denies.
    pub link: Option<Link>,
    /// The reason why an unexpected decision is correct: workloads share a role.
    pub shared: Option<String>,
    /// The number of further neighbors that the policies do not tell apart from this one, so that the decision is theirs,
    /// too.
    pub others: usize,
}

// === impl Row ===

impl Row {
    /// Returns whether the decision is the expected one, or follows from a shared role.
    pub fn is_right(&self) -> bool {
        self.allowed == Some(self.expected) || (self.allowed == Some(true) && self.shared.is_some())
    }

    fn decision(&self) -> &'static str {
        match self.allowed {
            Some(true) => "allowed",
            Some(false) => "denied",
            None => "unsure",
        }
    }
}

// === impl Table ===

impl Table {
    /// Returns whether every decision is as expected.
    pub fn is_right(&self) -> bool {
        self.rows.iter().all(Row::is_right)
    }

    /// The table as text, one row a line.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut workload = "";
        for row in &self.rows {
            if row.workload != workload {
                workload = &row.workload;
                let _ = writeln!(text, "{workload}");
            }
            let mark = if row.is_right() { "ok   " } else { "WRONG" };
            let others = match row.others {
                0 => String::new(),
                1 => ", and 1 similar request".to_owned(),
                others => format!(", and {others} similar requests"),
            };
            let link = row.link.map(|link| link.title().to_owned());
            let shared = row.shared.clone().filter(|_| row.allowed == Some(true));
            let reason = link.or(shared);
            let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
            let _ = writeln!(
                text,
                "  {mark} {:7} {}{others}{reason}",
                row.decision(),
                row.question
            );
        }
        for remark in &self.remarks {
            let _ = writeln!(text, "note: {remark}");
        }
        let wrong = self.rows.iter().filter(|row| !row.is_right()).count();
        let _ = writeln!(text, "{} decisions, {wrong} wrong", self.rows.len());
        text
    }

    /// The table for programs.
    pub fn json(&self) -> Value {
        let row = |row: &Row| {
            json!({
                "workload": row.workload,
                "question": row.question,
                "request": row.request.as_ref().map(Request::json),
                "expected": if row.expected { "allowed" } else { "denied" },
                "decision": row.decision(),
                "link": row.link.map(Link::id),
                "shared": row.shared,
                "others": row.others,
                "right": row.is_right(),
            })
        };
        json!({
            "right": self.is_right(),
            "decisions": self.rows.iter().map(row).collect::<Vec<_>>(),
            "remarks": self.remarks,
        })
    }
}
