//! `irsa doctor --file`: the chains of all workloads of a specification.

mod kubectl;
mod readers;
mod sidecar;
mod target;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Instant;

use futures_util::{StreamExt as _, stream};
use irsa_aws::AwsReader;
use irsa_chain::untrusted::quoted;
use irsa_cli::suggest::nearest;
use irsa_cli::{FailureFormat, Progress, runtime};
use irsa_doctor::render::{self, setup_json, setup_junit, setup_text};
use irsa_doctor::{
    Finding, NotChecked, Place, Progress as Step, Report, SetupReport, WorkloadReport, aws, cluster,
};
use irsa_identity::{Clock as _, SystemClock};
use irsa_kube::KubeReader;
use irsa_stack::Stack;
use irsa_stack::stack::{self, Cluster};

use self::kubectl::Kubectl;
use self::readers::{Aws, Kube, aws_if_requested, kube_if_requested};
use self::target::Target;
use super::style;
use crate::cli::{DoctorArgs, ReportOutput, StackArgs};
use crate::commands::specification;
use crate::exit::{self, Failure};
use crate::output;
use crate::settings::{self, Mistakes, SetupDoctorSettings};

/// The number of workloads that are checked at the same time.
const CONCURRENT: usize = 8;

pub(super) fn run(args: DoctorArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let settings = settings::setup_doctor(args, mistakes)?;
    let format = match settings.output {
        ReportOutput::Json => FailureFormat::Json,
        ReportOutput::Text | ReportOutput::Junit => FailureFormat::Text,
    };
    let files = StackArgs {
        files: settings.setup.files.clone(),
        outputs: settings.setup.outputs.clone(),
    };
    let (document, stack) = specification::stack(&files, Mistakes::default(), format)?;
    specification::known(&stack.placeholders)?;
    let names = &settings.setup.workloads;
    let selected = specification::selected("--workload", &stack.workloads, names, |one| &one.key)?;
    let progress = Progress::start();
    let runtime = runtime::control()?;
    let report = runtime.block_on(async {
        let begun = Instant::now();
        let aws = aws_if_requested(&settings, &stack.region);
        let reaches = reaches(&settings, &stack).await?;
        let mut report = SetupReport {
            setup: stack.name.clone(),
            clusters: reaches.iter().map(|one| one.eks.name.clone()).collect(),
            places: settings.places.clone(),
            workloads: Vec::new(),
            not_requested: not_requested(&settings.places),
        };
        for (number, reach) in reaches.iter().enumerate() {
            let runs_there =
                |one: &&stack::Workload, reach: &Reach<'_>| one.clusters.contains(&reach.eks.name);
            // A workload that runs in no cluster that is checked is reported once.
            let is_here = |one: &&&stack::Workload| {
                runs_there(one, reach)
                    || (number == 0 && !reaches.iter().any(|reach| runs_there(one, reach)))
            };
            let targets = selected
                .iter()
                .filter(is_here)
                .map(|one| Target::new(&document, &stack, reach.eks, one))
                .collect::<Result<Vec<_>, Failure>>()?;
            let examination = Examination {
                settings: &settings,
                reach,
                is_only: reaches.len() == 1,
                aws: &aws,
                progress: &progress,
                begun,
            };
            report.workloads.extend(examination.reports(&targets).await);
        }
        Ok::<_, Failure>(report)
    });
    // A DNS lookup or a file read that is still blocked must not delay the exit.
    runtime.shutdown_background();
    progress.finish();
    let report = report?;
    print(&report, &settings)?;
    Ok(exit::exit_code_for(report.overall()))
}

/// An EKS cluster to check, with its client.
struct Reach<'s> {
    eks: &'s Cluster,
    kube: Kube,
    context: Option<String>,
}

/// The EKS clusters to which the contexts lead.
async fn reaches<'s>(
    settings: &SetupDoctorSettings,
    stack: &'s Stack,
) -> Result<Vec<Reach<'s>>, Failure> {
    let contexts = settings.contexts.iter().cloned().map(Some);
    let contexts: Vec<_> = match settings.contexts.as_slice() {
        [] => vec![None],
        _ => contexts.collect(),
    };
    let mut found: Vec<Reach<'s>> = Vec::new();
    for context in contexts {
        let kube = kube_if_requested(settings, context.as_deref()).await;
        let eks = eks_cluster(settings, stack, kube.as_ref()).await?;
        if let Some(other) = found.iter().find(|one| one.eks.name == eks.name) {
            let mut mistakes = Mistakes::default();
            mistakes.add(format!(
                "--context: {} and {} lead to the same EKS cluster, {}",
                quoted(other.context.as_deref().unwrap_or_default()),
                quoted(context.as_deref().unwrap_or_default()),
                quoted(&eks.name)
            ));
            return Err(mistakes.into());
        }
        found.push(Reach { eks, kube, context });
    }
    Ok(found)
}

