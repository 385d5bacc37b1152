//! What a request needs of the platform: ports, which `edge` puts the platform behind and
//! tests put fakes.

use std::cell::RefCell;
use std::rc::Rc;

use super::newest_release::ReleaseCache;
use crate::access::api_keys::{KeyCache, Keys};
use crate::access::rate_limits::Check;
use crate::api::RoutingCache;
use crate::batch::RawStore;
use crate::error::{Error, Fault, Reject};
use crate::evaluation::outside::Operator;
use crate::index::Database;
use crate::memory_budget::{MemoryBudget, MemoryShare};
use crate::model::Millis;
use crate::outbound::Outbound;
use crate::pipeline::consume::Outcome;
use crate::pipeline::evaluations::EvaluationQueue;
use crate::pipeline::queue::BatchQueue;
use crate::telemetry::data_points::Point;
use crate::telemetry::rejection_counts::RejectionCounts;

/// What a request says before its body.
pub trait RequestHead {
    /// The method, in capital letters.
    fn method(&self) -> String;
    /// The URL.
    fn url(&self) -> String;
    /// A header, if the request has it and it is text.
    fn header(&self, name: &str) -> Option<String>;
}

/// The body of a request, which the platform holds: its memory gives back what it no
/// longer holds.
#[allow(async_fn_in_trait, reason = "one thread, and only this crate implements it")]
pub trait RequestBody {
    /// Bytes that the platform holds.
    type Held;

    /// Reads it: all at once where its length is known, else as it comes, counted in the
    /// share before it is held. `None` for one of more bytes than `most`.
    ///
    /// # Errors
    /// 400 when it breaks off; a fault where the share cannot grow.
    async fn read(
        &mut self,
        length: Option<usize>,
        most: usize,
        share: Option<&mut MemoryShare>,
    ) -> Result<Option<Self::Held>, Error>;

    /// How many bytes are held.
    fn length(held: &Self::Held) -> usize;

    /// A copy of the bytes.
    fn copy(held: &Self::Held) -> Vec<u8>;

    /// Has the platform hold these bytes.
    fn hold(bytes: &[u8]) -> Self::Held;
}

/// The services of a deployment, and its settings.
#[allow(async_fn_in_trait, reason = "one thread, and only this crate implements it")]
pub trait Services {
    /// The database.
    type Db: Database + 'static;
    /// The store of raw batches.
    type Store: RawStore + 'static;
    /// The queue.
    type Queue: BatchQueue;
    /// The queue of evaluations.
    type Evaluations: EvaluationQueue + 'static;
    /// Who sends requests to servers elsewhere.
    type Outbound: Outbound;

    /// The database.
    ///
    /// # Errors
    /// A fault where it is not bound.
    fn db(&self) -> Result<Self::Db, Fault>;

    /// The store of raw batches.
    ///
    /// # Errors
    /// As [`Services::db`].
    fn store(&self) -> Result<Self::Store, Fault>;

    /// The queue.
    ///
    /// # Errors
    /// As [`Services::db`].
    fn queue(&self) -> Result<Self::Queue, Fault>;

    /// The queue of evaluations.
    ///
    /// # Errors
    /// As [`Services::db`].
    fn evaluations(&self) -> Result<Self::Evaluations, Fault>;

    /// Who sends requests to servers elsewhere.
    fn outbound(&self) -> Self::Outbound;
}

/// What waits on a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Messages.
    pub messages: u64,
    /// When the oldest of them was sent.
    pub oldest: Option<Millis>,
}

/// What is asked of the platform besides.
#[allow(async_fn_in_trait, reason = "one thread, and only this crate implements it")]
pub trait Platform: Services + Operator {
    /// What is told of what happened.
    type Witness: Witness + 'static;

    /// The clock.
    fn now(&self) -> Millis;
    /// The operator's secret; empty where none is set.
    fn operator_secret(&self) -> String;
    /// Whether something is bound under this name.
    fn is_bound(&self, name: &str) -> bool;
    /// What waits on the queue of batches, where the platform says.
    async fn backlog(&self) -> Option<Backlog>;
    /// Whether the operator has batches refused of projects that are over their limit.
    fn refuses_over_quota(&self) -> bool;
    /// Random bytes that nobody can guess.
    ///
    /// # Errors
    /// A fault where the platform has none.
    fn random<const N: usize>(&self) -> Result<[u8; N], Fault>;
    /// The table of keys.
    ///
    /// # Errors
    /// As those of [`Services`].
    fn keys(&self) -> Result<impl Keys, Fault>;
    /// Counts one against a limit.
    ///
    /// # Errors
    /// The 429, when that is one too many.
    async fn count(&self, check: Option<Check>) -> Result<(), Reject>;
    /// Has something done after the answer.
    fn run_later(&self, work: impl Future<Output = ()> + 'static);
    /// What is told of what happened.
    fn witness(&self) -> Self::Witness;
}

/// Is told of what happened, for logs and metrics.
pub trait Witness {
    /// The clock, for what is done after the answer.
    fn now(&self) -> Millis;
    /// A message was settled that never was on the queue.
    fn settled(&self, key: &str, outcome: &Outcome);
    /// Data points, if there are any.
    fn record(&self, point: Option<Point>);
}

/// What the requests of an isolate share: plain data, lost with it.
#[derive(Debug)]
pub struct Isolate {
    /// The keys that it has seen lately.
    pub keys: KeyCache,
    /// What the uploads under way hold.
    pub uploads: Rc<MemoryBudget>,
    /// What bodies come to that are being compressed.
    pub compressed: Rc<MemoryBudget>,
    /// What the answers under way hold.
    pub reads: Rc<MemoryBudget>,
    /// The routing configurations that it has read lately.
    pub routing: RoutingCache,
    /// What was answered about the newest release.
    pub newest_release: ReleaseCache,
    /// Rejected requests that are yet to be counted in the database.
    pub rejections: RefCell<RejectionCounts>,
}

impl Default for Isolate {
    fn default() -> Self {
        Self {
            keys: KeyCache::default(),
            uploads: Rc::new(MemoryBudget::for_uploads()),
            compressed: Rc::new(MemoryBudget::for_compression()),
            reads: Rc::new(MemoryBudget::for_reads()),
            routing: RoutingCache::default(),
            newest_release: ReleaseCache::default(),
            rejections: RefCell::default(),
        }
    }
}
