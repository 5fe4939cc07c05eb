//! Objects of a namespace, in short.

use crate::adopt::{Account, ClusterFacts, Container, Object, Value};

pub(super) const AURORA: &str = "aurora.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com";
pub(super) const DOMAIN: &str =
    "vpc-camunda-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com";

pub(super) fn facts(objects: Vec<Object>) -> ClusterFacts {
    ClusterFacts {
        namespace: "shop".to_owned(),
        kubeconfig_name: Some("prod".to_owned()),
        objects,
        ..ClusterFacts::default()
    }
}

/// An object with one container.
pub(super) fn object(reference: &str, service_account: &str) -> Object {
    Object {
        reference: reference.to_owned(),
        service_account: service_account.to_owned(),
        containers: vec![Container::default()],
        ..Object::default()
    }
}

pub(super) fn config_map(facts: &mut ClusterFacts, name: &str, texts: &[(&str, &str)]) {
    let texts = texts
        .iter()
        .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()));
    facts.config_maps.insert(name.to_owned(), texts.collect());
}

pub(super) fn account(facts: &mut ClusterFacts, name: &str, role: &str) {
    let account = Account {
        role: Some(role.to_owned()),
        ..Account::default()
    };
    facts.accounts.insert(name.to_owned(), account);
}

impl Object {
    pub(super) fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    /// The labels of Camunda's chart.
    pub(super) fn camunda(self, component: &str, chart: &str) -> Self {
        self.label("app.kubernetes.io/component", component)
            .label("app.kubernetes.io/instance", "camunda")
            .label("helm.sh/chart", chart)
    }

    pub(super) fn env(self, name: &str, value: &str) -> Self {
        self.variable(name, Value::Text(value.to_owned()))
    }

    pub(super) fn secret(self, name: &str, secret: &str, key: &str) -> Self {
        self.variable(name, Value::Secret(secret.to_owned(), key.to_owned()))
    }

    /// Begins another container.
    pub(super) fn container(mut self) -> Self {
        self.containers.push(Container::default());
        self
    }

    pub(super) fn source(mut self, source: &str) -> Self {
        let container = self.containers.last_mut().unwrap();
        container.sources.push((source.to_owned(), String::new()));
        self
    }

    /// Mounts the files of a ConfigMap.
    pub(super) fn mount(mut self, config_map: &str) -> Self {
        let container = self.containers.last_mut().unwrap();
        container.volumes.push("config".to_owned());
        self.config_volumes
            .insert("config".to_owned(), vec![config_map.to_owned()]);
        self
    }

    fn variable(mut self, name: &str, value: Value) -> Self {
        let container = self.containers.last_mut().unwrap();
        container.variables.push((name.to_owned(), value));
        self
    }
}
