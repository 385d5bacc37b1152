//! The platform as `http` sees it, natively: the deployment of [`World`], a table with one
//! key, and switches for what may fail.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::rc::Rc;

use edgespan::access::api_keys::{KeyHash, Keys, Principal, Which, hash};
use edgespan::access::rate_limits::Check;
use edgespan::access::scope::Scopes;
use edgespan::batch::{Listed, RawStore};
use edgespan::error::{Fault, Reject};
use edgespan::evaluation::outside::Operator;
use edgespan::http::platform::{Backlog, Isolate, Platform, Services, Witness};
use edgespan::http::serve::{Served, serve};
use edgespan::index::{Database, QueryResults, Statement};
use edgespan::model::{Handling, Millis};
use edgespan::outbound::{Get, Outbound, OutboundReply, Post};
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::evaluations::{EvaluationQueue, EvaluationRequest};
use edgespan::pipeline::queue::{BatchQueue, Message};
use edgespan::telemetry::data_points::Point;
pub use sim::sent::Sent;

use super::{PROJECT, RECEIVED, Waiting, World};

/// The key of [`PROJECT`].
pub const KEY: &str = "ts_of_p1";

/// What a deployment has, and what of it fails.
pub struct Deployment {
    pub world: World,
    pub queue: Waiting,
    pub store_fails: Cell<bool>,
    pub queue_fails: Cell<bool>,
    /// Whether every limit is exceeded.
    pub limited: Cell<bool>,
    pub local: Cell<bool>,
    pub handling: Cell<Handling>,
    /// What the key may do.
    pub scopes: Cell<Scopes>,
    /// Until when batches are refused, and whether they are.
    pub blocked_until: Cell<Option<Millis>>,
    pub blocks: Cell<bool>,
    seed: Cell<u8>,
    /// Data points that were written.
    pub points: RefCell<Vec<Point>>,
    /// Variables and secrets.
    pub settings: RefCell<BTreeMap<String, String>>,
    /// What whoever is asked answers, one question after the other, and what was asked.
    pub answers: RefCell<Vec<OutboundReply>>,
    pub asked: RefCell<Vec<String>>,
    later: RefCell<Vec<Pin<Box<dyn Future<Output = ()>>>>>,
}

/// The platform of a deployment, and what the requests of its isolate share.
#[derive(Clone)]
pub struct Native(pub Rc<Deployment>, pub Rc<Isolate>);

impl Native {
    pub fn new() -> Self {
        let deployment = Deployment {
            world: World::new(),
            queue: Waiting::default(),
            store_fails: Cell::default(),
            queue_fails: Cell::default(),
            limited: Cell::default(),
            local: Cell::default(),
            handling: Cell::default(),
            scopes: Cell::new(Scopes::parse(Scopes::DEFAULT).unwrap()),
            blocked_until: Cell::default(),
            blocks: Cell::default(),
            seed: Cell::default(),
            points: RefCell::default(),
            settings: RefCell::default(),
            answers: RefCell::default(),
            asked: RefCell::default(),
            later: RefCell::default(),
        };
        Self(Rc::new(deployment), Rc::default())
    }

    /// Answers a request.
    pub fn serve(&self, mut sent: Sent) -> Served {
        let formats = self.0.world.formats;
        pollster::block_on(serve(&mut sent, "req-1", self, &self.1, formats))
    }

    /// Does what was left for after the answers.
    pub fn run_later(&self) {
        for work in self.0.later.take() {
            pollster::block_on(work);
        }
    }

    /// Delivers all that waits; how many messages those were.
    pub fn deliver(&self) -> usize {
        let messages = self.0.queue.0.take();
        let count = messages.len();
        let deliveries: Vec<_> =
            messages.into_iter().map(|message| Delivery { message, attempt: 1 }).collect();
        let World { db, store, formats, .. } = &self.0.world;
        let now = || RECEIVED;
        let outcomes = pollster::block_on(consume(&deliveries, &now, *formats, store, db));
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Ack(_))));
        count
    }
}

fn fault(what: &'static str) -> Fault {
    Fault::Unavailable { what, why: "away".into() }
}

impl Database for Native {
    async fn run(&self, statements: Vec<Statement>) -> Result<QueryResults, Fault> {
        self.0.world.db.run(statements).await
    }
}

impl RawStore for Native {
    type Body = Vec<u8>;

    fn body_of(&self, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }

    async fn compress(&self, body: &Vec<u8>) -> Option<(Vec<u8>, usize)> {
        self.0.world.store.compress(body).await
    }

    async fn put(&self, key: &str, body: &Vec<u8>) -> Result<(), Fault> {
        if self.0.store_fails.get() {
            return Err(fault("r2 put"));
        }
        self.0.world.store.put(key, body).await
    }

