//! Clusters that were upgraded from before PostgreSQL 15, where every user can create objects in the schema `public`.

use super::stage::{Kind, Stage, on_each};
use super::{objects, run, state};

/// Users who can create objects in the schema.
const CREATE: &str = "SELECT rolname FROM pg_roles WHERE rolname IN ('api', 'at_work', 'neighbor')
    AND has_schema_privilege(oid, 'public', 'CREATE') ORDER BY 1";

async fn upgraded(stage: &Stage, owner: &str) {
    let session = stage.session("postgres").await;
    for sql in [
        "CREATE DATABASE orders",
        "CREATE ROLE at_work LOGIN PASSWORD 'x'",
        "CREATE ROLE neighbor LOGIN PASSWORD 'x'",
    ] {
        session.batch_execute(sql).await.unwrap();
    }
    let schema = format!(
        "ALTER SCHEMA public OWNER TO {owner}; GRANT CREATE ON SCHEMA public TO PUBLIC;
         SET ROLE at_work; CREATE FUNCTION work() RETURNS int LANGUAGE sql AS 'SELECT 1'"
    );
    stage.execute("orders", &schema).await;
}

#[test]
fn everyone_can_create_objects_until_the_database_is_exclusive() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        upgraded(stage, "pg_database_owner").await;
        let mut objects = objects();
        let ran = run(stage, &objects).await.succeeded();
        let note = "every user who can connect can create objects in schema public of database `orders`, as before \
                    PostgreSQL 15: set `exclusive: true` to change that";
        assert!(ran.text().contains(note), "{}", ran.text());
        let create = || state::rows(stage, "orders", CREATE);
        assert_eq!(create().await, "api\nat_work\nneighbor\n");

        objects.databases[0].is_exclusive = true;
        let ran = run(stage, &objects).await.succeeded();
        let text = ran.text();
        assert!(
            text.contains("GRANT CREATE ON SCHEMA public TO \"at_work\""),
            "{text}"
        );
        assert!(!text.contains("TO \"neighbor\""), "{text}");
        assert_eq!(create().await, "api\nat_work\n");
        assert_eq!(run(stage, &objects).await.succeeded().totals.changed, 0);
    });
}

/// The schema still belongs to the user who created the cluster.
#[test]
fn a_schema_of_someone_else_is_reported_and_does_not_stop_the_run() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        upgraded(stage, "rdsadmin").await;
        let mut objects = objects();
        let note = "the schema belongs to `rdsadmin`, as which no one can log in";
        for _ in 0..2 {
            let ran = run(stage, &objects).await.succeeded();
            let text = ran.text();
            assert!(text.contains(note), "{text}");
            assert!(
                text.contains(
                    "ok       user `api` has all privileges on schema public of database `orders`"
                ),
                "{text}"
            );
        }
        objects.databases[0].is_exclusive = true;
        let text = run(stage, &objects).await.succeeded().text();
        assert!(text.contains(note), "{text}");
    });
}

/// It cannot be closed by the administrator. What the note recommends can.
#[test]
fn an_exclusive_database_with_a_schema_of_someone_else_is_closed_by_its_owner() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        stage.execute("postgres", "CREATE ROLE boss").await;
        upgraded(stage, "boss").await;
        let mut objects = objects();
        objects.databases[0].is_exclusive = true;
        let mut statements = Vec::new();
        for _ in 0..2 {
            let ran = run(stage, &objects).await.succeeded();
            let notes = ran.notes();
            let note = notes
                .iter()
                .find(|note| note.what.contains("schema public"));
            let note = note.unwrap_or_else(|| panic!("{}", ran.text()));
            let how = "administrator `camunda_admin` does not own the schema; run these statements as its owner `boss`";
            assert!(note.what.contains(how), "{}", note.what);
            statements = note.details.clone();
        }
        let create = || state::rows(stage, "orders", CREATE);
        assert_eq!(create().await, "api\nat_work\nneighbor\n");
        let close = format!("SET ROLE boss; {}", statements.join("; "));
        stage.execute("orders", &close).await;
        assert_eq!(create().await, "api\nat_work\n");
        let ran = run(stage, &objects).await.succeeded();
        assert_eq!(ran.totals.changed, 0, "{}", ran.text());
        assert_eq!(ran.notes().len(), 0, "{}", ran.text());
    });
}

#[test]
fn a_new_database_on_an_upgraded_cluster_is_closed() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let open = "GRANT CREATE ON SCHEMA public TO PUBLIC";
        stage.execute("template1", open).await;
        let ran = run(stage, &objects()).await;
        let close = "REVOKE CREATE ON SCHEMA public FROM PUBLIC";
        stage.execute("template1", close).await;
        let ran = ran.succeeded();
        let text = ran.text();
        assert!(text.contains(close), "{text}");
        let acl = "SELECT count(*) FROM pg_namespace n, aclexplode(n.nspacl) a
            WHERE n.nspname = 'public' AND a.grantee = 0 AND a.privilege_type = 'CREATE'";
        assert_eq!(state::rows(stage, "orders", acl).await, "0\n");
        assert_eq!(run(stage, &objects()).await.succeeded().totals.changed, 0);
    });
}
