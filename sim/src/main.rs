//! The simulator's command line: `npm run sim -- --help` says what there is.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "it talks to whoever runs it, and the clock is the machine's"
)]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sim::faults::{CALL_FAULTS, CallFault};
use sim::run::{Ran, run, run_script};
use sim::sometimes;

const HELP: &str =
    "npm run sim -- [--seeds N] [--from SEED]   so many seeds, from one on (1,000 from 1)
npm run sim -- --seed SEED                 one seed, with the log of all that happens
npm run sim -- --minutes N                 seeds nobody has seen, for so long
npm run sim -- --exhaustive                one batch, a fault at every await
A seed is a number, decimal or as 0x…";

/// Every so many seeds one is run twice.
const TWICE: u64 = 50;

/// A search: which seeds, for how long, and what it came to so far.
struct Hunt {
    from: u64,
    seeds: u64,
    until: Option<Instant>,
    next: AtomicU64,
    /// Whether enough was wrong.
    stopped: AtomicBool,
    totals: Mutex<Totals>,
}

#[derive(Default)]
struct Totals {
    runs: u64,
    acknowledged: usize,
    traces: usize,
    calls: u64,
    sometimes: BTreeMap<&'static str, u64>,
    failed: Vec<Ran>,
}

/// What the command line asks for.
#[derive(Default)]
struct Asked {
    seeds: Option<u64>,
    from: Option<u64>,
    seed: Option<u64>,
    minutes: Option<u64>,
    exhaustive: bool,
    help: bool,
}

impl Asked {
    /// What is wrong with it is told in a sentence.
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut asked = Self::default();
        while let Some(name) = args.next() {
            let number = match name.as_str() {
                "--seeds" => &mut asked.seeds,
                "--from" => &mut asked.from,
                "--seed" => &mut asked.seed,
                "--minutes" => &mut asked.minutes,
                "--exhaustive" => {
                    asked.exhaustive = true;
                    continue;
                }
                "--help" => {
                    asked.help = true;
                    continue;
                }
                other => return Err(format!("there is no {other}")),
            };
            let text = args.next().unwrap_or_default();
            let parsed = match text.strip_prefix("0x") {
                Some(hex) => u64::from_str_radix(hex, 16),
                None => text.parse(),
            };
            *number = Some(parsed.map_err(|_| format!("{name}: not a number: {text}"))?);
        }
        Ok(asked)
    }
}

fn main() -> ExitCode {
    let Asked { seeds, from, seed, minutes, exhaustive, help } =
        match Asked::parse(std::env::args().skip(1)) {
            Ok(asked) => asked,
            Err(wrong) => {
                println!("{wrong}\n\n{HELP}");
                return ExitCode::FAILURE;
            }
        };
    if help {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    // What goes wrong in a run is told with its seed.
    std::panic::set_hook(Box::new(|_| {}));
    if let Some(seed) = seed {
        return show(&run(seed, true));
    }
    if exhaustive {
        return try_everything();
    }
    let fresh = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |d| d.as_secs() << 20);
    hunt(Hunt {
        from: from.unwrap_or_else(|| if minutes.is_some() { fresh() } else { 1 }),
        seeds: seeds.unwrap_or(if minutes.is_some() { u64::MAX } else { 1_000 }),
        until: minutes.map(|minutes| Instant::now() + Duration::from_secs(60 * minutes)),
        next: AtomicU64::new(0),
        stopped: AtomicBool::new(false),
        totals: Mutex::default(),
    })
}

