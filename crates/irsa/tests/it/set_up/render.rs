//! `irsa render`: the files that it writes, replaces and leaves alone.

use std::fs;

use super::{OUTPUTS, renderable_preset, run};

#[test]
fn rendered_files_follow_the_specification_and_others_are_left_alone() {
    let folder = renderable_preset("camunda-8.3");
    let render = |more: &[&str]| {
        let arguments = [&["render", "kubernetes", "--out", "out"], more].concat();
        run(folder.path(), &arguments)
    };
    let zeebe = folder
        .path()
        .join("out/kubernetes/camunda/zeebe-sidecar.yaml");
    let missing = render(&["--check"]);
    assert_eq!(missing.code, 3, "{}", missing.stderr);
    assert!(
        missing
            .stdout
            .contains("+++ out/kubernetes/camunda/zeebe-sidecar.yaml"),
        "{}",
        missing.stdout
    );
    assert!(!zeebe.exists(), "--check changes nothing");
    render(&[]).printed();
    assert!(zeebe.exists());
    assert_eq!(render(&["--check"]).code, 0);
    // A file of the user's stays, also in the same folder.
    let own = folder.path().join("out/kubernetes/camunda/own.yaml");
    fs::write(&own, "kind: ConfigMap\n").unwrap();
    fs::write(
        folder.path().join("less.yaml"),
        "workloads: {zeebe: null}\n",
    )
    .unwrap();
    let less = render(&["-f", "irsa.yaml", "-f", "less.yaml"]);
    assert!(
        less.printed()
            .contains("removed out/kubernetes/camunda/zeebe-sidecar.yaml"),
        "{}",
        less.stdout
    );
    assert!(!zeebe.exists() && own.exists());
    // What the user wrote in our place is not overwritten.
    fs::write(&zeebe, "kind: Secret\n").unwrap();
    let refused = render(&[]);
    assert_eq!(refused.code, 1);
    assert!(
        refused.errors()[0].contains("was not rendered by irsa"),
        "{}",
        refused.stderr
    );
    assert_eq!(fs::read_to_string(&zeebe).unwrap(), "kind: Secret\n");
}

#[test]
fn two_set_ups_in_one_directory_leave_the_files_of_each_other_alone() {
    let folder = renderable_preset("camunda-8.3");
    let render = |more: &[&str]| {
        let arguments = [&["render", "kubernetes", "--out", "."], more].concat();
        run(folder.path(), &arguments)
    };
    render(&[]).printed();
    let zeebe = folder.path().join("kubernetes/camunda/zeebe-sidecar.yaml");
    let before = fs::read_to_string(&zeebe).unwrap();
    // Another set-up in the same cluster has the same files.
    fs::write(folder.path().join("other.yaml"), "name: camunda-2\n").unwrap();
    let other = ["-f", "irsa.yaml", "-f", "other.yaml"];
    let refused = render(&other);
    assert_eq!(refused.code, 1);
    let expected = "was rendered for the setup `camunda`, and this is `camunda-2`";
    assert!(refused.errors()[0].contains(expected), "{}", refused.stderr);
    // One in another cluster has other files, and removes none.
    let elsewhere = "clusters: {camunda: null, second: {existing: true}}\n";
    fs::write(folder.path().join("elsewhere.yaml"), elsewhere).unwrap();
    fs::write(
        folder.path().join("second.json"),
        OUTPUTS.replace("\"clusters\": {\"camunda\"", "\"clusters\": {\"second\""),
    )
    .unwrap();
    let more = ["-f", "elsewhere.yaml", "--outputs", "second.json"];
    let rendered = render(&[&other[..], &more].concat());
    assert!(
        !rendered.printed().contains("removed"),
        "{}",
        rendered.stdout
    );
    assert!(
        folder
            .path()
            .join("kubernetes/second/zeebe-sidecar.yaml")
            .exists()
    );
    assert_eq!(fs::read_to_string(&zeebe).unwrap(), before);
}

#[test]
fn a_symbolic_link_does_not_lead_out_of_the_directory() {
    let elsewhere = tempfile::tempdir().unwrap();
    for link in ["kubernetes", "kubernetes/camunda"] {
        let folder = renderable_preset("camunda-8.3");
        let link = folder.path().join(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        let refused = run(folder.path(), &["render", "kubernetes", "--out", "."]);
        assert_eq!(refused.code, 1);
        let expected = "is a symbolic link or a file, not a folder";
        assert!(refused.errors()[0].contains(expected), "{}", refused.stderr);
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }
}
