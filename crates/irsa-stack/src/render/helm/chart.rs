//! What is known about a chart: its pods, and the keys that reach them.

use crate::stack::Component;

/// A chart whose templates were read.
#[derive(Debug)]
pub(super) struct Chart {
    /// Name, which the values file has, too.
    pub(super) name: &'static str,
    /// Name with its repository, as `helm install` takes it.
    pub(super) source: &'static str,
    /// The versions that the chart belongs to: `8.7` for Camunda 8.7.
    pub(super) line: &'static str,
    /// The version that was read.
    pub(super) version: &'static str,
    /// Pods that can use a data store.
    pub(super) pods: &'static [Pod],
}

/// A pod of a chart.
#[derive(Debug)]
pub(super) struct Pod {
    /// Components that run in it.
    pub(super) components: &'static [Component],
    /// Path of the key that has the service account; empty for the root.
    pub(super) account: &'static str,
    /// Path of the key that has the lists; empty for the root.
    pub(super) key: &'static str,
    /// Key of the service account that says whether the chart creates it.
    pub(super) creates: &'static str,
    /// Init containers.
    pub(super) init: List,
    /// Volumes: of the pod, and of others that have the same init containers.
    pub(super) volumes: &'static [List],
    /// Environment variables, if the settings for OpenSearch are variables.
    pub(super) environment: Option<Environment>,
    /// Settings if the pod uses PostgreSQL.
    pub(super) postgres: Settings,
    /// Settings if the pod uses OpenSearch.
    pub(super) opensearch: Settings,
    /// Keys below which the chart executes texts as templates (`tpl`), and how often, each time what came out before.
    pub(super) templated: &'static [(&'static str, usize)],
    /// Keys whose texts the chart writes without quotes.
    pub(super) unquoted: &'static [&'static str],
    /// Whether the lists are texts that contain YAML.
    pub(super) has_texts: bool,
    /// What the user can set that wins over the settings.
    pub(super) own: OwnVariables,
    /// What the user has to know about this pod.
    pub(super) remarks: &'static [&'static str],
}

/// What a user can set in the values of a pod that wins over the chart's settings.
#[derive(Debug, Clone, Copy)]
pub(super) struct OwnVariables {
    /// Keys of the pod with environment variables, which come after the chart's.
    pub(super) lists: &'static [&'static str],
    /// Paths of the same kind elsewhere.
    pub(super) others: &'static [&'static str],
    /// Other keys of the pod that end in variables or arguments of the application.
    pub(super) keys: &'static [Override],
    /// Keys of the pod whose content irsa can't see or compare: ConfigMaps, Secrets, and whole configurations.
    pub(super) unseen: &'static [&'static str],
    /// Variables of the application if the pod uses PostgreSQL.
    pub(super) postgres: Overrides,
    /// Variables of the application if the pod uses OpenSearch.
    pub(super) opensearch: Overrides,
}

/// The name of a variable or a key, and when it wins over the chart's settings.
#[derive(Debug)]
pub(super) struct Override(pub(super) &'static str, pub(super) Wins);

/// Parameters of the PostgreSQL driver with which it does not connect to the sidecar: plugins of the AWS JDBC Wrapper,
/// and TLS, which the sidecar does not offer on loopback.
pub(super) const NOT_FOR_THE_SIDECAR: &[&str] = &[
    "wrapperPlugins",
    "ssl=true",
    "sslmode=require",
    "sslmode=verify",
];

/// Overrides, in parts that pods share.
pub(super) type Overrides = &'static [&'static [Override]];

/// When a variable sends the application elsewhere than to the sidecar.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wins {
    /// Unless it has this value.
    Unless(Content),
    /// Unless it is this URL, with or without parameters.
    UnlessItPointsTo(Content),
    /// If it contains one of these texts.
    IfItHas(&'static [&'static str]),
}

/// A list in the values. Helm replaces lists as a whole.
#[derive(Debug)]
pub(super) struct List {
    /// The key in the pod's key.
    pub(super) key: &'static str,
    /// Paths of lists that the chart uses if this one is empty.
    pub(super) others: &'static [&'static str],
    /// Items in the chart's own values.
    pub(super) own: Own,
}

/// The items of a list in the chart's own values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    Nothing,
    /// As JSON.
    Items(&'static str),
    /// Containers with scripts: the user gives the chart's own values file.
    InChart,
}

/// Settings that are environment variables.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) list: List,
    /// Each key is the name of a variable.
    pub(super) variables: &'static [Setting],
    /// The container, if it signs requests as soon as it finds credentials.
    pub(super) signs: Option<&'static str>,
}

/// A path or name, and what it gets.
#[derive(Debug)]
pub(super) struct Setting(pub(super) &'static str, pub(super) Content);

/// Settings, in parts that pods share.
pub(super) type Settings = &'static [&'static [Setting]];

/// The value of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Flag(bool),
    Text(&'static str),
    /// Port of the proxy.
    Port,
    /// `http://localhost:PORT`.
    HttpUrl,
    /// `jdbc:postgresql://localhost:PORT/DATABASE`.
    JdbcUrl,
    /// Name of the database as it stands in a JDBC URL.
    Database,
    /// Database user.
    User,
}

// === impl Chart ===

impl Chart {
    /// The pod that a component runs in.
    pub(super) fn pod(&self, component: Component) -> Option<&'static Pod> {
        let pods = self.pods;
        pods.iter().find(|pod| pod.components.contains(&component))
    }

    /// Returns whether a version belongs to this chart: `8.7` and `8.7.3` belong to `8.7`.
    pub(super) fn has(&self, version: &str) -> bool {
        let rest = version.strip_prefix(self.line);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

// === impl Pod ===

impl Pod {
    /// The path of a key of the pod.
    pub(super) fn path(&self, key: &str) -> String {
        join(self.key, key)
    }

    /// The path of a key of the service account.
    pub(super) fn account_path(&self, key: &str) -> String {
        join(self.account, &format!("serviceAccount.{key}"))
    }

    /// Returns how often the chart executes texts at this path as templates.
    pub(super) fn templated(&self, path: &str) -> usize {
        let mut keys = path.split('.');
        let times = |key| self.templated.iter().find(|(one, _)| *one == key);
        keys.find_map(times).map_or(0, |(_, times)| *times)
    }

    /// Returns whether the chart writes texts at this path without quotes.
    pub(super) fn is_unquoted(&self, path: &str) -> bool {
        path.split('.').any(|key| self.unquoted.contains(&key))
    }
}

fn join(parent: &str, key: &str) -> String {
    if parent.is_empty() {
        key.to_owned()
    } else {
        format!("{parent}.{key}")
    }
}
