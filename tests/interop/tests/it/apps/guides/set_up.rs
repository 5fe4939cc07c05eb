//! The guides that set everything up, run block by block.

mod lab;
mod pods;
mod scene;
mod stand_ins;

use self::scene::{Before, Scene};
use super::page;
use super::steps::steps;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn camunda_is_set_up_from_nothing() {
    let Some(mut scene) = Scene::set(Before::Nothing).await else {
        return;
    };
    for step in steps(&page("docs/guides/new-setup.md")) {
        scene.run(&step).await;
    }
    scene.assert_pods_reach_the_lab(5);
    scene.strike().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn irsa_is_added_to_a_camunda_with_passwords() {
    let Some(mut scene) = Scene::set(Before::Passwords).await else {
        return;
    };
    for step in steps(&page("docs/guides/existing-setup.md")) {
        scene.run(&step).await;
    }
    scene.assert_pods_reach_the_lab(5);
    for user in ["keycloak", "webmodeler"] {
        let second = format!("'{user}_iam'");
        let keeps_password = format!(
            "SELECT rolpassword IS NOT NULL AND NOT pg_has_role(rolname, 'rds_iam', 'member') \
             FROM pg_authid WHERE rolname = '{user}'"
        );
        scene.assert_holds(user, &keeps_password).await;
        let acts_as = format!(
            "SELECT pg_has_role({second}, '{user}', 'member') AND pg_has_role({second}, 'rds_iam', 'member')"
        );
        scene.assert_holds(user, &acts_as).await;
        let owner = format!(
            "SELECT bool_and(tableowner = '{user}') FROM pg_tables WHERE schemaname = 'public'"
        );
        scene.assert_holds(user, &owner).await;
    }
    scene.strike().await;
}
