//! Ports with faults: a call fails before it did anything or after it did it all,
//! and whoever waits for it may never be woken again.

use std::cell::RefCell;
use std::future::Future;
use std::ops::Range;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use edgespan::batch::{Listed, RawStore};
use edgespan::error::Fault;
use edgespan::index::{Database, QueryResults, Statement};
use edgespan::pipeline::evaluations::{EvaluationQueue, EvaluationRequest};
use edgespan::pipeline::queue::{BatchQueue, Message};

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallFault {
    None,
    Before,
    After,
}

/// What goes wrong with the calls to come: the next is the last of these.
pub type FaultPlan = Vec<CallFault>;

/// A port with faults: each call takes the next of the plan.
pub struct Flaky<'a, T> {
    pub port: &'a T,
    pub plan: &'a RefCell<FaultPlan>,
}

impl<'a, T> Flaky<'a, T> {
    pub fn new(port: &'a T, plan: &'a RefCell<FaultPlan>) -> Self {
        Self { port, plan }
    }

    async fn call<R>(&self, call: impl Future<Output = Result<R, Fault>>) -> Result<R, Fault> {
        let fault = || Fault::Unavailable { what: "flaky", why: "as planned".into() };
        let planned = self.plan.borrow_mut().pop().unwrap_or(CallFault::None);
        // Twice a place to be cut off at: before anything is done, and after.
        Yield(false).await;
        if planned == CallFault::Before {
            return Err(fault());
        }
        let result = call.await;
        Yield(false).await;
        if planned == CallFault::After { Err(fault()) } else { result }
    }
}

impl<T: RawStore> RawStore for Flaky<'_, T> {
    type Body = T::Body;

    fn body_of(&self, bytes: &[u8]) -> T::Body {
        self.port.body_of(bytes)
    }

    async fn compress(&self, body: &T::Body) -> Option<(T::Body, usize)> {
        self.port.compress(body).await
    }

    async fn put(&self, key: &str, body: &T::Body) -> Result<(), Fault> {
        self.call(self.port.put(key, body)).await
    }

    async fn get(&self, key: &str, part: Option<Range<u64>>) -> Result<Option<Vec<u8>>, Fault> {
        self.call(self.port.get(key, part)).await
    }

    async fn list(&self, after: &str, most: usize) -> Result<Listed, Fault> {
        self.call(self.port.list(after, most)).await
    }
}

impl<T: BatchQueue> BatchQueue for Flaky<'_, T> {
    async fn send(&self, message: &Message) -> Result<(), Fault> {
        self.call(self.port.send(message)).await
    }

    async fn send_all(&self, messages: &[Message]) -> Result<(), Fault> {
        self.call(self.port.send_all(messages)).await
    }
}

impl<T: EvaluationQueue> EvaluationQueue for Flaky<'_, T> {
    async fn send(&self, request: &EvaluationRequest, delay_s: u32) -> Result<(), Fault> {
        self.call(self.port.send(request, delay_s)).await
    }
}

impl<T: Database> Database for Flaky<'_, T> {
    async fn run(&self, statements: Vec<Statement>) -> Result<QueryResults, Fault> {
        self.call(self.port.run(statements)).await
    }
}

struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let ready = std::mem::replace(&mut self.0, true);
        context.waker().wake_by_ref();
        if ready { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Runs a future for so many steps and then drops it where it is, as a killed
/// process would; `None` when it was cut off.
pub fn run_for<T>(steps: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..steps {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
    }
    None
}
