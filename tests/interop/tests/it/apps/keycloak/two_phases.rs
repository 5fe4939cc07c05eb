//! Two-phase commit: with the stock driver's XA data source, and in Keycloak.

use std::path::{Path, PathBuf};
use std::process::Command;

use interop::proxy::Proxy;
use interop::server::cache_folder;
use irsa_demo::reference_apps::keycloak::{ADA, Keycloak, KeycloakHome, KeycloakOptions};
use irsa_demo::reference_apps::maven::{self, Project};
use irsa_lab::Lab;

use super::stage::{database, proxy, tell, through_irsa};

/// A program with `PGXADataSource`.
pub(super) const TWO_PHASES: Project = Project {
    name: "interop-xa",
    files: &[
        ("pom.xml", include_str!("xa/pom.xml")),
        (
            "src/main/java/xa/TwoPhases.java",
            include_str!("xa/src/main/java/xa/TwoPhases.java"),
        ),
    ],
    goal: "process-classes",
};
/// A provider for Keycloak that writes logins into a second data source.
const LOGIN_AUDIT: Project = Project {
    name: "interop-login-audit",
    files: &[
        ("pom.xml", include_str!("audit/pom.xml")),
        (
            "src/main/java/audit/LoginAudit.java",
            include_str!("audit/src/main/java/audit/LoginAudit.java"),
        ),
        (
            "src/main/resources/META-INF/services/org.keycloak.events.EventListenerProviderFactory",
            include_str!(
                "audit/src/main/resources/META-INF/services/org.keycloak.events.EventListenerProviderFactory"
            ),
        ),
    ],
    goal: "package",
};

/// Runs `PREPARE TRANSACTION` through one irsa, and `COMMIT PREPARED` through the next.
pub(super) async fn outlive_irsa(lab: &Lab, irsa: Proxy, port: u16) -> Proxy {
    let program = built(&TWO_PHASES).await;
    assert_eq!(run(&program, "prepare", port), "2 transactions, 0 rows");
    irsa.stop().unwrap();
    let irsa = proxy(lab, port);
    assert_eq!(run(&program, "commit", port), "0 transactions, 2 rows");
    irsa
}

/// With a second data source that uses XA, Keycloak's transaction manager prepares each login.
pub(super) async fn are_keycloaks_with_two_data_sources(home: &KeycloakHome, port: u16) {
    let jar = built(&LOGIN_AUDIT).await.join("login-audit.jar");
    let mut options = KeycloakOptions::new(database(), through_irsa(port));
    let url = format!("jdbc:postgresql://localhost:{port}/{}", database().name);
    let audit = [
        ("KC_DB_KIND_AUDIT", "postgres".to_owned()),
        ("KC_DB_URL_FULL_AUDIT", url),
        ("KC_DB_USERNAME_AUDIT", database().user),
    ];
    let audit = audit.map(|(name, value)| (name.to_owned(), value));
    options.more.extend(audit);
    options.providers.push(jar);
    home.build(&options, &tell).await.unwrap();
    let keycloak = Keycloak::start(home, &options).await.unwrap();
    keycloak.token(&ADA).await.unwrap();
    let seen = run(&built(&TWO_PHASES).await, "seen", port);
    assert!(
        !seen.starts_with('0') && seen.ends_with(" 1 rows"),
        "{seen}"
    );
    keycloak.stop().await.unwrap();
}

async fn built(project: &Project) -> PathBuf {
    let cache = cache_folder().unwrap();
    maven::build(project, &cache, &tell).await.unwrap()
}

fn run(built: &Path, phase: &str, port: u16) -> String {
    let class_path = format!("{0}/classes:{0}/lib/*", built.display());
    let database = database();
    let output = Command::new(maven::java().unwrap())
        .args(["-cp", &class_path, "xa.TwoPhases", phase])
        .arg(format!(
            "jdbc:postgresql://localhost:{port}/{}",
            database.name
        ))
        .arg(&database.user)
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
