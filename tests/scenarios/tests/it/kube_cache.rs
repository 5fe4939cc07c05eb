//! The cache of metadata in front of a real API server.

use std::time::Duration;

use irsa_kube::{CachedKind, KubeReader, ObjectCache};
use tokio::time::timeout;

use crate::kubernetes::ApiServer;

/// Fails a test that hangs.
const LIMIT: Duration = Duration::from_mins(1);

fn is_ours(key: &str) -> bool {
    key.starts_with("irsa.dev/")
}

fn account(name: &str, role: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, namespace: shop, annotations: \
         {{irsa.dev/role-arn: {role}, other.example/text: other}}}}\n"
    )
}

fn role(cache: &ObjectCache, name: &str) -> Option<String> {
    let account = cache.get("shop", name)?;
    account.annotations.get("irsa.dev/role-arn").cloned()
}

async fn until(cache: &mut ObjectCache, is_so: impl Fn(&ObjectCache) -> bool) {
    let wait = async {
        while !is_so(cache) {
            cache.changed().await;
        }
    };
    let in_time = timeout(LIMIT, wait).await.is_ok();
    assert!(in_time, "{:?}", cache.status());
}

#[test]
fn a_cache_follows_the_api_server_and_survives_its_restart() {
    let Some(mut server) = ApiServer::start(None) else {
        return;
    };
    server.kubectl(&["create", "namespace", "shop"], "");
    let apply = |server: &ApiServer, name: &str, role: &str| {
        server.kubectl(&["apply", "--filename", "-"], &account(name, role));
    };
    apply(&server, "api", "one");
    let kubeconfig = server.kubeconfig();
    let reader = server.block_on(KubeReader::connect(Some(&kubeconfig), None));
    let reader = reader.unwrap();
    let (mut accounts, task) = reader.cache(CachedKind::ServiceAccounts, is_ours);
    let (mut namespaces, other) = reader.cache(CachedKind::Namespaces, is_ours);
    server.spawn(task);
    server.spawn(other);
    server.block_on(async {
        until(&mut accounts, |cache| role(cache, "api").is_some()).await;
        until(&mut namespaces, |cache| cache.get("", "shop").is_some()).await;
    });
    assert_eq!(accounts.get("shop", "api").unwrap().annotations.len(), 1);

    apply(&server, "worker", "two");
    server.block_on(until(&mut accounts, |cache| {
        role(cache, "worker").is_some()
    }));
    apply(&server, "api", "three");
    let is_changed = |cache: &ObjectCache| role(cache, "api").as_deref() == Some("three");
    server.block_on(until(&mut accounts, is_changed));
    server.shell("kubectl -n shop delete serviceaccount worker");
    server.block_on(until(&mut accounts, |cache| {
        role(cache, "worker").is_none()
    }));
    server.shell("kubectl label namespace shop irsa.dev/injection=required team=a");
    let is_labeled = |cache: &ObjectCache| {
        let shop = cache.get("", "shop");
        shop.is_some_and(|shop| shop.labels.keys().eq(["irsa.dev/injection"]))
    };
    server.block_on(until(&mut namespaces, is_labeled));
    assert_eq!((accounts.status().lists, namespaces.status().lists), (1, 1));

    let absent = accounts.get_or_read("shop", "worker", LIMIT);
    assert_eq!(server.block_on(absent), Ok(None));

    server.kill_api_server();
    server.block_on(until(&mut accounts, |cache| cache.status().error.is_some()));
    assert!(accounts.status().stale_for.is_some());
    server.start_api_server();
    server.shell("kubectl -n shop delete serviceaccount api");
    apply(&server, "late", "four");
    server.block_on(until(&mut accounts, |cache| role(cache, "late").is_some()));
    server.block_on(until(&mut accounts, |cache| role(cache, "api").is_none()));
    server.block_on(until(&mut namespaces, |cache| {
        cache.status().stale_for.is_none()
    }));
    let status = accounts.status();
    assert_eq!((status.stale_for, status.error), (None, None));
    server.stop();
}
