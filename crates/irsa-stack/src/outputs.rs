//! What exists only after `terraform apply`: resource IDs, endpoints, OIDC issuers and role ARNs.

use crate::mistake::{Mistake, Mistakes, Source};
use crate::shape::{self, OUTPUTS};
use crate::specification;
use crate::tree::{self, Node};

/// The command that writes the outputs file.
pub const COMMAND: &str = "terraform output -json irsa > irsa.outputs.json";

/// An outputs file.
#[derive(Debug)]
pub struct Outputs {
    source: Source,
    pub(crate) root: Node,
    pub(crate) values: specification::Outputs,
}

// === impl Outputs ===

impl Outputs {
    /// Reads the file. `number` is the number of files of the specification.
    ///
    /// # Errors
    /// Every mistake, with its place.
    pub fn read(source: Source, number: usize) -> Result<Self, Mistakes> {
        let before = (0..number).map(|_| Source {
            name: String::new(),
            text: String::new(),
        });
        let refused = |mistakes| {
            let sources: Vec<_> = before.clone().chain([source.clone()]).collect();
            Mistakes::new(&sources, mistakes)
        };
        let root = tree::parse(number, &source.text).map_err(|one| refused(vec![one]))?;
        if let Some(mistake) = all_outputs(&root) {
            return Err(refused(vec![mistake]));
        }
        let mut mistakes = Vec::new();
        shape::check(&root, &OUTPUTS, &mut mistakes);
        if !mistakes.is_empty() {
            return Err(refused(mistakes));
        }
        let values = serde_json::from_value(root.to_json()).unwrap_or_default();
        Ok(Self {
            source,
            root,
            values,
        })
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// The same text for the same values, whatever their form in the file.
    pub(crate) fn canonical(&self) -> String {
        self.root.to_json().to_string()
    }
}

/// The mistake of a file with all outputs of Terraform, each with its type.
fn all_outputs(root: &Node) -> Option<Mistake> {
    let entry = root.child("irsa")?;
    entry.node.child("value")?;
    let message =
        "the file contains all Terraform outputs instead of the value of the output `irsa`";
    let mistake = Mistake::new(entry.key_place.clone(), message);
    Some(mistake.with_help(format!("run `{COMMAND}`")))
}
