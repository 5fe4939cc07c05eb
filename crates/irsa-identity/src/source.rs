//! The source of credentials, which is determined once.

use std::path::{Path, PathBuf};

use irsa_chain::RoleArn;

use crate::{Environment, IdentityError};

mod choice;
mod resolve;

pub use choice::{SourceChoice, SourceChoiceError};

/// The source of an identity, with its parameters from the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedSource {
    kind: SourceKind,
    assumed: Option<RoleArn>,
    warnings: Vec<String>,
}

/// The sources and their parameters.
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
    /// Determines the source from the user's choice and the environment, without reading anything else.
    ///
    /// If both web identity and Pod Identity are configured, `auto` uses web identity, like the AWS SDKs, and
    /// [warns](Self::warnings) about the other.
    ///
    /// # Errors
    /// The environment lacks a variable of the chosen source, or `auto` finds neither pair of variables or only half of
    /// one.
    pub fn resolve(
        choice: &SourceChoice,
        environment: &Environment,
    ) -> Result<Self, IdentityError> {
        resolve::resolve(choice, environment)
    }

    /// Returns the name of the source as in [`SourceChoice`], or `assume-role` for a chained role.
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

    /// Returns the role, if the source names it: web identity and chained roles do.
    pub fn role_arn(&self) -> Option<&RoleArn> {
        match &self.kind {
            _ if self.assumed.is_some() => self.assumed.as_ref(),
            SourceKind::WebIdentity { role_arn, .. } => Some(role_arn),
            _ => None,
        }
    }

    /// Returns the file with the pod's projected token, also for a chain of roles that starts with it.
    pub fn token_file(&self) -> Option<&Path> {
        match &self.kind {
            SourceKind::WebIdentity { token_file, .. }
            | SourceKind::PodIdentity { token_file, .. } => Some(token_file),
            _ => None,
        }
    }

    /// Returns warnings about the choice.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    pub(crate) fn kind(&self) -> &SourceKind {
        &self.kind
    }

    /// Returns the same source with a further chained role.
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
