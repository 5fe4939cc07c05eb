//! Process hardening against memory disclosure.

use std::io;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Protects the memory of this process, with all tokens and keys in it, from core dumps and from other processes of the
/// same user.
///
/// Sets `RLIMIT_CORE` to 0 permanently and clears `PR_SET_DUMPABLE`, which also denies `ptrace(2)` and `/proc/PID/mem`
/// to processes without `CAP_SYS_PTRACE`.
///
/// # Caveats
/// `execve(2)` makes a process dumpable again; the core limit is inherited. Afterwards only root can attach a debugger,
/// and the files in `/proc/self` belong to root.
///
/// # Errors
/// The error of `setrlimit(2)` or `prctl(2)`. A change made before the error stays in effect.
pub fn harden_process() -> io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Does the same for a process that starts a user's command, but leaves `RLIMIT_CORE` unchanged: the command inherits
/// the limit, and only root can raise a hard limit again. The kernel writes no core dump of a process that is not
/// dumpable, regardless of the limit (core(5)), and the command is dumpable again after `execve(2)`.
///
/// # Errors
/// The error of `prctl(2)`.
pub fn harden_parent_process() -> io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use rustix::process::{dumpable_behavior, getrlimit};

    use super::*;

    #[test]
    fn prevents_core_dumps_and_debuggers() {
        harden_process().unwrap();
        assert_eq!(getrlimit(Resource::Core).maximum, Some(0));
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
