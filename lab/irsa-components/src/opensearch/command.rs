//! The command line of a node.
//!
//! OpenSearch's start script would run four short Java processes first; their results are known here.

use std::collections::BTreeMap;

use tokio::process::Command;

use super::configuration::{Folders, NODE};
use super::ports::Ports;
use super::{OpenSearchBinaries, OpenSearchOptions};
use crate::program;

/// The first Java in which the security manager must be enabled (JEP 411).
const SECURITY_MANAGER_ASKS: u32 = 18;

/// The options of OpenSearch's start script, but with the compiler and the garbage collector that start fastest and
/// need the least memory on a small machine.
const JAVA: [&str; 19] = [
    "-Xshare:auto",
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:-OmitStackTraceInFastThrow",
    "-Xss1m",
    "-Dfile.encoding=UTF-8",
    "-Dio.netty.allocator.numDirectArenas=0",
    "-Dio.netty.noKeySetOptimization=true",
    "-Dio.netty.noUnsafe=true",
    "-Dio.netty.recycler.maxCapacityPerThread=0",
    "-Djava.awt.headless=true",
    "-Djava.locale.providers=SPI,COMPAT",
    "-Djava.util.concurrent.ForkJoinPool.common.threadFactory=org.opensearch.secure_sm.SecuredForkJoinWorkerThreadFactory",
    "-Djna.nosys=true",
    "-Dlog4j.shutdownHookEnabled=false",
    "-Dlog4j2.disable.jmx=true",
    "-Dopensearch.bundled_jdk=false",
    "-Dopensearch.distribution.type=zip",
    "-Dopensearch.networkaddress.cache.ttl=60",
];

const SETTINGS: [(&str, &str); 15] = [
    ("cluster.name", "irsa"),
    ("cluster.routing.allocation.disk.threshold_enabled", "false"),
    ("discovery.type", "single-node"),
    ("network.host", "127.0.0.1"),
    ("node.name", "irsa"),
    ("plugins.security.allow_default_init_securityindex", "true"),
    ("plugins.security.audit.type", "noop"),
    (
        "plugins.security.check_snapshot_restore_write_privileges",
        "true",
    ),
    ("plugins.security.nodes_dn", NODE),
    (
        "plugins.security.restapi.roles_enabled",
        "all_access,security_rest_api_access",
    ),
    // The front provides TLS.
    ("plugins.security.ssl.http.enabled", "false"),
    (
        "plugins.security.ssl.transport.pemcert_filepath",
        "node.pem",
    ),
    ("plugins.security.ssl.transport.pemkey_filepath", "node.key"),
    (
        "plugins.security.ssl.transport.pemtrustedcas_filepath",
        "node.pem",
    ),
    ("action.auto_create_index", "true"),
];

/// Returns the command of a node.
pub(super) fn command(
    binaries: &OpenSearchBinaries,
    options: &OpenSearchOptions,
    folders: &Folders,
    ports: Ports,
) -> Command {
    let mut command = program::command(binaries.java(), binaries.run_as());
    command.env("LC_ALL", "C.UTF-8");
    command.args(JAVA);
    command.args(memory(options.heap_mebibytes));
    if binaries.java_version() >= SECURITY_MANAGER_ASKS {
        command.arg("-Djava.security.manager=allow");
    }
    command.args(paths(binaries, folders));
    command.arg("-cp").arg(binaries.home().join("lib/*"));
    command.arg("org.opensearch.bootstrap.OpenSearch");
    for (name, value) in settings(options, folders, ports) {
        command.arg(format!("-E{name}={value}"));
    }
    command
}

/// Returns the heap size, and half of it for direct memory, as in OpenSearch's start script.
fn memory(heap_mebibytes: u32) -> [String; 3] {
    [
        format!("-Xms{heap_mebibytes}m"),
        format!("-Xmx{heap_mebibytes}m"),
        format!("-XX:MaxDirectMemorySize={}m", heap_mebibytes / 2),
    ]
}

fn paths(binaries: &OpenSearchBinaries, folders: &Folders) -> [String; 6] {
    let temporary = folders.temporary.display();
    [
        format!("-Djava.io.tmpdir={temporary}"),
        format!("-Djna.tmpdir={temporary}"),
        format!("-Duser.home={temporary}"),
        format!("-XX:ErrorFile={}/java.log", folders.logs.display()),
        format!("-Dopensearch.path.home={}", binaries.home().display()),
        format!("-Dopensearch.path.conf={}", folders.configuration.display()),
    ]
}

/// Returns the settings; the caller's replace others with the same name.
fn settings(
    options: &OpenSearchOptions,
    folders: &Folders,
    ports: Ports,
) -> BTreeMap<String, String> {
    let given = options.settings.iter().cloned();
    let own = [
        ("http.port", ports.http.to_string()),
        ("transport.port", ports.transport.to_string()),
        ("path.data", folders.data.display().to_string()),
        ("path.logs", folders.logs.display().to_string()),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value));
    let fixed = SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    fixed.into_iter().chain(given).chain(own).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const PORTS: Ports = Ports {
        http: 9200,
        transport: 9300,
    };

    #[test]
    fn a_given_setting_replaces_the_default() {
        let mut options = OpenSearchOptions::new(Path::new("/node"));
        options.settings = vec![("cluster.name".to_owned(), "shop".to_owned())];
        let folders = Folders::new(&options.folder).unwrap();
        assert_eq!(settings(&options, &folders, PORTS)["cluster.name"], "shop");
    }

    #[test]
    fn a_setting_cannot_change_the_ports() {
        let mut options = OpenSearchOptions::new(Path::new("/node"));
        options.settings = vec![("http.port".to_owned(), "1".to_owned())];
        let folders = Folders::new(&options.folder).unwrap();
        assert_eq!(settings(&options, &folders, PORTS)["http.port"], "9200");
    }
}
