//! A writer of HCL whose output `terraform fmt` leaves as it is, and in which no text can end its quotes or become an
//! expression.

mod expression;
mod policy;
mod text;

use std::fmt::Write as _;

use irsa_chain::untrusted::printable;

pub(crate) use self::expression::Expression;
pub(crate) use self::policy::Substitution;
use self::text::quoted;

/// The content of a file or block.
#[derive(Debug, Clone, Default)]
pub(crate) struct Body {
    items: Vec<Item>,
}

#[derive(Debug, Clone)]
enum Item {
    Attribute(&'static str, Expression),
    Block(Block),
    /// Lines of a comment.
    Comment(Vec<String>),
}

/// A block: its type, its labels and its content.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    kind: &'static str,
    labels: Vec<String>,
    body: Body,
}

// === impl Body ===

impl Body {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn set(mut self, name: &'static str, value: Expression) -> Self {
        self.items.push(Item::Attribute(name, value));
        self
    }

    pub(crate) fn text(self, name: &'static str, text: impl Into<String>) -> Self {
        self.set(name, Expression::text(text))
    }

    pub(crate) fn flag(self, name: &'static str, flag: bool) -> Self {
        self.set(name, Expression::Flag(flag))
    }

    pub(crate) fn integer(self, name: &'static str, integer: impl Into<u64>) -> Self {
        self.set(name, Expression::Integer(integer.into()))
    }

    pub(crate) fn reference(self, name: &'static str, reference: impl Into<String>) -> Self {
        self.set(name, Expression::reference(reference))
    }

    /// Sets an attribute, unless there is no value.
    pub(crate) fn set_some(self, name: &'static str, value: Option<Expression>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    pub(crate) fn block(mut self, block: Block) -> Self {
        self.items.push(Item::Block(block));
        self
    }

    pub(crate) fn blocks(self, blocks: impl IntoIterator<Item = Block>) -> Self {
        blocks.into_iter().fold(self, Self::block)
    }

    /// A comment, which belongs to what follows it.
    pub(crate) fn comment(mut self, text: &str) -> Self {
        let line = |line| printable(line).longest(usize::MAX).to_string();
        let lines = text.lines().map(line);
        self.items.push(Item::Comment(lines.collect()));
        self
    }

    /// The text, with a line end after each line.
    pub(crate) fn write(&self) -> String {
        self.write_at(0)
    }

    fn write_at(&self, depth: usize) -> String {
        let mut text = String::new();
        let mut rest = self.items.as_slice();
        let mut follows_comment = true;
        while !rest.is_empty() {
            let is_attribute = |item: &&Item| matches!(item, Item::Attribute(..));
            let attributes = rest.iter().take_while(is_attribute).count();
            let (items, later) = rest.split_at(attributes.max(1));
            if !follows_comment {
                text.push('\n');
            }
            follows_comment = matches!(items, [Item::Comment(_)]);
            write_items(&mut text, items, depth);
            rest = later;
        }
        text
    }
}

/// Writes one block, one comment, or attributes.
fn write_items(text: &mut String, items: &[Item], depth: usize) {
    let indent = "  ".repeat(depth);
    let mut attributes = Vec::new();
    for item in items {
        match item {
            Item::Attribute(name, value) => {
                attributes.push(((*name).to_owned(), value.write_at(depth)));
            }
            Item::Block(block) => block.write_at(text, depth),
            Item::Comment(lines) => {
                for line in lines {
                    let line = format!("{indent}# {line}");
                    let _ = writeln!(text, "{}", line.trim_end());
                }
            }
        }
    }
    text.push_str(&assignments(&attributes, depth));
}

/// The lines of assignments. `terraform fmt` aligns the `=` of neighbors with values of one line.
fn assignments(entries: &[(String, String)], depth: usize) -> String {
    let indent = "  ".repeat(depth);
    let mut text = String::new();
    let mut rest = entries;
    while !rest.is_empty() {
        let has_one_line = |(_, value): &&(String, String)| !value.contains('\n');
        let (run, later) = rest.split_at(rest.iter().take_while(has_one_line).count().max(1));
        let width = run.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in run {
            let _ = writeln!(text, "{indent}{name:width$} = {value}");
        }
        rest = later;
    }
    text
}

// === impl Block ===

impl Block {
    pub(crate) fn new<L: Into<String>>(
        kind: &'static str,
        labels: impl IntoIterator<Item = L>,
        body: Body,
    ) -> Self {
        let labels = labels.into_iter().map(Into::into).collect();
        Self { kind, labels, body }
    }

    /// A block without labels.
    pub(crate) fn plain(kind: &'static str, body: Body) -> Self {
        Self::new(kind, [""; 0], body)
    }

    /// A `resource` or `data` block, or one like it.
    pub(crate) fn named(kind: &'static str, of: &'static str, name: &str, body: Body) -> Self {
        Self::new(kind, [of, name], body)
    }

    fn write_at(&self, text: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        let _ = write!(text, "{indent}{}", self.kind);
        for label in &self.labels {
            let _ = write!(text, " {}", quoted(label));
        }
        let _ = writeln!(text, " {{\n{}{indent}}}", self.body.write_at(depth + 1));
    }
}

#[cfg(test)]
mod tests;
