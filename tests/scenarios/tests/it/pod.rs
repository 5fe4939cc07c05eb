//! A pod: the environment of a workload, and `irsa` processes that run in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use crate::proxy::Proxy;
use crate::stage::Stage;
use irsa_testing::program::{Finished, finish, irsa};

/// The workload of most tests: one role, one database.
pub(crate) const WORKLOAD: &str = "keycloak";
/// Its database user, which is also the name of its database.
pub(crate) const USER: &str = "keycloak";

/// A pod of a workload.
#[derive(Clone)]
pub(crate) struct Pod {
    stage: Arc<Stage>,
    environment: BTreeMap<String, String>,
}

// === impl Pod ===

impl Pod {
    pub(crate) fn new(stage: &Arc<Stage>) -> Self {
        Self::for_workload(stage, WORKLOAD)
    }

    pub(crate) fn for_workload(stage: &Arc<Stage>, workload: &str) -> Self {
        Self::with_upstream(stage, workload, stage.upstream())
    }

    pub(crate) fn with_upstream(stage: &Arc<Stage>, workload: &str, upstream: String) -> Self {
        let mut environment = stage.workload(workload).environment.clone();
        environment.insert("IRSA_UPSTREAMS".to_owned(), upstream);
        Self {
            stage: Arc::clone(stage),
            environment,
        }
    }

    #[must_use]
    pub(crate) fn with(mut self, variable: &str, value: impl Into<String>) -> Self {
        self.environment.insert(variable.to_owned(), value.into());
        self
    }

    #[must_use]
    pub(crate) fn without(mut self, variable: &str) -> Self {
        self.environment.remove(variable);
        self
    }

    #[must_use]
    pub(crate) fn with_token_file(self, file: &Path) -> Self {
        self.with("AWS_WEB_IDENTITY_TOKEN_FILE", file.display().to_string())
    }

    /// Returns the command of `irsa` in the pod.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = irsa(arguments);
        command.envs(&self.environment);
        command
    }

    /// Runs `irsa` in the pod to completion.
    pub(crate) fn irsa(&self, arguments: &[&str]) -> Finished {
        finish(&mut self.command(arguments))
    }

    /// Starts a proxy in the pod with the most detailed log.
    pub(crate) fn proxy(&self, arguments: &[&str]) -> Proxy {
        let mut command = self.command(&["proxy", "--status-address", "127.0.0.1:0"]);
        Proxy::start(command.args(arguments), Some(Arc::clone(&self.stage)))
    }
}
