//! The events that runs and feedback are. There is no time at which one was made: that of a
//! post is when its run began, that of a patch when it ended.

use super::feedback;
use super::map;
use super::moved;
use super::run::{Operation, Run};
use super::value::Sent;
use crate::formats::field::Problem;
use crate::model::{Body, Event, Micros, Rank};

/// What an item of a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    Run(Operation),
    Feedback,
    /// See [`super::moved`].
    Moved,
}

/// The keys of a batch. The last two are in no batch of a client's: they are what becomes of
/// feedback, which is sent alone, and of runs whose trace is found.
pub(super) const ITEMS: [(&str, Item); 4] = [
    ("post", Item::Run(Operation::Post)),
    ("patch", Item::Run(Operation::Patch)),
    ("feedback", Item::Feedback),
    ("moved", Item::Moved),
];

/// The event that a run is; its place is its caller's.
///
/// # Errors
/// What makes it none that can be kept.
pub(super) fn of_run<'a>(run: &Run<'a>, operation: Operation) -> Result<Event<'a>, Problem> {
    let identity = run.identify()?;
    let (timestamp, rank) = match operation {
        Operation::Post => (identity.start, Rank::Create),
        Operation::Patch => (identity.end, Rank::Update),
    };
    Ok(event(Body::Span(map::span(run, identity, operation)), timestamp, rank))
}

/// The event that an item is which is no run.
///
/// # Errors
/// What makes it none that can be kept.
pub(super) fn of_object(item: Item, sent: Sent<'_>) -> Result<Event<'_>, Problem> {
    if item == Item::Moved {
        return Ok(event(Body::Trace(moved::read(sent)?), None, Rank::Update));
    }
    let (score, timestamp) = feedback::read(sent)?;
    Ok(event(Body::Score(score), timestamp, Rank::Create))
}

fn event(body: Body<'_>, timestamp: Option<Micros>, rank: Rank) -> Event<'_> {
    Event { timestamp, rank, ..Event::new(0..0, body) }
}
