//! Where the credentials come from: one source, by name, decided once.

use std::path::{Path, PathBuf};

use irsa_chain::RoleArn;

use crate::{Environment, IdentityError};

mod choice;
mod resolve;

pub use choice::{SourceChoice, SourceChoiceError};

/// The one source an identity uses, with what it found in the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedSource {
    kind: SourceKind,
    assumed: Option<RoleArn>,
    warnings: Vec<String>,
}

/// The sources, with their parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SourceKind {
    WebIdentity {
        role_arn: RoleArn,
        token_file: PathBuf,
    },
    PodIdentity {
        uri: String,
        token_file: PathBuf,
    },
    Env,
    Profile(Option<String>),
    Imds,
}

impl ResolvedSource {
    /// Decides the source from the user's choice and the environment, and reads nothing else.
    ///
    /// Given both web identity and Pod Identity, `auto` takes web identity, as AWS's SDKs do, and
    /// [warns](Self::warnings) of the other.
    ///
    /// # Errors
    /// When the environment lacks a variable of the chosen source, or when `auto` finds neither
    /// pair of variables or half of one.
    pub fn resolve(
        choice: &SourceChoice,
        environment: &Environment,
    ) -> Result<Self, IdentityError> {
        resolve::resolve(choice, environment)
    }

    /// The source's name, as in [`SourceChoice`]; `assume-role` for a chained role.
    pub fn name(&self) -> &'static str {
        if self.assumed.is_some() {
            return "assume-role";
        }
        match &self.kind {
            SourceKind::WebIdentity { .. } => "web-identity",
            SourceKind::PodIdentity { .. } => "pod-identity",
            SourceKind::Env => "env",
            SourceKind::Profile(_) => "profile",
            SourceKind::Imds => "imds",
        }
    }

    /// The role, where the source names it: web identity and chained roles do.
    pub fn role_arn(&self) -> Option<&RoleArn> {
        match &self.kind {
            _ if self.assumed.is_some() => self.assumed.as_ref(),
            SourceKind::WebIdentity { role_arn, .. } => Some(role_arn),
            _ => None,
        }
    }

    /// The file that holds the pod's projected token, at the root of a chain of roles too.
    pub fn token_file(&self) -> Option<&Path> {
        match &self.kind {
            SourceKind::WebIdentity { token_file, .. }
            | SourceKind::PodIdentity { token_file, .. } => Some(token_file),
            _ => None,
        }
    }

    /// What the user should know about the choice, one sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    pub(crate) fn kind(&self) -> &SourceKind {
        &self.kind
    }

    /// The same source with one more role on top.
    pub(crate) fn assuming(&self, role: RoleArn) -> Self {
        Self {
            kind: self.kind.clone(),
            assumed: Some(role),
            warnings: Vec::new(),
        }
    }
}

impl From<SourceKind> for ResolvedSource {
    fn from(kind: SourceKind) -> Self {
        Self {
            kind,
            assumed: None,
            warnings: Vec::new(),
        }
    }
}