    async fn get(&self, key: &str, part: Option<Range<u64>>) -> Result<Option<Vec<u8>>, Fault> {
        self.0.world.store.get(key, part).await
    }

    async fn list(&self, after: &str, most: usize) -> Result<Listed, Fault> {
        self.0.world.store.list(after, most).await
    }
}

impl BatchQueue for Native {
    async fn send(&self, message: &Message) -> Result<(), Fault> {
        if self.0.queue_fails.get() {
            return Err(fault("queue send"));
        }
        self.0.queue.send(message).await
    }

    async fn send_all(&self, messages: &[Message]) -> Result<(), Fault> {
        self.0.queue.send_all(messages).await
    }
}

impl EvaluationQueue for Native {
    async fn send(&self, request: &EvaluationRequest, delay_s: u32) -> Result<(), Fault> {
        self.0.world.evaluations.send(request, delay_s).await
    }
}

impl Outbound for Native {
    async fn post(&self, _: Post<'_>) -> Result<OutboundReply, Fault> {
        Err(Fault::Unavailable { what: "outbound request", why: "nobody is there".into() })
    }

    async fn get(&self, get: Get<'_>) -> Result<OutboundReply, Fault> {
        self.0.asked.borrow_mut().push(get.url.into());
        let no_reply = Fault::Unavailable { what: "outbound request", why: "no reply".into() };
        self.0.answers.borrow_mut().pop().ok_or(no_reply)
    }
}

impl Operator for Native {
    fn setting(&self, name: &str) -> Option<String> {
        self.0.settings.borrow().get(name).cloned()
    }

    fn is_local(&self) -> bool {
        self.0.local.get()
    }

    async fn wait(&self, _: u32) {}
}

impl Keys for Native {
    async fn find(&self, which: Which<'_>, _: Millis) -> Result<Option<Principal>, Fault> {
        let key_hash: KeyHash = hash(KEY);
        let known = match which {
            Which::Hash(hash) => *hash == key_hash,
            Which::Id(id) => id == "key-1",
        };
        Ok(known.then(|| Principal {
            key_id: "key-1".into(),
            key_hash,
            project: PROJECT.into(),
            project_name: "shop".into(),
            handling: self.0.handling.get(),
            rate_limit: 100,
            scopes: self.0.scopes.get(),
            blocked_until: self.0.blocked_until.get(),
        }))
    }

    async fn may_guess_on(&self, _: &str) -> bool {
        true
    }
}

impl Services for Native {
    type Db = Self;
    type Store = Self;
    type Queue = Self;
    type Evaluations = Self;
    type Outbound = Self;

    fn db(&self) -> Result<Self, Fault> {
        Ok(self.clone())
    }

    fn store(&self) -> Result<Self, Fault> {
        Ok(self.clone())
    }

    fn queue(&self) -> Result<Self, Fault> {
        Ok(self.clone())
    }

    fn outbound(&self) -> Self {
        self.clone()
    }

    fn evaluations(&self) -> Result<Self, Fault> {
        Ok(self.clone())
    }
}

impl Platform for Native {
    type Witness = Self;

    fn now(&self) -> Millis {
        RECEIVED
    }

    fn operator_secret(&self) -> String {
        "secret".into()
    }

    fn is_bound(&self, name: &str) -> bool {
        name != "METRICS"
    }

    async fn backlog(&self) -> Option<Backlog> {
        let messages = self.0.queue.0.borrow().len() as u64;
        Some(Backlog { messages, oldest: (messages > 0).then_some(RECEIVED) })
    }

    fn refuses_over_quota(&self) -> bool {
        self.0.blocks.get()
    }

    /// Other bytes each time, and the same in each run.
    fn random<const N: usize>(&self) -> Result<[u8; N], Fault> {
        let seed = self.0.seed.get() + 1;
        self.0.seed.set(seed);
        Ok([seed; N])
    }

    fn keys(&self) -> Result<impl Keys, Fault> {
        Ok(self.clone())
    }

    async fn count(&self, check: Option<Check>) -> Result<(), Reject> {
        check.filter(|_| self.0.limited.get()).map_or(Ok(()), |check| Err(check.exceeded()))
    }

    fn run_later(&self, work: impl Future<Output = ()> + 'static) {
        self.0.later.borrow_mut().push(Box::pin(work));
    }

    fn witness(&self) -> Self {
        self.clone()
    }
}

impl Witness for Native {
    fn now(&self) -> Millis {
        RECEIVED
    }

    fn settled(&self, _: &str, outcome: &Outcome) {
        assert!(matches!(outcome, Outcome::Ack(_)), "{outcome:?}");
    }

    fn record(&self, point: Option<Point>) {
        self.0.points.borrow_mut().extend(point);
    }
}
