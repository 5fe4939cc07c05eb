//! Wrong input: every mistake at once, exit code 2, and nothing is listened on.

use std::net::TcpListener;

use irsa_testing::program::{finish, irsa, irsa_with_keys};

const ENDPOINT: &str = "shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com";

/// A port that somebody else has: whoever binds it fails.
fn taken() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

fn upstream(listen: &str) -> String {
    format!("postgres://{ENDPOINT}?listen={listen}")
}

/// How the sentences about [`every_mistake_is_named_at_once_and_nothing_is_bound`] begin.
const EVERY_MISTAKE: [&str; 24] = [
    "`fips` in `FILE` must be true or false",
    "`login-timeout` in `FILE` must be a text or a number",
    "`FILE` has an unknown setting `max_connections`; did you mean `max-connections`?",
    "`FILE` has an unknown setting `regoin`",
    "`identity` in `FILE`: `moon` is no source of identity",
    "IRSA_SESSION_NAME: `?` is not",
    "--external-id goes with --role",
    "--credentials-timeout: `1` is not a duration",
    "--sts-endpoint: `sts` is not a URL",
    "--ca-file: cannot use `/nowhere/ca.pem`",
    "upstream `postgres://elsewhere?colour=red&dial=:`: unknown parameter `colour`",
    "upstream `postgres://elsewhere?colour=red&dial=:`: `dial`: `:` is not HOST[:PORT]",
    "upstream `postgres://elsewhere?colour=red&dial=:`: the region can't be told",
    "upstream `mysql://…@h:1/db`: unknown scheme `mysql`",
    "upstream `mysql://…@h:1/db`: it holds a user or a password",
    "upstream `mysql://…@h:1/db`: it names a database",
    "--drain-timeout: `soon` is not a duration",
    "IRSA_MAX_CONNECTIONS: `many` is not a number from 1 on",
    "--idle-timeout: `forever` is not a duration",
    "--admin-address: `there` is not an address to listen on",
    "--tls-cert and --tls-key go together",
    "--client-uid: `bob` is not a user id",
    "--log-format: `xml` is not a log format",
    "--log-level: `loud` is not a log level",
];

#[test]
fn every_mistake_is_named_at_once_and_nothing_is_bound() {
    let (_holder, status) = taken();
    let (_holder, taken) = taken();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("irsa.yaml");
    let settings = "identity: moon\nmax_connections: 3\nregoin: x\nfips: 3\nlogin-timeout: [1]\n";
    std::fs::write(&config, settings).unwrap();
    let config = config.display().to_string();
    let mut command = irsa(&["proxy", "--config", &config, &upstream(&taken)]);
    command.args([
        "postgres://elsewhere?colour=red&dial=:",
        "mysql://me:password@h:1/db",
    ]);
    command.args(["--status-address", &status, "--admin-address", "there"]);
    command.args(["--drain-timeout", "soon", "--idle-timeout", "forever"]);
    command.args(["--log-level", "loud", "--log-format", "xml"]);
    command.args(["--client-uid", "bob", "--tls-cert", "cert.pem"]);
    command.args(["--external-id", "3", "--ca-file", "/nowhere/ca.pem"]);
    command.args(["--sts-endpoint", "sts", "--credentials-timeout", "1"]);
    command.env("IRSA_MAX_CONNECTIONS", "many");
    command.env("IRSA_SESSION_NAME", "?");

    let finished = finish(&mut command);
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    assert_eq!(finished.stdout, "");
    assert!(
        !finished.stderr.contains("password@"),
        "{}",
        finished.stderr
    );
    let errors = finished.errors();
    assert_eq!(errors.len(), EVERY_MISTAKE.len(), "{errors:#?}");
    for (error, begin) in errors.iter().zip(EVERY_MISTAKE) {
        let begin = begin.replace("FILE", &config);
        assert!(
            error.starts_with(&begin),
            "`{error}` should begin with `{begin}`"
        );
    }
}

