//! The line counts of a crate.

use std::fs;
use std::path::{Path, PathBuf};

use super::source::{self, Kind};
use super::statistics::{Statistics, percentile, ratio, share_over};
use crate::failure::Failure;

/// Directories with tests, or files that serve them.
const TEST_FOLDERS: [&str; 7] = [
    "tests", "test", "benches", "examples", "fuzz", "fixtures", "it",
];

/// The counts of one or several crates.
#[derive(Debug, Default)]
pub(super) struct Measure {
    file_lengths: Vec<usize>,
    fn_lengths: Vec<usize>,
    test_lines: usize,
    doc_lines: usize,
    comment_lines: usize,
    code_lines: usize,
    unwraps: usize,
}

impl Measure {
    /// Counts every Rust file in a directory.
    pub(super) fn for_folder(folder: &Path) -> Result<Self, Failure> {
        let mut measure = Self::default();
        for file in rust_files(folder)? {
            let text = fs::read_to_string(&file).map_err(Failure::file(&file))?;
            let inside = file.strip_prefix(folder).unwrap_or(&file);
            measure.count(&text, is_test(inside));
        }
        Ok(measure)
    }

    pub(super) fn add(&mut self, other: Self) {
        self.file_lengths.extend(other.file_lengths);
        self.fn_lengths.extend(other.fn_lengths);
        self.test_lines += other.test_lines;
        self.doc_lines += other.doc_lines;
        self.comment_lines += other.comment_lines;
        self.code_lines += other.code_lines;
        self.unwraps += other.unwraps;
    }

    pub(super) fn statistics(&self) -> Statistics {
        let (files, fns) = (sorted(&self.file_lengths), sorted(&self.fn_lengths));
        let lines = files.iter().sum();
        Statistics {
            files: files.len(),
            lines,
            file_median: percentile(&files, 50),
            file_p90: percentile(&files, 90),
            file_max: percentile(&files, 100),
            files_over_500: share_over(&files, 500),
            fn_median: percentile(&fns, 50),
            fn_p90: percentile(&fns, 90),
            fn_p99: percentile(&fns, 99),
            fn_max: percentile(&fns, 100),
            fns_over_60: share_over(&fns, 60),
            test_ratio: ratio(self.test_lines, lines),
            doc_ratio: ratio(self.doc_lines, self.code_lines),
            comment_ratio: ratio(self.comment_lines, self.code_lines),
            unwraps_per_kloc: 1000.0 * ratio(self.unwraps, self.code_lines),
        }
    }

    fn count(&mut self, text: &str, is_test: bool) {
        let lines: Vec<&str> = text.lines().collect();
        if source::is_generated(&lines) {
            return;
        }
        if is_test {
            self.test_lines += lines.len();
            return;
        }
        let production = source::without_tests(&lines);
        self.test_lines += lines.len() - production.len();
        self.file_lengths.push(production.len());
        self.fn_lengths.extend(source::fn_lengths(&production));
        for line in production {
            match source::kind(line) {
                Kind::Blank => {}
                Kind::Doc => self.doc_lines += 1,
                Kind::Comment => self.comment_lines += 1,
                Kind::Code => {
                    self.code_lines += 1;
                    self.unwraps += source::unwraps(line);
                }
            }
        }
    }
}

fn sorted(values: &[usize]) -> Vec<usize> {
    let mut values = values.to_vec();
    values.sort_unstable();
    values
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)
            .map_err(Failure::file(&folder))?
            .flatten()
        {
            let path = entry.path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    Ok(files)
}

fn is_test(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let folders = file.parent().into_iter().flat_map(Path::components);
    let in_test_folder = folders
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .any(|part| {
            TEST_FOLDERS.contains(&part.as_str())
                || part.ends_with("-test")
                || part.ends_with("-tests")
        });
    in_test_folder
        || matches!(name.as_ref(), "tests.rs" | "test.rs")
        || name.starts_with("test_")
        || name.ends_with("_test.rs")
        || name.ends_with("_tests.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_recognized_by_directory_and_name() {
        for file in [
            "tests/it/main.rs",
            "src/frame/tests.rs",
            "src/it/a.rs",
            "benches/a.rs",
        ] {
            assert!(is_test(Path::new(file)), "{file}");
        }
        assert!(!is_test(Path::new("src/attestation.rs")));
    }

    #[test]
    fn counts_production_and_tests_separately() {
        let mut measure = Measure::default();
        let text = "//! Doc.\n\nfn a() {\n    // Why.\n    b().unwrap();\n}\n\n#[cfg(test)]\nmod tests {\n    fn c() {}\n}\n";
        measure.count(text, false);
        measure.count("fn d() {}\n", true);
        let statistics = measure.statistics();
        assert_eq!(
            (statistics.lines, statistics.fn_median, measure.test_lines),
            (7, 4, 5)
        );
        assert_eq!(
            (measure.doc_lines, measure.comment_lines, measure.unwraps),
            (1, 1, 1)
        );
    }
}
