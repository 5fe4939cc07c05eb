//! The lab as what AWS has after `terraform apply`: data stores with nothing of what irsa is to create.

use std::fs;
use std::path::Path;
use std::time::Duration;

use interop::server::cache_folder;
use irsa_lab::clock::{LabClock as _, SystemClock};
use irsa_lab::sessions::{Origin, SessionSpec};
use irsa_lab::{Lab, LabOptions, World};
use serde_json::{Value, json};

use super::scene::Before;

/// The master user that the guides name.
const ADMIN: &str = "camunda_admin";
/// Users that own a database and log in by password.
const OWNERS: [&str; 2] = ["keycloak", "webmodeler"];

/// Starts the lab. `world` is what `irsa render lab` writes.
pub(super) async fn start(world: &str, before: Before) -> Lab {
    let mut world: Value = serde_saphyr::from_str(world).unwrap();
    for cluster in list(&mut world["clusters"]) {
        cluster["users"] = json!([]);
    }
    for domain in list(&mut world["domains"]) {
        domain["roles"] = json!([]);
        domain["role_mappings"] = json!([]);
    }
    if matches!(before, Before::Passwords) {
        add_administrator(&mut world);
    }
    let mut options = LabOptions::new(World::from_yaml(&world.to_string()).unwrap());
    options.cache_dir = cache_folder().unwrap();
    options.opensearch = true;
    let lab = Lab::start(options).await.unwrap();
    drop_databases(&lab).await;
    if matches!(before, Before::Passwords) {
        create_owners(&lab).await;
    }
    lab
}

fn list(value: &mut Value) -> &mut Vec<Value> {
    value.as_array_mut().unwrap()
}

/// The role of the person who follows the guide.
fn add_administrator(world: &mut Value) {
    let role = world["domains"][0]["master_role"].clone();
    let statement = |action: Value, key: &str, value: Value| {
        let mut statement = json!({"Effect": "Allow", "Action": action});
        statement[key] = value;
        json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
    };
    let account = json!({"AWS": "arn:aws:iam::111122223333:root"});
    let actions = ["es:ESHttp*", "secretsmanager:GetSecretValue", "kms:Decrypt"];
    let permissions = statement(json!(actions), "Resource", "*".into());
    list(&mut world["roles"]).push(json!({
        "arn": role,
        "trust_policy": statement("sts:AssumeRole".into(), "Principal", account),
        "policies": [{"name": "administration", "document": permissions}],
    }));
}

/// The lab creates the databases of its world; on RDS, they do not exist yet, or belong to their applications.
async fn drop_databases(lab: &Lab) {
    for cluster in &lab.facts().clusters {
        for database in &cluster.databases {
            execute(lab, "postgres", &format!("DROP DATABASE \"{database}\"")).await;
        }
    }
}

/// Applications with a user, a password and a table, as the administrator created them.
async fn create_owners(lab: &Lab) {
    for owner in OWNERS {
        let role = format!("SET ROLE {ADMIN}; CREATE ROLE {owner} LOGIN PASSWORD 'today'");
        execute(lab, "postgres", &role).await;
        let database = format!("CREATE DATABASE {owner} OWNER {owner}");
        execute(lab, "postgres", &database).await;
        let table = format!("SET ROLE {owner}; CREATE TABLE made_by_password (id integer)");
        execute(lab, owner, &table).await;
    }
}

pub(super) async fn execute(lab: &Lab, database: &str, sql: &str) {
    let cluster = &lab.facts().clusters[0].name;
    let executed = lab.aurora().unwrap().execute(cluster, database, sql).await;
    executed.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Writes what the stand-ins read: addresses, tokens, and the environments of the pods.
pub(super) fn write(lab: &Lab, folder: &Path) {
    let facts = lab.facts();
    let network = format!(
        "export LAB_DATABASE={} LAB_DOMAIN={} IRSA_CA_FILE={} AWS_REGION={} AWS_ENDPOINT_URL_STS={} \
         AWS_ENDPOINT_URL_SECRETS_MANAGER={}\n",
        facts.clusters[0].dial,
        facts.domains[0].dial,
        facts.ca_file.display(),
        facts.region,
        facts.sts.url,
        facts.secrets_manager.url,
    );
    fs::write(folder.join("network"), network).unwrap();
    for workload in &facts.workloads {
        let write = |kind: &str, text: &str| {
            let folder = folder.join(kind).join(&workload.namespace);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(&workload.service_account), text).unwrap();
        };
        write("tokens", &fs::read_to_string(&workload.token_file).unwrap());
        write("pods", &lab.exports(&workload.name).unwrap());
    }
}

/// Writes the reader's AWS profile, with credentials of a role.
pub(super) fn write_profile(lab: &Lab, role: &str, home: &Path) {
    let (role, name) = (role.parse().unwrap(), "reader".parse().unwrap());
    let hour = Duration::from_hours(1);
    let spec = SessionSpec::new(role, name, hour, Origin::Chained);
    let session = lab.sessions().issue(spec, SystemClock.now());
    let credentials = &session.credentials;
    let profile = format!(
        "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\naws_session_token = {}\n",
        credentials.access_key_id,
        credentials.secret_access_key.expose(),
        credentials.session_token.expose(),
    );
    fs::create_dir_all(home.join(".aws")).unwrap();
    fs::write(home.join(".aws/credentials"), profile).unwrap();
}
