//! Bodies made at random from a kept corpus, by a seed: the decoder must never
//! panic and must agree with `serde_json`, and what it accepts must be written
//! and read back. Smaller inputs than bodies are in `small`.
//!
//! Bounded as a test; `FUZZ_SECONDS=600 cargo test --release --test formats fuzz` runs
//! for long, `FUZZ_SEED` begins elsewhere. What was found goes to the corpus.
#![allow(clippy::print_stdout, reason = "how far it came")]
#![allow(
    clippy::disallowed_methods,
    reason = "the clock of the machine that tests, not of the Worker"
)]

mod langfuse;
mod mutate;
mod small;
mod written;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use edgespan::error::Reject;
use edgespan::formats::twosignal;
use mutate::{Random, mutated};

use crate::wire_oracle::check;

fn corpus_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus")
}

/// The kept bodies, in order of name.
fn corpus() -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(corpus_folder()).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs `target` on one random input after the other: so many of them, or for
/// `FUZZ_SECONDS`. An input that makes it panic is kept and named.
fn fuzz(
    name: &str,
    times: u64,
    mut target: impl FnMut(&mut Random) -> Vec<u8>,
    mut run: impl FnMut(&[u8]),
) {
    let mut random = Random(number("FUZZ_SEED").unwrap_or(1));
    let until = number("FUZZ_SECONDS").map(|s| Instant::now() + Duration::from_secs(s));
    let mut done = 0_u64;
    while until.map_or(done < times, |until| !done.is_multiple_of(64) || Instant::now() < until) {
        let input = target(&mut random);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(&input))) {
            let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{done}"));
            std::fs::write(&file, &input).unwrap();
            println!("{name}: input {done} is kept in {}", file.display());
            std::panic::resume_unwind(panic);
        }
        done += 1;
    }
    println!("{name}: {done} inputs");
}

/// What became of a body, without its particulars: two bodies alike in this
/// took much the same way through the decoder.
fn behaviour(body: &[u8]) -> u64 {
    // What was expected says where it was; what was found is the body's own.
    let kind = |text: &str| {
        let text = text.rsplit("): ").next().unwrap_or_default().split(", found").next();
        text.unwrap_or_default().chars().filter(|c| !c.is_ascii_digit()).collect::<String>()
    };
    let mut hasher = DefaultHasher::new();
    let mut fields = 0_u64;
    let decoded = twosignal::decode(body, |event| {
        for (bit, part) in format!("{event:?}").split(": ").take(40).enumerate() {
            fields |= u64::from(part.starts_with("Some")) << bit;
        }
    });
    match decoded {
        Ok(decoded) => {
            (decoded.accepted.min(2), decoded.invalid.min(2), fields).hash(&mut hasher);
            decoded.details.first().map(|detail| kind(&detail.message)).hash(&mut hasher);
        }
        Err(Reject::Validation { message, .. }) => kind(&message).hash(&mut hasher),
        Err(reject) => format!("{reject:?}").hash(&mut hasher),
    }
    hasher.finish()
}

#[test]
fn the_corpus_is_read_as_serde_json_reads_it() {
    let corpus = corpus();
    assert!(corpus.len() >= 20, "the corpus is there");
    for body in &corpus {
        check::check(body);
    }
}

#[test]
fn bodies() {
    let mut pool = corpus();
    let mut met: HashMap<u64, usize> = HashMap::new();
    for (at, body) in pool.iter().enumerate() {
        met.entry(behaviour(body)).or_insert(at);
    }
    let kept = pool.len();
    let shared = std::cell::RefCell::new((pool.split_off(0), met));
    fuzz(
        "bodies",
        30_000,
        |random| {
            let (pool, _) = &*shared.borrow();
            let other = random.of::<Vec<u8>>(pool);
            mutated(random.of::<Vec<u8>>(pool), other, random)
        },
        |body| {
            check::check(body);
            let (pool, met) = &mut *shared.borrow_mut();
            let at = *met.entry(behaviour(body)).or_insert(pool.len());
            if at == pool.len() {
                pool.push(body.to_vec());
            } else if at >= kept && body.len() < pool[at].len() {
                pool[at] = body.to_vec();
            }
        },
    );
    let (pool, _) = shared.into_inner();
    println!("bodies: {} behaviours beyond the corpus", pool.len() - kept);
}
