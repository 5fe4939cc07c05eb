//! Statistics of the counts.

/// The statistics of a crate. Lengths are in lines, shares in percent.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Statistics {
    pub(super) files: usize,
    pub(super) lines: usize,
    pub(super) file_median: usize,
    pub(super) file_p90: usize,
    pub(super) file_max: usize,
    pub(super) files_over_500: f64,
    pub(super) fn_median: usize,
    pub(super) fn_p90: usize,
    pub(super) fn_p99: usize,
    pub(super) fn_max: usize,
    pub(super) fns_over_60: f64,
    /// Lines of tests for each production line.
    pub(super) test_ratio: f64,
    /// Lines of doc comments for each line of code.
    pub(super) doc_ratio: f64,
    /// Lines of other comments for each line of code.
    pub(super) comment_ratio: f64,
    /// `.unwrap()` and `.expect(` for each thousand lines of code.
    pub(super) unwraps_per_kloc: f64,
}

/// Returns the interpolated percentile of sorted values; 0 without values.
pub(super) fn percentile(sorted: &[usize], percent: usize) -> usize {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0;
    };
    let (below, rest) = (last * percent / 100, last * percent % 100);
    let at = |index: usize| sorted.get(index.min(last)).copied().unwrap_or(0);
    at(below) + ((at(below + 1) - at(below)) * rest + 50) / 100
}

/// Returns the percentage of values above a limit.
pub(super) fn share_over(values: &[usize], limit: usize) -> f64 {
    100.0
        * ratio(
            values.iter().filter(|value| **value > limit).count(),
            values.len(),
        )
}

/// Returns the quotient; 0 if the divisor is 0.
pub(super) fn ratio(part: usize, whole: usize) -> f64 {
    let exact = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if whole == 0 {
        0.0
    } else {
        exact(part) / exact(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_interpolated() {
        assert_eq!(percentile(&[1, 2, 3, 4, 5], 50), 3);
        assert_eq!(percentile(&[0, 10], 90), 9);
        assert_eq!(percentile(&[7], 99), 7);
        assert_eq!(percentile(&[], 50), 0);
    }

    #[test]
    fn shares_are_percentages() {
        assert!((share_over(&[1, 61, 62, 60], 60) - 50.0).abs() < f64::EPSILON);
        assert!(share_over(&[], 60).abs() < f64::EPSILON);
    }
}
