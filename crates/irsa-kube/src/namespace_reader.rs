//! Reads what a namespace contains: service accounts, the objects that create pods, and ConfigMaps.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::api_request::encoded;
use crate::facts::workload::{CronJob, Template, TemplateSpec, Templated};
use crate::pages::Pages;
use crate::reader::rule;
use crate::{
    AccountObject, ConfigMap, KubeReader, Metadata, Pod, PodStatus, ReadError, WorkloadObject,
};

/// The number of objects on a page, and the maximum number of pages.
const PAGE: usize = 100;
const MAX_PAGES: usize = 20;

/// A list, which may be incomplete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// Its objects.
    pub items: Vec<T>,
    /// The API server has more objects than were read.
    pub is_truncated: bool,
}

/// The kinds of objects that create pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkloadKind {
    /// Deployments.
    Deployment,
    /// StatefulSets.
    StatefulSet,
    /// DaemonSets.
    DaemonSet,
    /// CronJobs.
    CronJob,
}

/// A pod, with its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodObject {
    /// The object with its template, as [`Pod::template`] returns it, and its settings.
    pub object: WorkloadObject,
    /// It is done, and will not run again.
    pub is_finished: bool,
}

impl KubeReader {
    /// The service accounts in a namespace; at most 2000 are read.
    ///
    /// # Errors
    /// See [`crate::ReadErrorKind`].
    pub async fn service_accounts(
        &self,
        namespace: &str,
    ) -> Result<Listing<AccountObject>, ReadError> {
        self.list("serviceaccounts", "/api/v1", namespace).await
    }

    /// The objects of a kind that create pods in a namespace; at most 2000 are read. Of the variables, those that
    /// `is_kept` names keep their values.
    ///
    /// # Errors
    /// See [`crate::ReadErrorKind`].
    pub async fn workload_objects(
        &self,
        kind: WorkloadKind,
        namespace: &str,
        is_kept: fn(&str) -> bool,
    ) -> Result<Listing<WorkloadObject>, ReadError> {
        let (resource, path, name) = kind.resource();
        if kind == WorkloadKind::CronJob {
            let list: Listing<CronJob> = self.list(resource, path, namespace).await?;
            return Ok(list.map(|one| {
                let reference = format!("{name}/{}", one.metadata.name);
                let template = one.spec.job_template.spec.template;
                object(reference, one.metadata, template, is_kept)
            }));
        }
        let list: Listing<Templated> = self.list(resource, path, namespace).await?;
        Ok(list.map(|one| {
            let reference = format!("{name}/{}", one.metadata.name);
            object(reference, one.metadata, one.spec.template, is_kept)
        }))
    }

    /// The pods in a namespace; at most 2000 are read. Of the variables, those that `is_kept` names keep their values.
    ///
    /// # Errors
    /// See [`crate::ReadErrorKind`].
    pub async fn pod_objects(
        &self,
        namespace: &str,
        is_kept: fn(&str) -> bool,
    ) -> Result<Listing<PodObject>, ReadError> {
        let list: Listing<AnyPod> = self.list("pods", "/api/v1", namespace).await?;
        Ok(list.map(|pod| {
            let is_finished = matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
            let metadata = pod.metadata;
            let named = Pod {
                metadata,
                ..Pod::default()
            };
            let reference = named.template();
            let template = Template {
                spec: pod.spec,
                ..Template::default()
            };
            let object = object(reference, named.metadata, template, is_kept);
            PodObject {
                object,
                is_finished,
            }
        }))
    }

    /// A ConfigMap.
    ///
    /// # Errors
    /// See [`crate::ReadErrorKind`].
    pub async fn config_map(&self, namespace: &str, name: &str) -> Result<ConfigMap, ReadError> {
        let rule = rule("get", "configmaps", Some(namespace), Some(name));
        let path = format!(
            "/api/v1/namespaces/{}/configmaps/{}",
            encoded(namespace),
            encoded(name)
        );
        self.get(rule, &path).await
    }

    async fn list<T: DeserializeOwned>(
        &self,
        resource: &'static str,
        api: &str,
        namespace: &str,
    ) -> Result<Listing<T>, ReadError> {
        let rule = rule("list", resource, Some(namespace), None);
        let plural = resource.split('.').next().unwrap_or(resource);
        let path = format!("{api}/namespaces/{}/{plural}", encoded(namespace));
        let mut pages = Pages::new(self, rule, &path, PAGE);
        let mut items = Vec::new();
        for _ in 0..MAX_PAGES {
            match pages.next::<T>().await? {
                Some(page) => items.extend(page.items),
                None => break,
            }
        }
        let is_truncated = pages.has_more();
        Ok(Listing {
            items,
            is_truncated,
        })
    }
}

// === impl Listing ===

impl<T> Listing<T> {
    fn map<U>(self, convert: impl Fn(T) -> U) -> Listing<U> {
        Listing {
            items: self.items.into_iter().map(convert).collect(),
            is_truncated: self.is_truncated,
        }
    }
}

// === impl WorkloadKind ===

impl WorkloadKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::CronJob,
    ];

    /// The resource, the path of its API, and its name in kubectl's notation.
    fn resource(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Deployment => ("deployments.apps", "/apis/apps/v1", "deployment"),
            Self::StatefulSet => ("statefulsets.apps", "/apis/apps/v1", "statefulset"),
            Self::DaemonSet => ("daemonsets.apps", "/apis/apps/v1", "daemonset"),
            Self::CronJob => ("cronjobs.batch", "/apis/batch/v1", "cronjob"),
        }
    }
}

#[derive(Deserialize)]
struct AnyPod {
    metadata: Metadata,
    #[serde(default)]
    spec: TemplateSpec,
    #[serde(default)]
    status: PodStatus,
}

fn object(
    reference: String,
    metadata: Metadata,
    template: Template,
    is_kept: fn(&str) -> bool,
) -> WorkloadObject {
    let mut object = WorkloadObject::from_template(reference, metadata, template);
    object.drop_other_values(is_kept);
    object
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::test_server::reader_of;

    /// A reader whose server answers each request for a list with one object and the token of a next page.
    async fn endless(folder: &std::path::Path) -> KubeReader {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let body = r#"{"metadata": {"continue": "a/b"}, "items": [{"metadata": {"name": "app"}}]}"#;
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    while connection
                        .read(&mut [0; 8192])
                        .await
                        .is_ok_and(|read| read > 0)
                    {
                        connection.write_all(answer.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        reader_of(&url, folder).await
    }

    #[tokio::test]
    async fn an_endless_list_is_truncated() {
        let folder = tempfile::tempdir().unwrap();
        let reader = endless(folder.path()).await;
        let list = reader.service_accounts("shop").await.unwrap();
        assert!(list.is_truncated);
        assert_eq!(list.items.len(), MAX_PAGES);
    }
}