#[test]
fn files_that_can_not_be_read_are_mistakes_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let users = file("users.txt", "bob hunter2\n");
    let pem = file("key.pem", "nothing");
    let upstream = upstream("127.0.0.1:0");
    let mut command = irsa_with_keys(&["proxy", &upstream, "--client-passwords", &users]);
    command.args([
        "--tls-cert",
        &pem,
        "--tls-key",
        &pem,
        "--config",
        "/nowhere/irsa.toml",
    ]);
    let finished = finish(&mut command);
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    assert_eq!(finished.errors().len(), 3, "{}", finished.stderr);
    for file in [&users, &pem, "/nowhere/irsa.toml"] {
        assert!(
            finished.stderr.contains(&format!("`{file}`")),
            "{}",
            finished.stderr
        );
    }
    assert!(!finished.stderr.contains("hunter2"), "{}", finished.stderr);
}

#[test]
fn a_settings_file_must_be_one() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content, complaint) in [
        (
            "irsa.json",
            "{}",
            "its name must end in .toml, .yaml or .yml",
        ),
        ("irsa.toml", "identity = ", "line 1"),
        ("irsa.yaml", "a: b: c", "line 1"),
        ("irsa.yml", "- identity", "expected"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let finished = finish(irsa_with_keys(&["proxy", &upstream("0"), "--config"]).arg(&path));
        assert_eq!(finished.code, 2, "{name}: {}", finished.stderr);
        assert!(finished.stderr.contains(name), "{}", finished.stderr);
        assert!(
            finished.stderr.contains(complaint),
            "{name}: {}",
            finished.stderr
        );
    }
}

#[test]
fn an_upstream_is_wanted() {
    for arguments in [&["proxy"][..], &["exec", "--", "true"][..]] {
        let finished = finish(irsa_with_keys(arguments).env("IRSA_UPSTREAMS", " "));
        assert_eq!(finished.code, 2, "{}", finished.stderr);
        assert!(
            finished.errors()[0].starts_with("no upstream was given"),
            "{}",
            finished.stderr
        );
    }
}

#[test]
fn listeners_are_not_shared() {
    let finished = finish(&mut irsa_with_keys(&[
        "proxy",
        &upstream("7"),
        &upstream("7"),
    ]));
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    assert!(finished.errors()[0].starts_with("`localhost:7` is listened on twice"));

    // The status has its default: two listeners of one program are not "another process".
    let upstream = upstream("0");
    let mut command = irsa_with_keys(&["proxy", &upstream, "--admin-address", "9440"]);
    let finished = finish(&mut command);
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    let expected =
        "`localhost:9440` is listened on twice, for --admin-address and for --status-address";
    assert!(
        finished.errors()[0].starts_with(expected),
        "{}",
        finished.stderr
    );
}

#[test]
fn the_doctor_does_not_care_who_listens_where() {
    let mut command = irsa_with_keys(&["doctor", &upstream("7"), &upstream("7")]);
    let finished = finish(command.args(["--ca-file", "/nowhere/ca.pem"]));
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    assert_eq!(finished.errors().len(), 1, "{}", finished.stderr);
    assert!(finished.errors()[0].starts_with("--ca-file: "));
}

#[test]
fn a_listener_for_everybody_needs_passwords_or_certificates() {
    let finished = finish(&mut irsa_with_keys(&["proxy", &upstream("0.0.0.0:7")]));
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    assert!(finished.errors()[0].starts_with("`0.0.0.0:7` can be reached from outside"));
}

