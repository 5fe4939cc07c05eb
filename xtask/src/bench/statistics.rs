//! Summaries of samples.

/// Returns the median, or 0 without values.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or(0.0);
    match sorted.len() {
        0 => 0.0,
        count if count % 2 == 1 => at(count / 2),
        count => f64::midpoint(at(count / 2 - 1), at(count / 2)),
    }
}

/// Returns the median of the rounds' ratios. Other load on the machine varies, but affects both values of a round.
pub(super) fn median_ratio(own: &[f64], theirs: &[f64]) -> f64 {
    let ratios = own.iter().zip(theirs).map(|(own, theirs)| own / theirs);
    median(&ratios.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_ignore_outliers() {
        assert!((median(&[3.0, 100.0, 1.0]) - 3.0).abs() < f64::EPSILON);
        assert!((median(&[1.0, 2.0, 4.0, 90.0]) - 3.0).abs() < f64::EPSILON);
        assert!(median(&[]).abs() < f64::EPSILON);
    }

    #[test]
    fn a_round_that_is_slow_for_both_does_not_change_the_ratio() {
        let (own, theirs) = ([1.0, 10.0, 3.0], [2.0, 20.0, 3.0]);
        assert!((median_ratio(&own, &theirs) - 0.5).abs() < f64::EPSILON);
    }
}
