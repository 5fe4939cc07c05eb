//! Precedence: flags over the environment, the environment over the file, the file over the defaults.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::proxy::Proxy;
use irsa_testing::program::{code, finish, irsa_with_keys};

const ENDPOINT: &str = "shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com";

/// A directory for sockets, whose names show which setting won.
struct Folder(tempfile::TempDir);

// === impl Folder ===

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn socket(&self, name: &str) -> String {
        format!("unix:{}/{name}", self.path().display())
    }

    /// Writes a settings file with an upstream and two admin sockets.
    fn settings(&self, name: &str) -> String {
        let upstream = format!(
            "postgres://{ENDPOINT}?listen=unix:{}/.s.PGSQL.1",
            self.path().display()
        );
        let (admin, status) = (self.socket("file-admin"), self.socket("file-status"));
        let text = if Path::new(name)
            .extension()
            .is_some_and(|ending| ending == "toml")
        {
            format!(
                "# for a test\nupstreams = ['{upstream}']\nadmin-address = '{admin}'\n\
                 status-address = '{status}'\nmax-connections = 7\nfips = false\n"
            )
        } else {
            format!(
                "# for a test\nupstreams:\n- {upstream}\nadmin-address: {admin}\n\
                 status-address: '{status}'\nmax-connections: 7\nfips: false\n"
            )
        };
        let path = self.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

fn started(command: &mut Command) -> Proxy {
    Proxy::start(command, None)
}

#[test]
fn toml_and_yaml_are_equivalent() {
    for name in ["proxy.toml", "proxy.yaml", "proxy.yml"] {
        let folder = Folder::new();
        let config = folder.settings(name);
        let proxy = started(&mut irsa_with_keys(&["proxy", "--config", &config]));
        assert_eq!(proxy.address("listening"), folder.socket(".s.PGSQL.1"));
        assert_eq!(proxy.address("admin"), folder.socket("file-admin"));
        assert_eq!(proxy.address("status"), folder.socket("file-status"));
    }
}

#[test]
fn the_doctor_reads_the_proxys_file() {
    let folder = Folder::new();
    let config = folder.settings("proxy.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}region = 'moon'\nuser = 'me'\n")).unwrap();
    let finished = finish(irsa_with_keys(&["doctor"]).env("IRSA_CONFIG", &config));
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    let errors = finished.errors();
    assert_eq!(errors.len(), 2, "{errors:#?}");
    let unknown = format!("`{config}` contains the unknown key `user`");
    assert!(errors[0].starts_with(&unknown), "{errors:#?}");
    let region = format!("`region` in `{config}`: ");
    assert!(errors[1].starts_with(&region), "{errors:#?}");
}

#[test]
fn off_is_a_string_in_yaml_too() {
    let folder = Folder::new();
    let config = folder.settings("proxy.yaml");
    let text = fs::read_to_string(&config).unwrap();
    let off = format!("admin-address: {}", folder.socket("file-admin"));
    fs::write(&config, text.replace(&off, "admin-address: off")).unwrap();
    let proxy = started(&mut irsa_with_keys(&["proxy", "--config", &config]));
    assert!(proxy.addresses("admin").is_empty());
}

#[test]
fn a_flag_overrides_the_environment_which_overrides_the_file() {
    let folder = Folder::new();
    let config = folder.settings("proxy.toml");
    let mut command = irsa_with_keys(&["proxy"]);
    command
        .env("IRSA_CONFIG", config)
        .env("IRSA_ADMIN_ADDRESS", folder.socket("variable"))
        .env("IRSA_STATUS_ADDRESS", folder.socket("loser"))
        .args(["--status-address", &folder.socket("flag")]);
    let proxy = started(&mut command);
    assert_eq!(proxy.address("listening"), folder.socket(".s.PGSQL.1"));
    assert_eq!(proxy.address("admin"), folder.socket("variable"));
    assert_eq!(proxy.address("status"), folder.socket("flag"));
}

