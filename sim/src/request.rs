//! A request, from a client to an isolate and back. On the way the isolate may die, and
//! the answer may be lost: then the client knows nothing.

use std::rc::Rc;

use edgespan::http::serve::serve;
use edgespan::model::Millis;
use futures_channel::oneshot;
use futures_util::future::{Either, select};

use crate::port::Port;
use crate::sent::Sent;
use crate::world::World;

/// How long a client waits for an answer: 30 s, as the SDKs do.
const PATIENCE_MS: Millis = 30_000;
/// Calls to the platform that a request may make.
const MAX_CALLS: u32 = 40;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
}

/// Sends a request to any isolate; `None` where no answer comes.
pub async fn send(world: &Rc<World>, mut request: Sent) -> Option<Answer> {
    let (answer, answered) = oneshot::channel();
    let (here, isolate) = (world.clone(), world.pick_isolate());
    let loses = world.faults.are_active() && world.chance.one_in_thousand(20);
    let home = Some(isolate.number);
    let task = world.scheduler.spawn(home, async move {
        let port = Port::new(&here, &isolate);
        request.at = port.clock();
        let served = serve(&mut request, "req", &port, &isolate.shared, isolate.formats).await;
        let (status, url) = (served.reply.status, &request.url);
        here.note(format_args!("isolate {}: {status} to {} {url}", isolate.number, request.method));
        if port.calls() > MAX_CALLS {
            here.violate(format!("{} calls for {url}", port.calls()));
        }
        if loses {
            here.log.sometimes("an answer is lost");
            return;
        }
        // Nobody may be waiting any more.
        let _ = answer.send(Answer { status, body: served.reply.body });
    });
    let patience = world.scheduler.sleep(PATIENCE_MS);
    match select(answered, patience).await {
        Either::Left((answer, _)) => answer.ok(),
        Either::Right(_) => {
            world.log.sometimes("a client gives up waiting");
            // What the client does not wait for, the platform may end.
            if world.chance.one_in_thousand(500) {
                world.scheduler.cancel(task);
            }
            None
        }
    }
}