/// The EKS cluster that the kubeconfig leads to.
async fn eks_cluster<'s>(
    settings: &SetupDoctorSettings,
    stack: &'s Stack,
    kube: Result<&KubeReader, &NotChecked>,
) -> Result<&'s Cluster, Failure> {
    let names = || stack.clusters.iter().map(|one| one.name.as_str());
    let mut mistakes = Mistakes::default();
    if let Some(name) = &settings.setup.eks_cluster {
        let found = stack.cluster(name);
        return found.ok_or_else(|| {
            let hint = nearest(name, names()).map_or_else(String::new, |near| {
                format!("; did you mean {}?", quoted(near))
            });
            mistakes.add(format!("--eks-cluster: there is no {}{hint}", quoted(name)));
            mistakes.into()
        });
    }
    if let ([only], [] | [_]) = (stack.clusters.as_slice(), settings.contexts.as_slice()) {
        return Ok(only);
    }
    let discovery = match kube {
        Ok(kube) => kube.issuer().await.ok(),
        Err(_) => None,
    };
    let mut clusters = stack.clusters.iter();
    let is_it = |one: &&Cluster| {
        let issuer = discovery.as_ref().map(|discovery| &discovery.issuer);
        issuer.is_some_and(|issuer| issuer == one.issuer.as_str())
    };
    clusters.find(is_it).ok_or_else(|| {
        let issuer = discovery.as_ref().map_or_else(
            || "the issuer of the kubeconfig's cluster is unknown".to_owned(),
            |found| format!("none has the issuer {} of the kubeconfig's cluster", quoted(&found.issuer)),
        );
        let names: Vec<_> = names().map(|name| quoted(name).to_string()).collect();
        mistakes.add(format!(
            "the specification has the EKS clusters {}, and {issuer}: select one with --eks-cluster",
            names.join(", ")
        ));
        mistakes.into()
    })
}

fn print(report: &SetupReport, settings: &SetupDoctorSettings) -> Result<(), Failure> {
    match settings.output {
        ReportOutput::Text => {
            let text = setup_text(report, &style(settings.verbose));
            output::colored(&format!("{}\n", text.trim_end()))
        }
        ReportOutput::Json => output::line(setup_json(report).trim_end()),
        ReportOutput::Junit => output::line(setup_junit(report).trim_end()),
    }
}

/// The checks of one EKS cluster.
#[derive(Clone, Copy)]
struct Examination<'a> {
    settings: &'a SetupDoctorSettings,
    reach: &'a Reach<'a>,
    /// It is the only cluster.
    is_only: bool,
    aws: &'a Aws,
    progress: &'a Progress,
    begun: Instant,
}

/// What was found about a workload.
#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
    not_checked: Vec<NotChecked>,
}

// === impl Examination ===

