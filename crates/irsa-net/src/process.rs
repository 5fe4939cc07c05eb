//! What the process as a whole must not do.

use std::io;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Keeps the memory of this process, and so every token and key in it, out of core files and out
/// of the reach of other processes of the same user.
///
/// Sets `RLIMIT_CORE` to 0 for good and clears `PR_SET_DUMPABLE`, which also refuses `ptrace(2)`
/// and `/proc/PID/mem` to anybody without `CAP_SYS_PTRACE`.
///
/// # Caveats
/// `execve(2)` makes a process dumpable again; the core limit is inherited. A debugger can attach
/// as root only, and the files in `/proc/self` belong to root from then on.
///
/// # Errors
/// What the kernel says. What worked before the error stays.
pub fn harden_process() -> io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Does the same for a process that starts a user's command, except that `RLIMIT_CORE` stays as it
/// is: the command inherits the limit, and only root can raise a hard limit again. The kernel
/// writes no core file of a process that is not dumpable, whatever the limit (core(5)), and the
/// command is dumpable again after `execve(2)`.
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
    fn leaves_no_core_file_and_no_debugger() {
        harden_process().unwrap();
        assert_eq!(getrlimit(Resource::Core).maximum, Some(0));
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
