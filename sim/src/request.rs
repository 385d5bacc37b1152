//! A request, from a client to an isolate and back. On the way the isolate may die, and
//! the answer may be lost: then the client knows nothing.

use std::rc::Rc;

use edgespan::error::Error;
use edgespan::http::platform::{RequestBody, RequestHead};
use edgespan::http::serve::serve;
use edgespan::memory_budget::MemoryShare;
use edgespan::model::Millis;
use futures_channel::oneshot;
use futures_util::future::{Either, select};

use crate::port::Port;
use crate::world::World;

/// How long a client waits for an answer: 30 s, as the SDKs do.
const PATIENCE_MS: Millis = 30_000;
/// Calls to the platform that a request may make.
const MAX_CALLS: u32 = 20;

/// A request.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Its method.
    pub method: &'static str,
    /// Its path, and query.
    pub path: String,
    /// The key, or the operator's secret.
    pub bearer: String,
    /// What the body is, if there is one.
    pub content_type: Option<&'static str>,
    /// Its body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
}

impl RequestHead for Request {
    fn method(&self) -> String {
        self.method.into()
    }

    fn url(&self) -> String {
        format!("https://edgespan.test{}", self.path)
    }

    fn header(&self, name: &str) -> Option<String> {
        match name {
            "authorization" => Some(format!("Bearer {}", self.bearer)),
            "content-type" => self.content_type.map(Into::into),
            "content-length" if !self.body.is_empty() => Some(self.body.len().to_string()),
            _ => None,
        }
    }
}

/// Bytes that the platform holds.
pub struct Held(Vec<u8>);

impl AsRef<Vec<u8>> for Held {
    fn as_ref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl RequestBody for Request {
    type Held = Held;

    async fn read(
        &mut self,
        _: Option<usize>,
        most: usize,
        _: Option<&mut MemoryShare>,
    ) -> Result<Option<Held>, Error> {
        Ok(Some(Held(self.body.clone())).filter(|held| held.0.len() <= most))
    }

    fn length(held: &Held) -> usize {
        held.0.len()
    }

    fn copy(held: &Held) -> Vec<u8> {
        held.0.clone()
    }

    fn hold(bytes: &[u8]) -> Held {
        Held(bytes.to_vec())
    }
}

/// Sends a request to any isolate; `None` where no answer comes.
pub async fn send(world: &Rc<World>, mut request: Request) -> Option<Answer> {
    let (answer, answered) = oneshot::channel();
    let (here, isolate) = (world.clone(), world.pick_isolate());
    let loses = world.faults.are_active() && world.chance.one_in_thousand(20);
    let home = Some(isolate.number);
    let task = world.scheduler.spawn(home, async move {
        let port = Port::new(&here, &isolate);
        let served = serve(&mut request, "req", &port, &isolate.shared, isolate.formats).await;
        let (status, path) = (served.reply.status, &request.path);
        here.note(format_args!(
            "isolate {}: {status} to {} {path}",
            isolate.number, request.method
        ));
        if port.calls() > MAX_CALLS {
            here.violate(format!("{} calls for {path}", port.calls()));
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
