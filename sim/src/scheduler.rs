//! Time, and whose turn it is. One thread runs all tasks; which of those that are ready
//! goes on is chance, and the clock stands still until none is. A task belongs to an
//! isolate or to nobody: an isolate that dies takes its tasks with it, wherever they are.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use edgespan::model::Millis;

use crate::chance::Chance;

/// Which isolate a task runs in; nobody's are clients and what the platform does itself.
pub type Home = Option<u64>;

type Work = Pin<Box<dyn Future<Output = ()>>>;

struct Task {
    home: Home,
    /// Absent while it runs.
    work: Option<Work>,
    waker: Waker,
}

/// Puts a task among those that are ready.
struct TaskWaker {
    task: u64,
    ready: Arc<Mutex<Vec<u64>>>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        let mut ready = self.ready.lock().unwrap();
        if !ready.contains(&self.task) {
            ready.push(self.task);
        }
    }
}

/// When a waker is due: the time, and the order in which they were asked for.
type Due = Reverse<(Millis, u64)>;

/// The scheduler of a run.
pub struct Scheduler {
    now: Cell<Millis>,
    chance: Rc<Chance>,
    tasks: RefCell<BTreeMap<u64, Task>>,
    ready: Arc<Mutex<Vec<u64>>>,
    due: RefCell<BinaryHeap<Due>>,
    wakers: RefCell<BTreeMap<u64, Waker>>,
    last: Cell<u64>,
}

impl Scheduler {
    /// A scheduler whose clock begins at this time.
    #[must_use]
    pub fn new(now: Millis, chance: Rc<Chance>) -> Rc<Self> {
        Rc::new(Self {
            now: Cell::new(now),
            chance,
            tasks: RefCell::default(),
            ready: Arc::default(),
            due: RefCell::default(),
            wakers: RefCell::default(),
            last: Cell::new(0),
        })
    }

    /// The true time, which no isolate's clock need agree with.
    pub fn now(&self) -> Millis {
        self.now.get()
    }

    fn next_number(&self) -> u64 {
        self.last.set(self.last.get() + 1);
        self.last.get()
    }

    /// Begins a task; its number.
    pub fn spawn(&self, home: Home, work: impl Future<Output = ()> + 'static) -> u64 {
        let number = self.next_number();
        let waker = Waker::from(Arc::new(TaskWaker { task: number, ready: self.ready.clone() }));
        waker.wake_by_ref();
        let task = Task { home, work: Some(Box::pin(work)), waker };
        self.tasks.borrow_mut().insert(number, task);
        number
    }

    /// Ends a task where it is.
    pub fn cancel(&self, task: u64) {
        let task = self.tasks.borrow_mut().remove(&task);
        drop(task);
    }

    /// Ends all tasks of an isolate where they are.
    pub fn kill(&self, home: u64) {
        let mut tasks = self.tasks.borrow_mut();
        let dead: Vec<u64> =
            tasks.iter().filter(|(_, task)| task.home == Some(home)).map(|(n, _)| *n).collect();
        let dead: Vec<_> = dead.iter().filter_map(|number| tasks.remove(number)).collect();
        // Dropping them runs the service's own code.
        drop(tasks);
        drop(dead);
    }

    /// Ends all tasks.
    pub fn clear(&self) {
        let tasks = self.tasks.take();
        drop(tasks);
    }

    /// Waits for so many milliseconds.
    pub fn sleep(self: &Rc<Self>, millis: Millis) -> Sleep {
        let number = self.next_number();
        Sleep { scheduler: self.clone(), until: self.now() + millis.max(0), number, asked: false }
    }

    /// Runs until this time, or until `done` says so where nothing is ready.
    pub fn run_until(&self, end: Millis, done: &mut dyn FnMut() -> bool) {
        loop {
            self.run_ready();
            if done() {
                return;
            }
            let next = self.due.borrow_mut().pop();
            match next {
                Some(Reverse((at, number))) if at <= end => {
                    self.now.set(self.now.get().max(at));
                    if let Some(waker) = self.wakers.borrow_mut().remove(&number) {
                        waker.wake();
                    }
                }
                next => {
                    self.due.borrow_mut().extend(next);
                    self.now.set(end);
                    return;
                }
            }
        }
    }

    fn run_ready(&self) {
        loop {
            let number = {
                let mut ready = self.ready.lock().unwrap();
                if ready.is_empty() {
                    return;
                }
                let place = self.chance.place(ready.len());
                ready.swap_remove(place)
            };
            let (mut work, waker) = {
                let mut tasks = self.tasks.borrow_mut();
                let Some(task) = tasks.get_mut(&number) else { continue };
                let Some(work) = task.work.take() else { continue };
                (work, task.waker.clone())
            };
            let polled = work.as_mut().poll(&mut Context::from_waker(&waker));
            let mut tasks = self.tasks.borrow_mut();
            // It may have had its own isolate killed.
            match (tasks.get_mut(&number), polled) {
                (Some(task), Poll::Pending) => task.work = Some(work),
                (Some(_), Poll::Ready(())) => drop(tasks.remove(&number)),
                (None, _) => {
                    drop(tasks);
                    drop(work);
                }
            }
        }
    }
}

/// Waiting for a time.
pub struct Sleep {
    scheduler: Rc<Scheduler>,
    until: Millis,
    number: u64,
    asked: bool,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Sleep { until, number, asked, .. } = *self;
        if asked && self.scheduler.now() >= until {
            return Poll::Ready(());
        }
        let mut wakers = self.scheduler.wakers.borrow_mut();
        wakers.insert(number, context.waker().clone());
        drop(wakers);
        if !asked {
            self.scheduler.due.borrow_mut().push(Reverse((until, number)));
            self.asked = true;
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.scheduler.wakers.borrow_mut().remove(&self.number);
    }
}
