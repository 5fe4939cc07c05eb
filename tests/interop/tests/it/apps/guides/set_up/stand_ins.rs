//! Programs on the reader's `PATH` that stand between the commands of a guide and the lab. Everything else is real.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

/// The network: the addresses at which this machine reaches the data stores.
const IRSA: &str = r#"#!/bin/bash
[ ! -f "$LAB/network" ] || . "$LAB/network"
case "${1-} ${2-}" in
  "apply sql") set -- "$@" --dial "$LAB_DATABASE" ;;
  "apply opensearch") set -- "$@" --dial "$LAB_DOMAIN" ;;
esac
exec "$LAB/bin/real-irsa" "$@"
"#;

/// The kubelet: it has tokens of the lab's issuer, and runs commands in the containers of irsa.
const KUBECTL: &str = r#"#!/bin/bash
set -eu
real=$LAB/bin/real-kubectl
case "$*" in
  "-n "*" create token "*)
    "$real" "$@" > /dev/null
    cat "$LAB/tokens/$2/$5" ;;
  "-n "*" exec "*" -c irsa -- irsa "*)
    pod=.spec.template.spec
    [ -n "$("$real" -n "$2" get "$4" -o "jsonpath={$pod.initContainers[?(@.name=='irsa')].name}")" ]
    account=$("$real" -n "$2" get "$4" -o "jsonpath={$pod.serviceAccountName}")
    exec env -i PATH="$PATH" LAB="$LAB" bash -c '. "$0"; exec "$@"' "$LAB/pods/$2/$account" "${@:8}" ;;
  "exec --namespace="*" --container=irsa "*" -- irsa "*)
    namespace=${2#--namespace=}
    account=$("$real" -n "$namespace" get pod "$4" -o "jsonpath={.spec.serviceAccountName}")
    exec env -i PATH="$PATH" LAB="$LAB" bash -c '. "$0"; exec "$@"' "$LAB/pods/$namespace/$account" "${@:6}" ;;
  *) exec "$real" "$@" ;;
esac
"#;

/// AWS's command line: the reader's kubeconfig is that of the test.
const AWS: &str = r#"#!/bin/bash
set -eu
case "$1 $2" in
  "eks update-kubeconfig") ;;
  *) echo "aws $*: the test has no answer" >&2; exit 2 ;;
esac
"#;

/// Writes the programs into `LAB/bin`, and returns that directory.
pub(super) fn write(lab: &Path, irsa: &Path, kubectl: &Path, helm: &Path) -> PathBuf {
    let folder = lab.join("bin");
    fs::create_dir_all(&folder).unwrap();
    for (name, text) in [("irsa", IRSA), ("kubectl", KUBECTL), ("aws", AWS)] {
        let file = folder.join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    for (name, program) in [
        ("real-irsa", irsa),
        ("real-kubectl", kubectl),
        ("helm", helm),
    ] {
        symlink(program, folder.join(name)).unwrap();
    }
    folder
}