#[test]
fn a_requirement_that_misses_a_listener_or_applies_to_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = irsa_with_keys(&[
        "proxy",
        &upstream("7&listen=unix:/run/irsa"),
        "--client-uid",
        "7",
    ]);
    command.args(["--client-cert-users", "/nowhere/users"]);
    let finished = finish(&mut command);
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    let errors = finished.errors();
    assert_eq!(errors.len(), 3, "{errors:#?}");
    assert!(errors[0].starts_with("--client-cert-users: cannot read `/nowhere/users`"));
    assert!(errors[1].starts_with("`localhost:7` would admit every client of this machine"));
    assert!(errors[2].starts_with("--client-cert-users needs --client-ca"));

    let users = folder.path().join("users");
    std::fs::write(&users, "\"app\n").unwrap();
    let mut command = irsa_with_keys(&["proxy", &upstream("7"), "--client-uid", "7"]);
    let finished = finish(command.arg("--client-cert-users").arg(&users));
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    let errors = finished.errors();
    assert_eq!(errors.len(), 3, "{errors:#?}");
    assert!(errors[0].starts_with("--client-cert-users: line 1 of "));
    assert!(
        errors[1]
            .starts_with("--client-uid applies to Unix sockets, and no upstream listens on one")
    );
}

#[test]
fn the_status_is_for_this_machine_only() {
    let mut command = irsa_with_keys(&["proxy", &upstream("0"), "--status-address", "0.0.0.0:7"]);
    let finished = finish(&mut command);
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    assert!(
        finished.errors()[0]
            .starts_with("--status-address: `0.0.0.0:7` must be a loopback address")
    );
}

#[test]
fn a_taken_port_is_named_with_a_remedy() {
    let (_holder, taken) = taken();
    let free = upstream("127.0.0.1:0");
    for (upstream, flag, address) in [
        (&upstream(&taken), "--status-address", "off"),
        (&free, "--status-address", taken.as_str()),
        (&free, "--admin-address", taken.as_str()),
    ] {
        let mut command = irsa_with_keys(&["proxy", upstream, flag, address]);
        let finished = finish(command.env("IRSA_STATUS_ADDRESS", "127.0.0.1:0"));
        assert_eq!(finished.code, 1, "{flag}: {}", finished.stderr);
        let expected = format!("cannot listen on `{taken}`: another process listens there");
        assert_eq!(finished.errors(), [expected], "{flag}");
        assert!(finished.stderr.contains("\"remedy\":"), "{flag}");
        assert_eq!(finished.stdout, "");
    }
}

#[test]
fn an_unknown_flag_is_refused() {
    let finished = finish(&mut irsa(&["proxy", "--regoin", "x"]));
    assert_eq!(finished.code, 2);
    assert!(finished.stderr.contains("--region"), "{}", finished.stderr);
}

#[test]
fn the_lab_and_the_demo_name_the_program_that_has_them_now() {
    for (typed, instead) in [
        (&["lab"][..], "help: run `irsa-lab`\n"),
        (
            &["lab", "env", "--workload", "x"],
            "help: run `irsa-lab env --workload x`\n",
        ),
        (&["demo", "--full"], "help: run `irsa-lab demo --full`\n"),
    ] {
        let finished = finish(&mut irsa(typed));
        assert_eq!(finished.code, 2, "{finished:?}");
        assert!(finished.stderr.contains(instead), "{finished:?}");
    }
}

/// The errors of `irsa proxy` with these arguments.
fn mistakes(arguments: &[&str]) -> Vec<String> {
    let finished = finish(irsa_with_keys(&["proxy"]).args(arguments));
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    finished.errors()
}

#[test]
fn a_mistake_is_not_followed_by_another_one_that_it_causes() {
    let custom = |parameters: &str| format!("postgres://db.example?{parameters}");
    for (arguments, expected) in [
        (
            vec!["--region", "moon!", "postgres://db.example"],
            "--region: ",
        ),
        (vec![custom("region=moon!").as_str()], "upstream `"),
        (vec![custom("regoin=eu-central-1").as_str()], "upstream `"),
        (
            vec![custom("region=eu-central-1&role=me&external-id=7").as_str()],
            "upstream `",
        ),
        (
            vec![custom("region=eu-central-1&listen=unix:x&socket-mode=660").as_str()],
            "upstream `",
        ),
    ] {
        let errors = mistakes(&arguments);
        assert_eq!(errors.len(), 1, "{arguments:?}: {errors:#?}");
        assert!(errors[0].starts_with(expected), "{errors:#?}");
    }
}