/// Everything that happened in a run.
fn show(ran: &Ran) -> ExitCode {
    ran.lines.iter().for_each(|line| println!("{line}"));
    println!(
        "seed {:#x}: {} acknowledged, {} calls, digest {:016x}",
        ran.seed, ran.acknowledged, ran.calls, ran.digest
    );
    ran.wrong.iter().for_each(|wrong| println!("WRONG: {wrong}"));
    if ran.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn hunt(hunt: Hunt) -> ExitCode {
    let began = Instant::now();
    let threads = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| hunt.work())).collect();
        hunt.tell(began, || workers.iter().all(thread::ScopedJoinHandle::is_finished));
    });
    let Totals { runs, acknowledged, traces, calls, sometimes, failed } =
        hunt.totals.into_inner().unwrap();
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{runs} seeds from {:#x} in {seconds:.0} s: {acknowledged} batches acknowledged, {traces} traces compared, {calls} calls to the platform",
        hunt.from
    );
    for ran in &failed {
        println!("WRONG at seed {:#x}: {}", ran.seed, ran.wrong.join("; "));
        println!("  npm run sim -- --seed {:#x}", ran.seed);
    }
    let missing = if runs >= sometimes::WITHIN { sometimes::missing(&sometimes) } else { vec![] };
    for what in &missing {
        println!("WRONG: in {runs} seeds it never happened that {what}");
    }
    if failed.is_empty() && missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Hunt {
    fn work(&self) {
        loop {
            let place = self.next.fetch_add(1, Ordering::Relaxed);
            let over = self.until.is_some_and(|until| Instant::now() >= until);
            if place >= self.seeds || over || self.stopped.load(Ordering::Relaxed) {
                return;
            }
            let seed = self.from.wrapping_add(place);
            let mut ran = run(seed, false);
            if place.is_multiple_of(TWICE) && run(seed, false).digest != ran.digest {
                ran.wrong.push("run twice, it is not the same".into());
            }
            let mut totals = self.totals.lock().unwrap();
            totals.runs += 1;
            totals.acknowledged += ran.acknowledged;
            totals.traces += ran.traces;
            totals.calls += ran.calls;
            for (what, count) in std::mem::take(&mut ran.sometimes) {
                *totals.sometimes.entry(what).or_default() += count;
            }
            if !ran.wrong.is_empty() {
                totals.failed.push(ran);
                // A few are enough to go by.
                self.stopped.fetch_or(totals.failed.len() >= 5, Ordering::Relaxed);
            }
        }
    }

    /// Says now and then how far it is.
    fn tell(&self, began: Instant, is_over: impl Fn() -> bool) {
        let mut told = 0;
        while !is_over() {
            thread::sleep(Duration::from_millis(50));
            let totals = self.totals.lock().unwrap();
            let seconds = began.elapsed().as_secs();
            if seconds / 15 > told {
                told = seconds / 15;
                let rate = totals.runs / seconds.max(1);
                println!("… {} seeds, {rate} a second, {} wrong", totals.runs, totals.failed.len());
            }
        }
    }
}

/// One batch, and every fault at every await; then every two of them.
fn try_everything() -> ExitCode {
    let calls = run_script(&BTreeMap::new(), false).calls;
    let points: Vec<(u64, CallFault)> =
        (0..calls).flat_map(|call| CALL_FAULTS.map(|fault| (call, fault))).collect();
    let mut scripts: Vec<BTreeMap<u64, CallFault>> =
        points.iter().map(|point| BTreeMap::from([*point])).collect();
    for (at, first) in points.iter().enumerate() {
        let later = points[at + 1..].iter().filter(|second| second.0 > first.0);
        scripts.extend(later.map(|second| BTreeMap::from([*first, *second])));
    }
    let next = AtomicU64::new(0);
    let wrong = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(script) =
                    scripts.get(usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap())
                {
                    let ran = run_script(script, false);
                    if !ran.wrong.is_empty() && wrong.fetch_add(1, Ordering::Relaxed) < 5 {
                        println!("WRONG with {script:?}: {}", ran.wrong.join("; "));
                    }
                }
            });
        }
    });
    let (count, wrong) = (scripts.len(), wrong.into_inner());
    println!("{calls} calls, {count} worlds with one fault or two, {wrong} of them wrong");
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