#[test]
fn upstreams_on_the_command_line_replace_those_of_the_environment_and_the_file() {
    let folder = Folder::new();
    let config = folder.settings("proxy.toml");
    let upstream = |name| format!("postgres://{ENDPOINT}?listen={}", folder.socket(name));
    let two = format!(" {}\n{} ", upstream(".s.PGSQL.2"), upstream(".s.PGSQL.3"));
    let proxy =
        started(irsa_with_keys(&["proxy", "--config", &config]).env("IRSA_UPSTREAMS", &two));
    let sockets = [folder.socket(".s.PGSQL.2"), folder.socket(".s.PGSQL.3")];
    assert_eq!(proxy.addresses("listening"), sockets);
    drop(proxy);

    let typed = upstream(".s.PGSQL.4");
    let proxy = started(
        irsa_with_keys(&["proxy", "--config", &config, &typed]).env("IRSA_UPSTREAMS", &two),
    );
    assert_eq!(proxy.address("listening"), folder.socket(".s.PGSQL.4"));
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let folder = Folder::new();
    let config = folder.settings("proxy.toml");
    let mut command = irsa_with_keys(&["proxy", "--config", &config]);
    for variable in [
        "IRSA_UPSTREAMS",
        "IRSA_CA_FILE",
        "IRSA_FIPS",
        "IRSA_MAX_CONNECTIONS",
    ] {
        command.env(variable, "");
    }
    let proxy = started(command.env("IRSA_ADMIN_ADDRESS", ""));
    assert_eq!(proxy.address("admin"), folder.socket("file-admin"));
}

#[test]
fn a_settings_error_names_its_source() {
    let folder = Folder::new();
    let path = folder.path().join("proxy.toml");
    fs::write(&path, "region = 'moon'\nlogin-timeout = 'soon'\n").unwrap();
    let path = path.display().to_string();
    let upstream = format!("postgres://{ENDPOINT}");
    let mut command = irsa_with_keys(&["proxy", "--config", &path, &upstream]);
    command
        .args(["--drain-delay", "later"])
        .env("IRSA_LOGIN_TIMEOUT", "never");
    let finished = finish(&mut command);
    let begins: Vec<_> = finished
        .errors()
        .into_iter()
        .map(|error| error.split_once(": ").unwrap().0.to_owned())
        .collect();
    let file = format!("`region` in `{path}`");
    assert_eq!(
        begins,
        [file.as_str(), "IRSA_LOGIN_TIMEOUT", "--drain-delay"]
    );
}

#[test]
fn the_addresses_are_also_printed_as_text() {
    let folder = Folder::new();
    let config = folder.settings("proxy.toml");
    let mut command = irsa_with_keys(&["proxy", "--config", &config, "--output", "text"]);
    let mut proxy = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(proxy.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let lines: Vec<_> = lines.take(3).collect();
    kill_process(Pid::from_child(&proxy), Signal::INT).unwrap();
    assert_eq!(code(proxy.wait().unwrap()), 0);
    let expected = [
        format!("{} -> {ENDPOINT}:5432", folder.socket(".s.PGSQL.1")),
        format!("{} -> /metrics", folder.socket("file-admin")),
        format!("{} -> /status", folder.socket("file-status")),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn missing_built_in_roots_cause_a_warning() {
    let uncovered = "postgres://shop.cluster-abcdefghijkl.il-central-1.rds.amazonaws.com?listen=0";
    let warning = "the RDS root certificates for il-central-1 are not built in";
    let proxy = started(irsa_with_keys(&["proxy", uncovered]).env("IRSA_STATUS_ADDRESS", "off"));
    proxy.logs(warning, 1);
    assert!(proxy.addresses("status").is_empty());
    drop(proxy);

    // No warning for RDS Proxy, which has public certificates, nor for a region whose roots are built in.
    for quiet in [
        "postgres://shop.proxy-abcdefghijkl.il-central-1.rds.amazonaws.com?listen=0",
        "postgres://shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com?listen=0",
    ] {
        let proxy = started(irsa_with_keys(&["proxy", quiet]).env("IRSA_STATUS_ADDRESS", "off"));
        proxy.logs("credentials obtained", 1);
        assert!(!proxy.log().contains("are not built in"), "{}", proxy.log());
    }
}
