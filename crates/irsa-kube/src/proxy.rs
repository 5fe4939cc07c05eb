//! The HTTP proxy to the API server, determined as in kubectl.

use std::net::IpAddr;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use kube_client::config::Kubeconfig;

/// The proxy in the kubeconfig for the cluster of this context, or of the current one.
pub(crate) fn for_cluster(kubeconfig: &Kubeconfig, context: Option<&str>) -> Option<String> {
    let context = context.or(kubeconfig.current_context.as_deref())?;
    let mut contexts = kubeconfig.contexts.iter();
    let context = contexts.find(|named| named.name == context)?;
    let cluster = &context.context.as_ref()?.cluster;
    let mut clusters = kubeconfig.clusters.iter();
    let cluster = clusters.find(|named| named.name == *cluster)?;
    let proxy = cluster.cluster.as_ref()?.proxy_url.clone();
    proxy.filter(|proxy| !proxy.is_empty())
}

/// Returns whether the environment's proxy (`HTTPS_PROXY`) applies to this cluster. It does not if `NO_PROXY` exempts the
/// host, and never for hosts on this machine (`ProxyFromEnvironment` of Go's `net/http`).
pub(crate) fn applies(environment: &Matcher, cluster: &Uri) -> bool {
    !is_local(cluster) && environment.intercept(cluster).is_some()
}

fn is_local(cluster: &Uri) -> bool {
    let host = cluster.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse();
    host == "localhost" || address.is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_proxy_and_local_hosts_are_exempt() {
        let environment = Matcher::builder()
            .https("http://proxy.example:3128")
            .no(".eks.amazonaws.com,10.0.0.0/8")
            .build();
        for (cluster, expected) in [
            ("https://api.example:6443", true),
            ("https://abc.gr7.eu-central-1.eks.amazonaws.com", false),
            ("https://10.1.2.3", false),
            ("https://127.0.0.1:6443", false),
            ("https://[::1]:6443", false),
            ("https://localhost:6443", false),
        ] {
            let cluster = cluster.parse().unwrap();
            assert_eq!(applies(&environment, &cluster), expected, "{cluster}");
        }
    }

    #[test]
    fn without_a_proxy_in_the_environment_none_applies() {
        let cluster = "https://api.example".parse().unwrap();
        assert!(!applies(&Matcher::builder().build(), &cluster));
    }

    #[test]
    fn the_proxy_of_a_cluster_is_found_by_its_context() {
        let text = "clusters: [{name: c, cluster: {server: 'https://x', proxy-url: 'socks5://p:1080'}}, {name: d}]\n\
                    contexts: [{name: a, context: {cluster: c}}, {name: b, context: {cluster: d}}]\n\
                    current-context: b\n";
        let kubeconfig = Kubeconfig::from_yaml(text).unwrap();
        let own = for_cluster(&kubeconfig, Some("a"));
        assert_eq!(own.as_deref(), Some("socks5://p:1080"));
        assert_eq!(for_cluster(&kubeconfig, None), None);
    }
}
