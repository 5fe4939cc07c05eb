//! AWS's clock and the pod's are an hour apart.

use crate::pod::Pod;
use crate::stage::alone;

#[test]
fn a_clock_an_hour_behind_aws_is_named() {
    let stage = alone();
    stage.breaks(|plan| plan.clock_skew_seconds = 3600);
    let finished = Pod::new(&stage).irsa(&["whoami"]);
    finished.check_broken("signature");
    assert!(finished.stderr.contains("date -u"), "{}", finished.stderr);
}

#[test]
fn a_clock_an_hour_before_aws_is_named() {
    let stage = alone();
    stage.breaks(|plan| plan.clock_skew_seconds = -3600);
    let finished = Pod::new(&stage).irsa(&["whoami", "--credentials-timeout", "300ms"]);
    assert_eq!(finished.code, 3, "{}", finished.stderr);
    assert!(finished.stderr.contains("clock"), "{}", finished.stderr);
}
