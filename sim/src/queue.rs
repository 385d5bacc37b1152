//! Cloudflare Queues, at its worst: what it was given is delivered late, twice, in any
//! order or never, and what is not acknowledged comes again until it is given up.

use std::cell::{Cell, RefCell};

use edgespan::model::Millis;
use edgespan::pipeline::consume::{Delivery, Outcome};
use edgespan::pipeline::deliver::Origin;
use edgespan::pipeline::queue::Message;

use crate::chance::Chance;
use crate::world::{MINUTE, World};

/// How long a delivery may take before its messages are delivered again: 15 minutes, as
/// long as the platform lets a consumer run.
const LEASE_MS: Millis = 15 * MINUTE;
/// Most messages of a delivery: `max_batch_size` in wrangler.toml.
const MAX_BATCH: i64 = 10;

/// What a queue does to messages that it should not: times in a thousand.
#[derive(Debug, Default, Clone, Copy)]
struct Mischief {
    loses: u64,
    doubles: u64,
    delays: u64,
}

#[derive(Debug)]
struct Queued {
    number: u64,
    message: Message,
    /// Deliveries so far.
    attempts: u32,
    /// When it may be delivered.
    visible: Millis,
}

/// A queue.
#[derive(Debug)]
pub struct MessageQueue {
    /// Which of the two it is.
    pub origin: Origin,
    mischief: Mischief,
    /// `max_retries` in wrangler.toml.
    max_retries: u32,
    messages: RefCell<Vec<Queued>>,
    last: Cell<u64>,
}

/// A message on its way to a consumer.
#[derive(Debug, Clone)]
pub struct Taken {
    /// What the consumer sees.
    pub delivery: Delivery,
    number: u64,
}

impl MessageQueue {
    /// The queue of batches.
    #[must_use]
    pub fn batches(chance: &Chance, faultless: bool) -> Self {
        let rate = || if chance.one_in_thousand(400) { *chance.pick(&[20, 100, 400]) } else { 0 };
        let mischief = if faultless {
            Mischief::default()
        } else {
            Mischief { loses: rate(), doubles: rate(), delays: rate() }
        };
        // Some give up sooner than wrangler.toml has it: within what a run lasts.
        let max_retries = if faultless { 10 } else { *chance.pick(&[10, 10, 10, 1]) };
        Self::new(Origin::Batches, mischief, max_retries)
    }

    /// The queue of dead letters.
    #[must_use]
    pub fn dead_letters() -> Self {
        Self::new(Origin::DeadLetters, Mischief::default(), 100)
    }

    fn new(origin: Origin, mischief: Mischief, max_retries: u32) -> Self {
        let (messages, last) = (RefCell::default(), Cell::new(0));
        Self { origin, mischief, max_retries, messages, last }
    }

    /// Takes a message in.
    pub fn send(&self, message: &Message, world: &World) {
        let Mischief { loses, doubles, delays } = self.mischief;
        let (now, chance, active) = (world.now(), &world.chance, world.faults.are_active());
        if active && chance.one_in_thousand(loses) {
            world.log.sometimes("the queue loses a message");
            return world.note(format_args!("queue loses {}", message.key));
        }
        let copies = if active && chance.one_in_thousand(doubles) { 2 } else { 1 };
        if copies > 1 {
            world.log.sometimes("the queue doubles a message");
        }
        for _ in 0..copies {
            let mut visible = now + chance.number(0..=200);
            if active && chance.one_in_thousand(delays) {
                world.log.sometimes("the queue delays a message");
                visible += chance.number(0..=*chance.pick(&[10, 10, 24 * 60])) * MINUTE;
            }
            self.last.set(self.last.get() + 1);
            let (number, message) = (self.last.get(), message.clone());
            let queued = Queued { number, message, attempts: 0, visible };
            self.messages.borrow_mut().push(queued);
        }
    }

    /// Some of the messages that may be delivered now, in any order. They are not
    /// delivered again while they may be on their way.
    pub fn take(&self, world: &World) -> Vec<Taken> {
        let (now, chance) = (world.now(), &world.chance);
        let mut messages = self.messages.borrow_mut();
        let mut visible: Vec<_> =
            messages.iter_mut().filter(|queued| queued.visible <= now).collect();
        chance.shuffle(&mut visible);
        let most = usize::try_from(chance.number(1..=MAX_BATCH)).unwrap();
        let take = |queued: &mut Queued| {
            queued.attempts += 1;
            queued.visible = now + LEASE_MS;
            let delivery = Delivery { message: queued.message.clone(), attempt: queued.attempts };
            Taken { delivery, number: queued.number }
        };
        visible.into_iter().take(most).map(take).collect()
    }

    /// Does what a consumer says of a message; one that is not to be tried again goes to
    /// the dead letters, or is gone.
    pub fn settle(&self, taken: &Taken, outcome: &Outcome, world: &World) {
        let delay_s = match outcome {
            Outcome::Ack(_) | Outcome::Bury { .. } => {
                return self.messages.borrow_mut().retain(|queued| queued.number != taken.number);
            }
            Outcome::Retry { delay_s, .. } => *delay_s,
        };
        let mut messages = self.messages.borrow_mut();
        let Some(at) = messages.iter().position(|queued| queued.number == taken.number) else {
            return;
        };
        if messages[at].attempts <= self.max_retries {
            messages[at].visible = world.now() + Millis::from(delay_s) * 1_000;
            return;
        }
        let given_up = messages.remove(at);
        drop(messages);
        world.log.sometimes("the queue gives a message up");
        if self.origin == Origin::Batches {
            world.dead.send(&given_up.message, world);
        }
    }

    /// Whether it loses messages.
    #[must_use]
    pub fn is_lossy(&self) -> bool {
        self.mischief.loses > 0
    }

    /// Makes everything deliverable at once.
    pub fn hurry(&self) {
        self.messages.borrow_mut().iter_mut().for_each(|queued| queued.visible = 0);
    }

    /// When the next message may be delivered, unless there is none.
    pub fn next_visible(&self) -> Option<Millis> {
        self.messages.borrow().iter().map(|queued| queued.visible).min()
    }

    /// How many messages are there.
    pub fn length(&self) -> usize {
        self.messages.borrow().len()
    }
}
