//! Blocks of Terraform code that irsa rendered, where the head and the end of a block are lines.

/// A block of the root of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block<'t> {
    /// The first line without `{`, such as `resource "aws_iam_role" "shop_api"`.
    pub(super) head: &'t str,
    /// The lines between the first one and the last one.
    pub(super) body: &'t str,
}

/// The blocks of a file.
pub(super) fn of_file(text: &str) -> impl Iterator<Item = Block<'_>> {
    let parts = text.split("\n}\n");
    parts.filter_map(|part| {
        let start = part
            .lines()
            .rfind(|line| !line.starts_with([' ', '#']) && line.ends_with(" {"))?;
        let (_, body) = part.rsplit_once(&format!("{start}\n"))?;
        Some(Block {
            head: start.strip_suffix(" {")?,
            body,
        })
    })
}

// === impl Block ===

impl<'t> Block<'t> {
    /// The type and the name of a resource.
    pub(super) fn resource(self) -> Option<(&'t str, &'t str)> {
        let labels = self.head.strip_prefix("resource \"")?.strip_suffix('"')?;
        labels.split_once("\" \"")
    }

    /// The name of a module.
    pub(super) fn module(self) -> Option<&'t str> {
        self.head.strip_prefix("module \"")?.strip_suffix('"')
    }

    /// The text of an attribute that has one of these names.
    pub(super) fn text(self, names: &[&str]) -> Option<&'t str> {
        self.body.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            let value = value.trim().strip_prefix('"')?.strip_suffix('"')?;
            names.contains(&name.trim()).then_some(value)
        })
    }
}
