//! Reads pods.

use irsa_chain::ServiceAccount;

use crate::api_request::encoded;
use crate::pages::Pages;
use crate::reader::rule;
use crate::{KubeReader, Pod, ReadError};

/// The number of pods on a page, and the maximum number of pages of [`KubeReader::pods_for`].
const PAGE: usize = 100;
const MAX_PAGES: usize = 20;
/// The number of pods on a page of all pods.
const LARGE_PAGE: usize = 250;

impl KubeReader {
    /// A pod.
    ///
    /// # Errors
    /// See [`crate::ReadErrorKind`].
    pub async fn pod(&self, namespace: &str, name: &str) -> Result<Pod, ReadError> {
        let rule = rule("get", "pods", Some(namespace), Some(name));
        let path = format!(
            "/api/v1/namespaces/{}/pods/{}",
            encoded(namespace),
            encoded(name)
        );
        self.get(rule, &path).await
    }

    /// The pods that run as this service account, newest first; at most 2000 are read.
    ///
    /// # Errors
    /// See [`crate::ReadErrorKind`].
    pub async fn pods_for(&self, account: &ServiceAccount) -> Result<Vec<Pod>, ReadError> {
        let (namespace, name) = (account.namespace(), account.name());
        let rule = rule("list", "pods", Some(namespace), None);
        let path = format!(
            "/api/v1/namespaces/{namespace}/pods?fieldSelector=spec.serviceAccountName%3D{name}"
        );
        let mut pages = Pages::new(self, rule, &path, PAGE);
        let mut pods = Vec::new();
        for _ in 0..MAX_PAGES {
            match pages.next::<Pod>().await? {
                Some(page) => pods.extend(page.items),
                None => break,
            }
        }
        pods.sort_by_key(|pod: &Pod| std::cmp::Reverse(pod.metadata.created));
        Ok(pods)
    }

    /// Calls `visit` with each pod of the cluster, in the order of the API, and returns their number. One page of 250
    /// pods at a time is in memory.
    ///
    /// # Errors
    /// See [`crate::ReadErrorKind`]; [`Expired`](crate::ReadErrorKind::Expired) if the API server no longer has the
    /// state that the first page shows. Some pods may have been visited.
    pub async fn visit_pods(&self, mut visit: impl FnMut(Pod) + Send) -> Result<usize, ReadError> {
        let rule = rule("list", "pods", None, None);
        let mut pages = Pages::new(self, rule, "/api/v1/pods", LARGE_PAGE);
        let mut count = 0;
        while let Some(page) = pages.next::<Pod>().await? {
            count += page.items.len();
            page.items.into_iter().for_each(&mut visit);
        }
        Ok(count)
    }
}
