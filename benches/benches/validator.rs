//! The validator on a generated project: full runs, and updates by the kind of change.

#![expect(clippy::unwrap_used, reason = "a bench that can't run shall stop")]

use aipipe_benches::project_tree::project_tree;
use aipipe_core::domain::RepoPath;
use aipipe_core::stages::integration_validator::{Change, Validator, ValidatorOptions};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;

const MODULES: usize = 1000;

fn tree() -> Vec<(RepoPath, Arc<str>)> {
    let files = project_tree(MODULES).into_iter();
    files.map(|(path, text)| (RepoPath::parse(path).unwrap(), Arc::from(text))).collect()
}

fn full(criterion: &mut Criterion) {
    let files = tree();
    let mut group = criterion.benchmark_group("validator");
    group.sample_size(10).throughput(Throughput::Elements(files.len() as u64));
    group.bench_function("full", |bench| {
        bench.iter_batched(
            || files.clone(),
            |files| black_box(Validator::new(ValidatorOptions::default(), files).findings()),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn updates(criterion: &mut Criterion) {
    let files = tree();
    let path = RepoPath::parse("src/part25/record500.ts").unwrap();
    let text = files.iter().find(|(file, _)| *file == path).unwrap().1.clone();
    let mut group = criterion.benchmark_group("validator/update");
    for (name, other) in [
        ("body", Change::Put(path.clone(), Arc::from(format!("{text}\nvoid 0;\n")))),
        ("export", Change::Put(path.clone(), Arc::from(format!("{text}\nexport const more = 1;\n")))),
        ("file-gone", Change::Remove(path.clone())),
    ] {
        let mut validator = Validator::new(ValidatorOptions::default(), files.clone());
        let back = Change::Put(path.clone(), text.clone());
        group.bench_function(name, |bench| {
            bench.iter(|| {
                validator.update([other.clone()]);
                validator.update([back.clone()])
            });
        });
    }
    group.finish();
}

criterion_group!(benches, full, updates);
criterion_main!(benches);