impl Examination<'_> {
    async fn reports(self, targets: &[Target]) -> Vec<WorkloadReport> {
        let reports = stream::iter(targets).map(|target| self.workload_report(target));
        reports.buffered(CONCURRENT).collect().await
    }

    async fn workload_report(self, target: &Target) -> WorkloadReport {
        let found = match &target.elsewhere {
            Some(elsewhere) => Found {
                not_checked: vec![elsewhere.clone()],
                ..Found::default()
            },
            None => self.examine(target).await,
        };
        WorkloadReport {
            workload: target.key.clone(),
            cluster: (!self.is_only && target.elsewhere.is_none())
                .then(|| self.reach.eks.name.clone()),
            specified: target.summary.clone(),
            runs_here: target.elsewhere.is_none(),
            report: Report::new(target.workload.clone(), found.findings),
            not_checked: found.not_checked,
        }
    }

    /// Makes the checks of each place. AWS is checked as the file specifies it, whatever the cluster has.
    async fn examine(self, target: &Target) -> Found {
        let is_wanted = |place| self.settings.places.contains(&place);
        let mut found = Found::default();
        if is_wanted(Place::Pod) {
            found.add(Place::Pod, self.examine_pod(target).await);
        }
        if is_wanted(Place::Cluster) {
            let reader = self.reach.kube.as_ref();
            match reader {
                Ok(reader) => found
                    .findings
                    .extend(self.examine_cluster(target, reader).await),
                Err(why) => found.not_checked.push(why.clone()),
            }
        }
        if is_wanted(Place::Aws) {
            match self.aws {
                Ok(reader) => found
                    .findings
                    .extend(self.examine_aws(target, reader).await),
                Err(why) => found.not_checked.push(why.clone()),
            }
        }
        found
    }

    async fn examine_cluster(self, target: &Target, reader: &KubeReader) -> Vec<Finding> {
        let account = cluster::Target::ServiceAccount(target.service_account.clone());
        let now = SystemClock.now();
        let mut state =
            cluster::Cluster::new(reader.clone(), account, target.workload.clone(), now);
        state.region = Some(target.region.clone());
        state.specified = Some(target.specified.clone());
        let limit = self.left();
        cluster::examine(state, limit, &mut self.tell(target))
            .await
            .0
    }

    async fn examine_aws(self, target: &Target, reader: &AwsReader) -> Vec<Finding> {
        let state = aws::Aws::new(target.workload.clone(), reader.clone());
        let state = state.with_specified(target.specified.clone());
        let limit = self.left();
        aws::examine(state, limit, &mut self.tell(target)).await.0
    }

    /// Runs the doctor in the sidecar of a pod.
    async fn examine_pod(self, target: &Target) -> Result<Vec<Finding>, NotChecked> {
        let kube = self.reach.kube.as_ref().map_err(|why| NotChecked {
            place: Place::Pod,
            ..why.clone()
        })?;
        let sidecar = sidecar::find(kube, target).await?;
        let kubectl = Kubectl::new(self.settings, self.reach.context.as_deref());
        if std::io::stderr().is_terminal() {
            let pod = &sidecar.pod;
            self.progress
                .say(&format!("{}: irsa doctor in {pod}", target.key));
        }
        let received = kubectl.doctor(&sidecar, target, self.left()).await;
        received.map_err(|failure| NotChecked {
            place: Place::Pod,
            why: format!("pod {}: {}", sidecar.pod, failure.why),
            remedy: failure.remedy,
        })
    }

    fn left(self) -> std::time::Duration {
        self.settings.timeout.saturating_sub(self.begun.elapsed())
    }

    /// Reports each check on a terminal; elsewhere the report is enough.
    fn tell(self, target: &Target) -> impl FnMut(Step<'_>) + Send {
        let is_watched = std::io::stderr().is_terminal();
        let (progress, key) = (self.progress.clone(), target.key.clone());
        move |step: Step<'_>| {
            if is_watched && matches!(step, Step::Started(_)) {
                progress.say(&format!("{key}: {}", render::line(&step)));
            }
        }
    }
}

// === impl Found ===

impl Found {
    fn add(&mut self, place: Place, checked: Result<Vec<Finding>, NotChecked>) {
        match checked {
            Ok(findings) => self.findings.extend(findings),
            Err(why) => self.not_checked.push(NotChecked { place, ..why }),
        }
    }
}

/// The places that were not requested, with what is visible from them.
fn not_requested(places: &[Place]) -> Vec<NotChecked> {
    let parts = [
        (
            Place::Pod,
            "the pods' own view: tokens, sessions, logins, and the grants in the data stores",
            "pass `--exec`; `irsa apply sql --dry-run` and `irsa apply opensearch --dry-run` also compare the grants",
        ),
        (
            Place::Cluster,
            "the cluster: service accounts, webhooks and pods",
            "pass `--from cluster,aws`",
        ),
        (
            Place::Aws,
            "AWS: OIDC provider, associations, roles, policies and data stores",
            "pass `--from cluster,aws`",
        ),
    ];
    let missing = parts
        .into_iter()
        .filter(|(place, ..)| !places.contains(place));
    let part = |(place, why, remedy): (Place, &str, &str)| NotChecked {
        place,
        why: why.to_owned(),
        remedy: remedy.to_owned(),
    };
    missing.map(part).collect()
}
