//! Every call of an evaluation may fail before or after it did anything, the whole may be cut
//! off anywhere, and its message comes again: what is left in the end is what one run without
//! any fault leaves.

use std::cell::RefCell;
use std::rc::Rc;

use edgespan::batch::{BatchRef, RawStore};
use edgespan::evaluation::outside::Outside;
use edgespan::evaluation::run::{Ports, evaluate};
use edgespan::memory_budget::MemoryBudget;
use edgespan::payload::Source;
use edgespan::pipeline::consume::{Delivery, Outcome};
use edgespan::pipeline::deliver::{Origin, deliver};
use edgespan::pipeline::evaluations::EvaluationRequest;
use edgespan::pipeline::queue::Message;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::flaky::{CallFault, FaultPlan, Flaky, run_for};
use crate::common::{PROJECT, RECEIVED, Waiting, World, body};
use crate::shop::{Shop, reply, span, trace};

/// Steps after which nothing is cut off any more.
const WHOLE: usize = 10_000;

fn shop() -> Shop {
    let shop = Shop::new();
    shop.contains("polite", "please");
    shop.evaluator("each", "LENGTH", json!({ "max": 5 }), json!({ "target": "span" }));
    let hook = json!({ "url": "https://judge.example/" });
    shop.evaluator("hook", "WEBHOOK", hook, json!({}));
    shop.elsewhere.settings.replace(vec![("EVALUATOR_HOSTS", "judge.example")]);
    shop.elsewhere.replies.replace(vec![reply(200, r#"{"score":0.5}"#)]);
    shop
}

fn events() -> Vec<Value> {
    let call = json!({ "parentSpanId": "root", "output": "no" });
    vec![
        trace("t", json!({ "evaluators": ["polite", "each", "hook", "nobody"] })),
        span("t", "root", "AGENT", json!({ "output": "yes, please" })),
        span("t", "call", "LLM", call),
        span("u", "root", "LLM", json!({ "output": "please" })),
    ]
}

/// What is left: scores, what became of evaluators, and what was counted. Times to the second:
/// where a payload could not be read at first, what is said once it can be is a moment later.
fn end(shop: &Shop) -> Vec<String> {
    let world: &World = &shop.world;
    [
        "select id || trace || coalesce(span, '') || name || value || (at_us / 1000000) || source from score",
        "select trace || evaluator || span || name || status || coalesce(message, '') || failures from evaluation",
        "select 'runs ' || sum(eval_runs) from stat",
    ]
    .iter()
    .flat_map(|sql| {
        let mut rows = world.db.texts(sql);
        rows.sort();
        rows
    })
    .collect()
}

/// Delivers a message once, with these faults of the index; whether it is done.
fn try_index(shop: &Shop, request: &EvaluationRequest, plan: FaultPlan) -> bool {
    let World { db, store, formats, evaluations, budget } = &shop.world;
    let plan = RefCell::new(plan);
    let now = shop.now.get();
    let source = Source { store, formats: *formats, budget, now };
    let caller = Outside { outbound: &shop.elsewhere, operator: &shop.elsewhere };
    let ports = Ports { db: &Flaky::new(db, &plan), source, queue: evaluations, caller: &caller };
    pollster::block_on(evaluate(request, &|| now, &ports)).is_ok()
}

/// Delivers a message once, with these faults, for so many steps; whether it is done.
fn try_once(shop: &Shop, request: &EvaluationRequest, plan: FaultPlan, steps: usize) -> bool {
    let World { db, store, formats, evaluations, .. } = &shop.world;
    let plan = RefCell::new(plan);
    let (db, store) = (Flaky::new(db, &plan), Flaky::new(store, &plan));
    let queue = Flaky::new(evaluations, &plan);
    // What was cut off gives its memory back as the isolate goes.
    let budget = Rc::new(MemoryBudget::for_reads());
    let now = shop.now.get();
    let source = Source { store: &store, formats: *formats, budget: &budget, now };
    let caller = Outside { outbound: &shop.elsewhere, operator: &shop.elsewhere };
    let ports = Ports { db: &db, source, queue: &queue, caller: &caller };
    let clock = || now;
    run_for(steps, evaluate(request, &clock, &ports)).is_some_and(|done| done.is_ok())
}

#[test]
fn what_was_judged_before_a_fault_is_kept_and_paid_for_once() {
    for calls_before in 0..7 {
        let shop = shop();
        shop.send(&events());
        let (request, delay_s) = shop.world.evaluations.0.take()[0].clone();
        shop.now.set(RECEIVED + i64::from(delay_s) * 1_000);
        let mut plan = vec![CallFault::None; calls_before];
        plan.insert(0, CallFault::Before);
        assert!(!try_index(&shop, &request, plan));
        // Each call that was made is kept, whichever call of the index fails after it.
        let paid = shop.elsewhere.sent.borrow().len();
        let kept = shop.world.db.texts("select id from score where name = 'hook'").len();
        assert_eq!((paid, kept), (calls_before.saturating_sub(1) / 3, paid));
        shop.deliver(&request).unwrap();
        assert_eq!(shop.elsewhere.sent.borrow().len(), 2);
    }
}

fn plans() -> impl Strategy<Value = Vec<(FaultPlan, usize)>> {
    let fault = prop_oneof![
        6 => Just(CallFault::None),
        1 => Just(CallFault::Before),
        1 => Just(CallFault::After),
    ];
    let plan = proptest::collection::vec(fault, 0..24);
    let steps = prop_oneof![2 => 0..60_usize, 1 => Just(WHOLE)];
    proptest::collection::vec((plan, steps), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn faults_leave_what_one_run_without_any_leaves(plans in plans()) {
        let whole = shop();
        whole.send(&events());
        whole.evaluate();

        let shop = shop();
        shop.send(&events());
        let (request, delay_s) = shop.world.evaluations.0.borrow()[0].clone();
        shop.now.set(RECEIVED + i64::from(delay_s) * 1_000);
        for (plan, steps) in plans {
            if try_once(&shop, &request, plan, steps) {
                break;
            }
        }
        // It comes again in any case, and so does what was sent meanwhile.
        shop.evaluate();
        prop_assert!(try_once(&shop, &request, Vec::new(), WHOLE));
        shop.evaluate();
        let calls = shop.elsewhere.sent.borrow().len();
        prop_assert!((2..=6).contains(&calls), "{calls} calls for two scores");
        let (mut left, mut expected) = (end(&shop), end(&whole));
        // A call that was cut off three times is one that is made no more: all else is there.
        if left.iter().any(|line| line.contains("as often as it may be")) {
            for lines in [&mut left, &mut expected] {
                lines.retain(|line| !line.contains("hook") && !line.starts_with("runs "));
            }
        }
        prop_assert_eq!(left, expected);
    }

    #[test]
    fn no_trace_is_written_without_word_of_it(plan in plans()) {
        let shop = shop();
        let events: Vec<String> = events().iter().map(Value::to_string).collect();
        let text = body(&events);
        let batch = BatchRef::of(PROJECT, text.as_bytes(), RECEIVED, "json");
        let World { db, store, formats, evaluations, .. } = &shop.world;
        pollster::block_on(store.put(&batch.key(), &text.into_bytes())).unwrap();
        let dead = Waiting::default();
        let mut attempt = 0;
        let mut once = |faults: FaultPlan, steps: usize| {
            attempt += 1;
            let deliveries = [Delivery { message: Message::of(&batch), attempt }];
            let faults = RefCell::new(faults);
            let (store, db) = (Flaky::new(store, &faults), Flaky::new(db, &faults));
            let queue = Flaky::new(evaluations, &faults);
            let now = || RECEIVED;
            let done = deliver(&deliveries, Origin::Batches, &now, *formats, &store, &db, (&dead, &queue));
            let outcomes = run_for(steps, done).unwrap_or_default();
            outcomes.iter().any(|outcome| matches!(outcome, Outcome::Ack(_)))
        };
        let mut acknowledged = plan.into_iter().any(|(faults, steps)| once(faults, steps));
        if !acknowledged {
            acknowledged = once(Vec::new(), WHOLE);
        }
        prop_assert!(acknowledged);
        shop.evaluate();
        prop_assert_eq!(shop.scores("t").len(), 3);
        prop_assert_eq!(shop.scores("u").len(), 3);
    }
}
