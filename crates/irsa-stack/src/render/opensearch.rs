//! A shell script for each domain with fine-grained access control: roles of the security plugin, and the IAM roles that
//! have them. It can be run again at any time.

use std::fmt::Write as _;

use serde::Serialize;

use crate::render::File;
use crate::stack::{IndexPrivilege, Mapping, OpenSearchStore, SecurityRole, Stack};

/// The API of the security plugin.
const API: &str = "_plugins/_security/api";

#[derive(Serialize)]
struct RoleBody<'a> {
    description: String,
    cluster_permissions: &'a [&'static str],
    index_permissions: Vec<IndexBody<'a>>,
}

#[derive(Serialize)]
struct IndexBody<'a> {
    index_patterns: [&'a str; 1],
    allowed_actions: &'static [&'static str],
}

#[derive(Serialize)]
struct MappingBody<'a> {
    description: String,
    backend_roles: Vec<&'a str>,
}

pub(super) fn files(stack: &Stack) -> Vec<File> {
    let stores = stack
        .opensearch
        .iter()
        .filter(|store| store.is_fine_grained);
    let file = |store: &OpenSearchStore| File {
        path: format!("opensearch/{}.sh", store.key),
        text: script(stack, store),
    };
    stores.map(file).collect()
}

fn script(stack: &Stack, store: &OpenSearchStore) -> String {
    let mut text = format!(
        "#!/bin/sh\n\
         # OpenSearch domain {name}: roles of the security plugin and their IAM roles.\n\
         # Run it as an administrator of the domain, who is {admin}:\n\
         #   irsa exec --upstream opensearch://{host} -- sh FILE\n\
         set -eu\n\
         \n\
         api=\"${{OPENSEARCH_URL:?is not set: run this script by irsa exec}}/{API}\"\n\
         \n\
         # Creates or replaces what belongs to this set-up.\n\
         put() {{\n\
         \x20 curl --silent --show-error --fail-with-body --request PUT --header 'Content-Type: application/json' \\\n\
         \x20   --data-binary @- \"$api/$1\"\n\
         \x20 echo\n\
         }}\n",
        name = store.name,
        admin = store.admin,
        host = store.endpoint,
    );
    if store.mappings.iter().any(|mapping| mapping.is_built_in) {
        text += ADD;
    }
    for role in &store.roles {
        let _ = write!(
            text,
            "\nput roles/{} <<'JSON'\n{}\nJSON\n",
            role.name,
            role_body(stack, role)
        );
    }
    for mapping in &store.mappings {
        text += &mapping_commands(stack, mapping);
    }
    text
}

/// `add` on `/backend_roles/-` appends; on `/backend_roles` it would replace everyone else's.
const ADD: &str = r#"
# Adds an IAM role to a role that others have, too.
add() {
  answer="$(curl --silent --show-error --write-out ' %{http_code}' "$api/rolesmapping/$1")"
  case "$answer" in
    *"\"$2\""*" 200") echo "$1: $2 is mapped already" ;;
    *" 200")
      printf '[{"op": "add", "path": "/backend_roles/-", "value": "%s"}]' "$2" |
        curl --silent --show-error --fail-with-body --request PATCH --header 'Content-Type: application/json' \
          --data-binary @- "$api/rolesmapping/$1"
      echo
      ;;
    *" 404") printf '{"backend_roles": ["%s"]}' "$2" | put "rolesmapping/$1" ;;
    *)
      echo "cannot read the mapping of $1: $answer" >&2
      exit 1
      ;;
  esac
}
"#;

/// A word of the shell: paths of IAM roles may have every printable ASCII character.
fn word(text: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || ":/_+=,.@-".contains(char);
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn role_body(stack: &Stack, role: &SecurityRole) -> String {
    let body = RoleBody {
        description: format!("irsa: {}", stack.name),
        cluster_permissions: &role.cluster_permissions,
        index_permissions: role.indices.iter().map(index_body).collect(),
    };
    serde_json::to_string_pretty(&body).unwrap_or_default()
}

fn index_body((pattern, privilege): &(String, IndexPrivilege)) -> IndexBody<'_> {
    IndexBody {
        index_patterns: [pattern],
        allowed_actions: privilege.allowed_actions(),
    }
}

fn mapping_commands(stack: &Stack, mapping: &Mapping) -> String {
    let mut text = String::new();
    if mapping.is_built_in {
        for role in &mapping.backend_roles {
            let _ = write!(text, "\nadd {} {}\n", mapping.role, word(role.as_str()));
        }
        return text;
    }
    let body = MappingBody {
        description: format!("irsa: {}", stack.name),
        backend_roles: mapping
            .backend_roles
            .iter()
            .map(irsa_chain::RoleArn::as_str)
            .collect(),
    };
    let body = serde_json::to_string_pretty(&body).unwrap_or_default();
    format!(
        "\nput rolesmapping/{} <<'JSON'\n{body}\nJSON\n",
        mapping.role
    )
}
