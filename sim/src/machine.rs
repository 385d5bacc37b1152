//! What the platform does by itself: it delivers messages, runs the sweeper every minute,
//! and now and then takes something away.

use std::rc::Rc;

use edgespan::batch::BatchRef;
use edgespan::model::Millis;
use edgespan::pipeline::deliver::deliver;
use edgespan::pipeline::queue::Message;
use edgespan::pipeline::rollup::{RolledUp, roll_up};
use edgespan::pipeline::sweep::{Swept, sweep};

use crate::faults::PARTS;
use crate::port::Port;
use crate::queue::MessageQueue;
use crate::world::{BEGIN, MINUTE, World};

/// Calls to the platform that a delivery or a sweep may make: Cloudflare's bound on the
/// free plan.
const MAX_CALLS: u32 = 50;

/// Starts both queues and the clock of the sweeper.
pub fn start(world: &Rc<World>) {
    for dead in [false, true] {
        let world = world.clone();
        let here = world.clone();
        here.scheduler.spawn(None, async move {
            loop {
                let queue = if dead { &world.dead } else { &world.batches };
                let wait = queue.next_visible().map_or(1_000, |at| at - world.now());
                let wait = wait.clamp(0, 1_000) + world.chance.number(1..=200);
                world.scheduler.sleep(wait).await;
                deliver_some(&world, queue);
            }
        });
    }
    let world = world.clone();
    let here = world.clone();
    here.scheduler.spawn(None, async move {
        loop {
            let next = (world.now() / MINUTE + 1) * MINUTE;
            world.scheduler.sleep(next - world.now()).await;
            let active = world.faults.are_active();
            if active && world.chance.one_in_thousand(100) {
                world.log.sometimes("the sweeper's turn is left out");
                continue;
            }
            start_sweep(&world, next);
            if active && world.chance.one_in_thousand(100) {
                world.log.sometimes("two sweepers run at once");
                start_sweep(&world, next);
            }
        }
    });
}

/// Has some isolate consume some of the messages.
pub fn deliver_some(world: &Rc<World>, queue: &MessageQueue) {
    let taken = queue.take(world);
    if taken.is_empty() {
        return;
    }
    let (here, isolate, origin) = (world.clone(), world.pick_isolate(), queue.origin);
    if taken.len() > 1 {
        world.log.sometimes("several messages come at once");
    }
    world.scheduler.spawn(Some(isolate.number), async move {
        let port = Port::new(&here, &isolate);
        let deliveries: Vec<_> = taken.iter().map(|taken| taken.delivery.clone()).collect();
        let now = || port.clock();
        let dead = port.to_dead_letters();
        let outcomes =
            deliver(&deliveries, origin, &now, isolate.formats, &port, &port, (&dead, &port)).await;
        let queue = if origin == here.dead.origin { &here.dead } else { &here.batches };
        for (taken, outcome) in taken.iter().zip(&outcomes) {
            here.note(format_args!("{} comes to {outcome:?}", taken.delivery.message.key));
            queue.settle(taken, outcome, &here);
        }
        if port.calls() > MAX_CALLS {
            here.violate(format!("{} calls in a delivery of {}", port.calls(), taken.len()));
        }
    });
}

fn start_sweep(world: &Rc<World>, planned: Millis) {
    let (here, isolate) = (world.clone(), world.pick_isolate());
    world.scheduler.spawn(Some(isolate.number), async move {
        let port = Port::new(&here, &isolate);
        let swept = sweep(planned, &port, &port, &port).await;
        here.note(format_args!("a sweep comes to {swept:?}"));
        if let Ok(Swept { queued: 1.., .. }) = swept {
            here.log.sometimes("the sweeper finds a batch");
        }
        match roll_up(planned, &port).await {
            Ok(RolledUp { damaged, .. }) if !damaged.is_empty() => {
                here.violate(format!("deliveries of {damaged:?} cannot be added up"));
            }
            Ok(RolledUp { deliveries: 1.., .. }) => here.log.sometimes("deliveries are added up"),
            Ok(_) => {}
            Err(fault) => here.note(format_args!("adding up fails: {fault}")),
        }
        if port.calls() > MAX_CALLS {
            here.violate(format!("{} calls in a sweep", port.calls()));
        }
    });
}

/// Has a release to come, which was taken back, leave batches of events that this one does
/// not know: they must end among the dead letters.
pub fn leave_unreadable(world: &Rc<World>, project: &str) {
    for n in 0..world.chance.number(1..=2) {
        world.log.sometimes("a batch cannot be read");
        let body = format!(r#"{{"batch":[{{"type":"later","body":{{"n":{n}}}}}]}}"#).into_bytes();
        let batch = BatchRef::of(project, &body, world.now(), "json");
        world.unreadable.borrow_mut().insert(batch.key());
        world.store.objects.borrow_mut().insert(batch.key(), body);
        world.batches.send(&Message::of(&batch), world);
    }
}

/// Starts what takes parts away, and ends isolates, while faults last.
pub fn start_chaos(world: &Rc<World>, minutes: i64) {
    let world = world.clone();
    let here = world.clone();
    here.scheduler.spawn(None, async move {
        loop {
            world.scheduler.sleep(world.chance.number(1..=minutes * MINUTE / 2)).await;
            if world.now() >= BEGIN + minutes * MINUTE {
                return;
            }
            if world.chance.one_in_thousand(500) {
                let part = *world.chance.pick(&PARTS);
                let until = world.now() + world.chance.number(1..=10) * MINUTE;
                world.note(format_args!("{part:?} is away until {until}"));
                world.log.sometimes("a part is away for minutes");
                world.faults.take_away(part, until);
            } else {
                world.log.sometimes("an isolate dies out of the blue");
                world.kill(world.pick_isolate().number);
            }
        }
    });
}
