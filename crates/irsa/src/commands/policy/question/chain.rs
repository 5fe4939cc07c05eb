//! A request for the whole chain, from policy files, a plan or a world.

use irsa_chain::RoleArn;
use irsa_explain::Document;
use irsa_explain::chain::{self, Access, Credential, Scenario, Step};
use irsa_explain::inventory::{Inventory, PolicySource, Role};
use irsa_policy::{Context, Layer};

use super::super::inventory::Origin;
use super::service_account::Owner;
use super::time::Time;
use super::{add_context, document, documents, service_account};
use crate::cli::{PolicyFileArgs, QuestionArgs};
use crate::settings::Mistakes;

/// Returns whether more than a single request is evaluated.
pub(super) fn is_asked(args: &QuestionArgs) -> bool {
    let (chain, inventory) = (&args.chain, &args.inventory);
    let words = [&chain.role, &chain.connect, &chain.open];
    words.iter().any(|word| word.is_some())
        || inventory.plan.is_some()
        || inventory.world.is_some()
        || args.service_account.pod_identity
}

/// Returns the links to evaluate, or an empty list if there are mistakes.
pub(super) fn steps(args: &QuestionArgs, at: &Time, mistakes: &mut Mistakes) -> Vec<Step> {
    refuse(args, mistakes);
    let mut context = Context::new();
    add_context(&mut context, &args.request.context, mistakes);
    let others = PolicyFileArgs {
        trust: None,
        ..args.policies.clone()
    };
    let (own, documents) = split(documents(&others, mistakes));
    let trust = args.policies.trust.as_deref();
    let trust = trust.and_then(|path| mistakes.collect(document(Layer::Resource, path)));
    let origin = Origin::read(&args.inventory, mistakes);
    let owner = service_account::owner(args, origin.as_ref(), mistakes);
    if owner.is_none() && args.service_account.service_account.is_some() {
        return Vec::new();
    }
    let credential = owner.as_ref().map(Owner::credential);
    let issuer = match credential {
        Some(Credential::Token(token)) => Some(token.issuer),
        _ => None,
    };
    let inventory = match &origin {
        Some(origin) => origin.inventory(issuer),
        None => from_files(args, trust, own),
    };
    let Some(role) = pick(args, origin.as_ref(), &inventory, owner.as_ref(), mistakes) else {
        return Vec::new();
    };
    let scenario = Scenario {
        credential,
        role: &role,
        access: access(args),
        context: &context,
        time: Some((&at.text, at.seconds)),
        is_complete: args.request.context_complete,
        documents: &documents,
    };
    let steps = chain::steps(&inventory, &scenario);
    mistakes.collect(steps).unwrap_or_default()
}

fn refuse(args: &QuestionArgs, mistakes: &mut Mistakes) {
    let has_inventory = args.inventory.plan.is_some() || args.inventory.world.is_some();
    let PolicyFileArgs {
        trust,
        identity,
        resource_policy,
        ..
    } = &args.policies;
    if has_inventory && (trust.is_some() || !identity.is_empty() || resource_policy.is_some()) {
        mistakes.add(
            "--trust, --identity and --resource-policy cannot be used with --plan or --world, which contain these policies",
        );
    }
    if args.request.principal.is_some() {
        mistakes.add("--principal cannot be used here: the caller is a session of --role");
    }
    let token = args.service_account.service_account.is_some();
    if !token && access(args).is_none() {
        mistakes.add("no request given; set --service-account, --connect, --open or --action");
    }
    if token && !has_inventory && trust.is_none() {
        mistakes.add(service_account::NO_TRUST);
    }
}

/// Splits the documents into the identity-based policies of the role and all others.
fn split(documents: Vec<Document>) -> (Vec<Document>, Vec<Document>) {
    documents
        .into_iter()
        .partition(|document| document.layer == Layer::Identity)
}

/// Returns an inventory of a single role, from policy files.
fn from_files(args: &QuestionArgs, trust: Option<Document>, own: Vec<Document>) -> Inventory {
    let name = args.chain.role.as_deref();
    let arn: Option<RoleArn> = name.and_then(|name| name.parse().ok());
    let source = |document: Document| PolicySource::new(&document.file, Some(document.text));
    let role = Role {
        label: name.unwrap_or("the role").to_owned(),
        name: arn.as_ref().map(RoleArn::name).or(name).map(str::to_owned),
        arn,
        trust: trust.into_iter().map(source).collect(),
        permissions: own.into_iter().map(source).collect(),
        ..Role::default()
    };
    Inventory {
        roles: vec![role],
        ..Inventory::default()
    }
}

fn access(args: &QuestionArgs) -> Option<Access<'_>> {
    let action = args.request.action.as_deref();
    if let Some(text) = &args.chain.connect {
        return Some(Access::Connect(text));
    }
    if let Some(domain) = &args.chain.open {
        let action = action.unwrap_or("es:ESHttpGet");
        return Some(Access::Open { domain, action });
    }
    let resource = args.request.resource.as_deref();
    action.map(|action| Access::Call { action, resource })
}

/// Returns the role that is given, or that the service account is meant to assume.
fn pick(
    args: &QuestionArgs,
    origin: Option<&Origin>,
    inventory: &Inventory,
    owner: Option<&Owner>,
    mistakes: &mut Mistakes,
) -> Option<Role> {
    let listed = |roles: &[&Role]| {
        let names: Vec<_> = roles.iter().map(|role| role.label.as_str()).collect();
        names.join("`, `")
    };
    let all: Vec<&Role> = inventory.roles.iter().collect();
    if let Some(name) = &args.chain.role {
        let found = inventory.role(name);
        if found.is_none() {
            mistakes.add(format!(
                "--role: role `{name}` does not exist; known roles: `{}`",
                listed(&all)
            ));
        }
        let mut role = found?.clone();
        role.arn = role.arn.or_else(|| name.parse().ok());
        return Some(role);
    }
    let own = owner.and_then(Owner::role).map(str::to_owned);
    if let Some(role) = own.or_else(|| origin?.role_of(&owner?.account)) {
        let found = inventory.role(&role);
        if found.is_none() {
            mistakes.add(format!(
                "the service account refers to the role `{role}`, which does not exist"
            ));
        }
        return found.cloned();
    }
    let trusting = match owner.map(Owner::credential) {
        Some(Credential::Token(token)) => chain::trusting(inventory, &token),
        _ => Vec::new(),
    };
    match (trusting.as_slice(), all.as_slice()) {
        ([role], _) | ([], [role]) => Some((*role).clone()),
        ([], _) => {
            mistakes.add(format!(
                "--role is missing, and no role trusts the service account; known roles: `{}`",
                listed(&all)
            ));
            None
        }
        (several, _) => {
            mistakes.add(format!(
                "--role is missing; the service account can assume `{}`",
                listed(several)
            ));
            None
        }
    }
}