#[test]
fn misspelt_parameters_keys_and_variables_are_answered_with_the_right_name() {
    let regoin = "postgres://db.example?regoin=eu-central-1";
    assert!(mistakes(&[regoin])[0].ends_with("did you mean `region`?"));

    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("irsa.yaml");
    std::fs::write(&config, "client-password: x\n").unwrap();
    let errors = mistakes(&["--config", &config.display().to_string(), &upstream("0")]);
    assert!(
        errors[0].ends_with("did you mean `client-passwords`?"),
        "{errors:?}"
    );

    let mut command = irsa_with_keys(&["proxy", &upstream("0")]);
    let finished = finish(command.env("IRSA_CLIENT_PASSWORD", "x"));
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    let expected = "unknown variable IRSA_CLIENT_PASSWORD; did you mean IRSA_CLIENT_PASSWORDS?";
    assert_eq!(finished.errors(), [expected]);
}

#[test]
fn what_can_be_seen_to_fail_later_is_a_mistake_at_the_start() {
    let errors = mistakes(&["--spill-dir", "/nowhere", &upstream("0")]);
    assert_eq!(
        errors,
        ["--spill-dir: `/nowhere` is not an existing folder"]
    );

    let domain = "search-shop-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com";
    let errors = mistakes(&[&format!("opensearch://{domain}:9200")]);
    assert!(
        errors[0].contains("answers on port 443 only: remove `:9200`"),
        "{errors:?}"
    );

    let mut command = irsa_with_keys(&["proxy", &upstream("127.0.0.1:0")]);
    let finished = finish(command.env("AWS_SECRET_ACCESS_KEY", " "));
    assert_eq!(finished.code, 3, "{}", finished.stderr);
    assert!(finished.errors()[0].starts_with("`AWS_SECRET_ACCESS_KEY` is blank"));
}

#[test]
fn an_upstream_can_be_given_by_a_flag_everywhere() {
    for command in ["proxy", "doctor"] {
        let mut typed = irsa_with_keys(&[command, "--upstream", "mysql://typed"]);
        let finished = finish(typed.env("IRSA_UPSTREAMS", "mysql://environment"));
        assert_eq!(finished.code, 2, "{}", finished.stderr);
        assert!(
            finished.stderr.contains("mysql://typed"),
            "{}",
            finished.stderr
        );
        assert!(
            !finished.stderr.contains("environment"),
            "{}",
            finished.stderr
        );
    }
}

#[test]
fn failures_are_json_where_the_output_is() {
    let unknown = ["whoami", "--regoin", "x", "--output", "json"];
    let no_identity = ["whoami", "--output", "json"];
    let wrong_role = [
        "token", "--host", "x", "--user", "u", "--role", "me", "--output", "json",
    ];
    for (arguments, code) in [
        (&unknown[..], 2),
        (&no_identity[..], 3),
        (&wrong_role[..], 2),
    ] {
        let finished = finish(&mut irsa(arguments));
        assert_eq!(finished.code, code, "{}", finished.stderr);
        for line in finished.stderr.lines() {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(record["exit_code"], code, "{line}");
            assert_eq!(record["level"], "ERROR", "{line}");
        }
        assert!(!finished.errors().is_empty(), "{arguments:?}");
    }
    let finished = finish(&mut irsa(&no_identity));
    let record: serde_json::Value = serde_json::from_str(finished.stderr.trim()).unwrap();
    assert_eq!(record["link"], "service-account");
    assert_eq!(record["cause"], "no-identity-given");
    assert!(record["remedy"].is_string(), "{record}");
}

#[test]
fn exec_says_where_its_command_goes() {
    let finished = finish(&mut irsa(&["exec", "psql"]));
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("`irsa exec -- psql`"),
        "{}",
        finished.stderr
    );
    let finished = finish(&mut irsa(&["exec"]));
    assert!(
        finished.stderr.contains("`irsa exec -- COMMAND`"),
        "{}",
        finished.stderr
    );
}
