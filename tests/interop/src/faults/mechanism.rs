//! Applying the lab's catalogue of faults to a pod.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use irsa_lab::faults::{FaultPlan, Mechanism};
use irsa_lab::oidc::TokenSpec;
use irsa_lab::{Lab, WorkloadFacts};

use crate::Error;

/// The parts of a pod that a fault changes.
pub(super) struct Parts<'a> {
    /// The faults of the lab.
    pub(super) plan: &'a mut FaultPlan,
    /// The environment of application and proxy.
    pub(super) environment: &'a mut BTreeMap<String, String>,
}

/// Applies a mechanism of the catalogue. A token is written into `folder`.
///
/// # Errors
/// The token cannot be minted or written, or the catalogue has only an instruction for the pod.
pub(super) fn apply(
    mechanism: Mechanism,
    parts: Parts<'_>,
    lab: &Lab,
    workload: &WorkloadFacts,
    folder: &Path,
) -> Result<(), Error> {
    let Parts { plan, environment } = parts;
    match mechanism {
        Mechanism::Lab(switch) => switch(plan),
        Mechanism::Token(change) => {
            let account = format!("{}/{}", workload.namespace, workload.service_account);
            let mut spec = TokenSpec::new(account.parse()?);
            change(&mut spec);
            let file = folder.join("token");
            fs::write(&file, lab.mint_token(&spec)?)?;
            let file = file.display().to_string();
            environment.insert("AWS_WEB_IDENTITY_TOKEN_FILE".to_owned(), file);
        }
        Mechanism::Environment(variables) => {
            for (name, value) in variables {
                match value {
                    Some(value) => {
                        environment.insert((*name).to_owned(), (*value).to_owned());
                    }
                    None => {
                        environment.remove(*name);
                    }
                }
            }
        }
        Mechanism::Pod(instruction) => return Err(instruction.into()),
    }
    Ok(())
}
