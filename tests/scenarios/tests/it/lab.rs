//! `irsa-lab` and the environments of its workloads.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::stage::shared;
use irsa_testing::program::{code, finish, irsa_lab, path};

#[test]
fn a_workloads_environment_is_printed_for_shells_and_as_json() {
    let stage = shared();
    let folder = stage.lab().state_dir().display().to_string();
    let environment = &stage.workload("webmodeler").environment;
    let arguments = ["env", "--state-dir", &folder, "--workload", "webmodeler"];

    let exports = finish(&mut irsa_lab(&arguments));
    let script = format!("{}\nenv", exports.printed());
    let sourced = Command::new("sh")
        .args(["-c", &script])
        .env_clear()
        .output()
        .unwrap();
    let sourced = String::from_utf8(sourced.stdout).unwrap();
    for (name, value) in environment {
        assert!(sourced.contains(&format!("{name}={value}\n")), "{name}");
    }

    let json = finish(irsa_lab(&arguments).args(["--output", "json"])).json();
    let told: BTreeMap<String, String> = serde_json::from_value(json).unwrap();
    assert_eq!(&told, environment);
}

#[test]
fn a_missing_workload_or_lab_is_reported_with_a_remedy() {
    let stage = shared();
    let folder = stage.lab().state_dir().display().to_string();
    for (arguments, complaint, remedy) in [
        (
            ["--state-dir", &folder, "--workload", "unknown"],
            "no workload `unknown`",
            "keycloak",
        ),
        (
            ["--state-dir", "/nowhere", "--workload", "x"],
            "no lab is running: ",
            "`irsa-lab`",
        ),
    ] {
        let finished = finish(irsa_lab(&["env"]).args(arguments));
        assert_eq!(finished.code, 1, "{}", finished.stderr);
        assert!(finished.stderr.contains(complaint), "{}", finished.stderr);
        let help = finished.stderr.split_once("help: ").unwrap().1;
        assert!(help.contains(remedy), "{}", finished.stderr);
    }
}

#[test]
fn an_invalid_world_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let world = folder.path().join("world.yaml");
    std::fs::write(&world, "region: moon\n").unwrap();
    let finished = finish(irsa_lab(&["--session-duration", "long", "--world"]).arg(&world));
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("--session-duration: `long`"),
        "{}",
        finished.stderr
    );
    assert!(
        finished.stderr.contains("world.yaml"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_failure_is_printed_with_its_cause() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let folder = file.path().join("lab").display().to_string();
    let finished = finish(irsa_lab(&["--state-dir", &folder]).env("HOME", "/"));
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    let expected = format!("cannot create `{folder}`: Not a directory (os error 20)");
    assert_eq!(finished.errors(), [expected]);
}

/// Runs a separate lab process, so that a shell can follow the documentation.
#[test]
fn a_shell_works_against_a_lab_in_the_foreground() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().display().to_string();
    let mut command = irsa_lab(&["--state-dir", &state, "--log-level", "error"]);
    for variable in ["HOME", "IRSA_CACHE_DIR", "IRSA_POSTGRES_BIN"] {
        command.envs(std::env::var_os(variable).map(|value| (variable, value)));
    }
    let mut lab = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(lab.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let said: Vec<_> = lines.take_while(|line| line != "Ctrl-C stops it").collect();
    let shell = said
        .iter()
        .find(|line| line.contains("--workload keycloak)"))
        .unwrap();
    let eval = shell.trim_start_matches("workload").trim_start();
    let programs = path("irsa-lab");
    let programs = programs.parent().unwrap().display();
    let script = format!("PATH='{programs}':$PATH; {eval}; irsa whoami");
    let whoami = finish(Command::new("sh").args(["-c", &script]).env_clear());
    assert!(
        whoami.printed().contains(":assumed-role/keycloak-role/"),
        "{whoami:?}"
    );

    kill_process(Pid::from_child(&lab), Signal::TERM).unwrap();
    assert_eq!(code(lab.wait().unwrap()), 0);
}
