//! Invalid input: all mistakes are reported together, the exit code is 2, and nothing is bound.

mod listeners;

use std::net::TcpListener;

use irsa_testing::program::{finish, irsa, irsa_with_keys};

const ENDPOINT: &str = "shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com";

/// Returns a port that is in use.
fn taken() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

fn upstream(listen: &str) -> String {
    format!("postgres://{ENDPOINT}?listen={listen}")
}

/// The beginnings of the messages in [`all_mistakes_are_reported_together_and_nothing_is_bound`].
const EVERY_MISTAKE: [&str; 24] = [
    "`fips` in `FILE` must be true or false",
    "`login-timeout` in `FILE` must be a string or a number",
    "`FILE` contains the unknown key `max_connections`; did you mean `max-connections`?",
    "`FILE` contains the unknown key `regoin`",
    "`identity` in `FILE`: unknown identity source `moon`",
    "IRSA_SESSION_NAME: `?` is not",
    "--external-id requires --role",
    "--credentials-timeout: `1` is not a duration",
    "--sts-endpoint: `sts` is not a URL",
    "--ca-file: cannot use `/nowhere/ca.pem`",
    "upstream `postgres://elsewhere?colour=red&dial=:`: unknown parameter `colour`",
    "upstream `postgres://elsewhere?colour=red&dial=:`: `dial`: `:` is not HOST[:PORT]",
    "upstream `postgres://elsewhere?colour=red&dial=:`: cannot derive the region from",
    "upstream `mysql://…@h:1/db`: unknown scheme `mysql`",
    "upstream `mysql://…@h:1/db`: remove the user and password",
    "upstream `mysql://…@h:1/db`: remove the database name",
    "--drain-timeout: `soon` is not a duration",
    "IRSA_MAX_CONNECTIONS: `many` is not an integer of at least 1",
    "--idle-timeout: `forever` is not a duration",
    "--admin-address: `there` is not a valid listen address",
    "--tls-cert and --tls-key must be set together",
    "--client-uid: `bob` is not a numeric user ID",
    "--log-format: `xml` is not a log format",
    "--log-level: `loud` is not a log level",
];

#[test]
fn all_mistakes_are_reported_together_and_nothing_is_bound() {
    let (_holder, status) = taken();
    let (_holder, taken) = taken();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("proxy.yaml");
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
fn unreadable_files_are_reported_too() {
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
        "/nowhere/proxy.toml",
    ]);
    let finished = finish(&mut command);
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    assert_eq!(finished.errors().len(), 3, "{}", finished.stderr);
    for file in [&users, &pem, "/nowhere/proxy.toml"] {
        assert!(
            finished.stderr.contains(&format!("`{file}`")),
            "{}",
            finished.stderr
        );
    }
    assert!(!finished.stderr.contains("hunter2"), "{}", finished.stderr);
}

#[test]
fn an_invalid_configuration_file_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content, complaint) in [
        (
            "proxy.json",
            "{}",
            "its name must end in .toml, .yaml or .yml",
        ),
        ("proxy.toml", "identity = ", "line 1"),
        ("proxy.yaml", "a: b: c", "line 1"),
        ("proxy.yml", "- identity", "expected"),
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
fn an_upstream_is_required() {
    for arguments in [&["proxy"][..], &["exec", "--", "true"][..]] {
        let finished = finish(irsa_with_keys(arguments).env("IRSA_UPSTREAMS", " "));
        assert_eq!(finished.code, 2, "{}", finished.stderr);
        assert!(
            finished.errors()[0].starts_with("no upstream given"),
            "{}",
            finished.stderr
        );
    }
    let misspelled = finish(irsa_with_keys(&["proxy"]).env("IRSA_UPSTREAM", "postgres://x"));
    let expected = "unknown variable IRSA_UPSTREAM; did you mean IRSA_UPSTREAMS?";
    assert_eq!(misspelled.errors(), [expected]);
}

#[test]
fn an_unknown_flag_is_rejected() {
    let finished = finish(&mut irsa(&["proxy", "--regoin", "x"]));
    assert_eq!(finished.code, 2);
    assert!(finished.stderr.contains("--region"), "{}", finished.stderr);
}

#[test]
fn the_moved_commands_name_their_replacement() {
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

/// Returns the errors of `irsa proxy` with these arguments.
fn mistakes(arguments: &[&str]) -> Vec<String> {
    let finished = finish(irsa_with_keys(&["proxy"]).args(arguments));
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    finished.errors()
}

#[test]
fn a_mistake_causes_no_further_messages() {
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
fn an_invalid_https_proxy_is_one_mistake_for_all_upstreams() {
    let upstreams = ["0", "1"].map(|port| upstream(port) + "&http-proxy=env");
    let mut command = irsa_with_keys(&["proxy", &upstreams[0], &upstreams[1]]);
    let finished = finish(command.env("HTTPS_PROXY", "socks5://proxy.example"));
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    let errors = finished.errors();
    assert_eq!(errors.len(), 1, "{errors:?}");
    let expected = "HTTPS_PROXY is not the URL of an HTTP proxy";
    assert!(errors[0].contains(expected), "{errors:?}");
}

#[test]
fn misspelled_parameters_keys_and_variables_get_a_suggestion() {
    let regoin = "postgres://db.example?regoin=eu-central-1";
    assert!(mistakes(&[regoin])[0].ends_with("did you mean `region`?"));

    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("proxy.yaml");
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
fn later_failures_are_detected_at_the_start() {
    let errors = mistakes(&["--spill-dir", "/nowhere", &upstream("0")]);
    assert_eq!(
        errors,
        ["--spill-dir: `/nowhere` is not an existing directory"]
    );

    let domain = "search-shop-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com";
    let errors = mistakes(&[&format!("opensearch://{domain}:9200")]);
    assert!(
        errors[0].contains("accepts connections on port 443 only: remove `:9200`"),
        "{errors:?}"
    );

    let mut command = irsa_with_keys(&["proxy", &upstream("127.0.0.1:0")]);
    let finished = finish(command.env("AWS_SECRET_ACCESS_KEY", " "));
    assert_eq!(finished.code, 3, "{}", finished.stderr);
    assert!(finished.errors()[0].starts_with("`AWS_SECRET_ACCESS_KEY` is blank"));
}

#[test]
fn every_command_accepts_upstreams_as_a_flag() {
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
fn failures_are_json_if_the_output_is() {
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
fn exec_explains_the_separator() {
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

/// A preset reads neither a cluster nor AWS.
#[test]
fn options_of_a_namespace_are_refused_with_a_preset() {
    for option in [
        &["--from", "shop"][..],
        &["--context", "prod"],
        &["--aws"],
        &["--no-aws"],
        &["--output", "json"],
    ] {
        let preset = ["init", "--for", "camunda-8.3", "--out", "/nowhere"];
        let finished = finish(&mut irsa(&[&preset[..], option].concat()));
        assert_eq!(finished.code, 2, "{}", finished.stderr);
        assert!(finished.stderr.contains(option[0]), "{}", finished.stderr);
    }
    let both = ["init", "--from", "shop", "--aws", "--no-aws"];
    assert_eq!(finish(&mut irsa(&both)).code, 2);
    let finished = finish(&mut irsa(&["init", "--from", "no/where"]));
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    let expected = "--from: `no/where` is not the name of a namespace";
    assert!(
        finished.errors()[0].contains(expected),
        "{}",
        finished.stderr
    );
}
