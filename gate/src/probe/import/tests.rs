//! Files that the tools themselves wrote, and files that they would never write.
//!
//! The samples were printed by Criterion 0.8, hyperfine 1.15, Go 1.19, Google Benchmark 1.7 and
//! pytest-benchmark 5.2, of benchmarks made for this purpose.

use super::*;

/// Where the samples are.
fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/samples")
        .join(name)
}

/// The readings of a sample, one a line.
fn readings_of(format: ImportFormat, quantity: &str, name: &str) -> Vec<String> {
    let readings = import(format, quantity, &sample(name)).unwrap_or_else(|e| panic!("{e}"));
    readings
        .iter()
        .map(|r| {
            format!(
                "{} {} {}",
                r.case.as_deref().unwrap_or("-"),
                r.value,
                r.unit
            )
        })
        .collect()
}

#[test]
fn every_tool_is_read() {
    insta::assert_debug_snapshot!([
        readings_of(ImportFormat::Criterion, "median", "criterion"),
        readings_of(ImportFormat::Criterion, "slope", "criterion"),
        readings_of(ImportFormat::Hyperfine, "median", "hyperfine.json"),
        readings_of(ImportFormat::Hyperfine, "user", "hyperfine.json"),
        readings_of(ImportFormat::Go, "ns/op", "go.txt"),
        readings_of(
            ImportFormat::GoogleBenchmark,
            "real_time",
            "google-benchmark.json"
        ),
        readings_of(
            ImportFormat::GoogleBenchmark,
            "cpu_time",
            "google-benchmark.json"
        ),
        readings_of(
            ImportFormat::PytestBenchmark,
            "median",
            "pytest-benchmark.json"
        ),
        readings_of(
            ImportFormat::PytestBenchmark,
            "min",
            "pytest-benchmark.json"
        ),
    ]);
}

/// Every quantity that the table of formats names is in the sample of its tool.
#[test]
fn every_quantity_is_there() {
    for (format, name) in [
        (ImportFormat::Criterion, "criterion"),
        (ImportFormat::Hyperfine, "hyperfine.json"),
        (ImportFormat::GoogleBenchmark, "google-benchmark.json"),
        (ImportFormat::PytestBenchmark, "pytest-benchmark.json"),
    ] {
        for quantity in format.quantities() {
            assert!(!readings_of(format, quantity, name).is_empty());
        }
    }
}

fn refused(format: ImportFormat, quantity: &str, text: &str) -> String {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, text).unwrap();
    import(format, quantity, &file).unwrap_err().to_string()
}

#[test]
fn what_failed_is_not_read() {
    let failed = fs::read_to_string(sample("google-benchmark-failed.json")).unwrap();
    let error = refused(ImportFormat::GoogleBenchmark, "real_time", &failed);
    assert!(error.contains("\"BM_Fail\" failed: no file"), "{error}");
    let hyperfine = fs::read_to_string(sample("hyperfine.json")).unwrap();
    let failed = hyperfine.replacen(
        "\"exit_codes\": [\n        0",
        "\"exit_codes\": [\n        3",
        1,
    );
    assert_ne!(failed, hyperfine);
    let error = refused(ImportFormat::Hyperfine, "median", &failed);
    assert!(error.contains("ended with exit status 3"), "{error}");
    let go = fs::read_to_string(sample("go.txt")).unwrap();
    let error = refused(ImportFormat::Go, "ns/op", &go.replace("PASS", "FAIL"));
    assert!(error.contains("it says \"FAIL\""), "{error}");
}

#[test]
fn what_no_tool_writes_is_refused() {
    for format in ImportFormat::ALL {
        if format != ImportFormat::Criterion {
            let quantity = format.quantities()[0];
            for text in ["", "{}", "[]", "{\"results\": [], \"benchmarks\": []}"] {
                let error = refused(format, quantity, text);
                assert!(error.contains(format.tool()), "{error}");
            }
        }
    }
    let hyperfine = fs::read_to_string(sample("hyperfine.json")).unwrap();
    for (value, why) in [("-1.0", "has the value -1"), ("1e999", "out of range")] {
        let mut text = hyperfine.clone();
        let at = text.find("\"median\": ").unwrap() + "\"median\": ".len();
        let end = at + text[at..].find(',').unwrap();
        text.replace_range(at..end, value);
        let error = refused(ImportFormat::Hyperfine, "median", &text);
        assert!(error.contains(why), "{error}");
    }
    for (line, why) in [
        ("BenchmarkX-2 100 NaN ns/op", "has the value NaN"),
        ("BenchmarkX-2 100 12 ns/op 7", "is no line of a benchmark"),
        ("BenchmarkX-2 many 12 ns/op", "is no line of a benchmark"),
        ("BenchmarkX-2 100 12 MB/s", "has no \"ns/op\""),
        (
            "BenchmarkA#-2 1 2 ns/op\nBenchmarkA!-2 1 2 ns/op",
            "cannot be told apart",
        ),
    ] {
        let error = refused(ImportFormat::Go, "ns/op", line);
        assert!(error.contains(why), "{line}: {error}");
    }
    let folder = tempfile::TempDir::new().unwrap();
    let none = folder.path().join("criterion");
    let error = import(ImportFormat::Criterion, "median", &none).unwrap_err();
    assert!(matches!(error, ImportError::Read { .. }));
    fs::create_dir_all(&none).unwrap();
    let error = import(ImportFormat::Criterion, "median", &none).unwrap_err();
    assert!(error.to_string().contains("it has no benchmark"), "{error}");
}

#[test]
fn the_median_of_repetitions_counts() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("file");
    let lines = ["9", "1", "4"].map(|ns| format!("BenchmarkX-8 1 {ns} ns/op\n"));
    fs::write(&file, lines.concat()).unwrap();
    let readings = import(ImportFormat::Go, "ns/op", &file).unwrap();
    assert_eq!(readings.len(), 1);
    assert_eq!(readings[0].case.as_deref(), Some("X"));
    assert_eq!(readings[0].value.to_bits(), 4.0_f64.to_bits());
}
