//! The simulator itself: one seed is one world, and it can fail. `npm run sim` runs it at
//! length, built for speed; here it only has to be right.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;

use sim::faults::{CALL_FAULTS, CallFault};
use sim::run::{run, run_script};

#[test]
fn a_seed_is_one_world_and_another_seed_another() {
    let worlds: Vec<_> = [7, 7, 8].map(|seed| run(seed, true)).into();
    assert_eq!(worlds[0], worlds[1]);
    assert_ne!(worlds[0].digest, worlds[2].digest);
    assert!(worlds.iter().all(|world| world.calls > 50 && world.lines.len() > 100));
}

#[test]
fn a_log_that_nobody_reads_changes_nothing() {
    let digest = |keep_log| run(9, keep_log).digest;
    assert_eq!(digest(true), digest(false));
}

#[test]
fn one_batch_survives_one_fault_at_every_await() {
    let calls = run_script(&BTreeMap::new(), false).calls;
    assert!(calls > 10, "{calls}");
    for call in 0..calls {
        for fault in CALL_FAULTS {
            let ran = run_script(&BTreeMap::from([(call, fault)]), false);
            assert_eq!(ran.wrong, [""; 0], "{fault:?} at call {call}");
        }
    }
}

#[test]
fn what_is_never_stored_is_not_acknowledged() {
    // Both tries of every attempt.
    let script: BTreeMap<u64, CallFault> = (0..200).map(|call| (call, CallFault::Before)).collect();
    let ran = run_script(&script, false);
    assert_eq!((ran.acknowledged, ran.wrong.len()), (0, 0), "{:?}", ran.wrong);
}
