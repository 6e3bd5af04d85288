//! A few operating-system threads for work that takes longer than a request should hold an async worker: RSA, and
//! pictures of QR codes. Bounded: when it is full, callers wait.
//!
//! One thread per core, so that signing can have all of the machine, at a lower priority, so that it only has what
//! nobody else wants: whoever needs half a millisecond of signing can wait half a millisecond for it, whoever needs
//! twenty microseconds of an HMAC should not ([docs/benchmarks.md] has both side by side).

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use parking_lot::Mutex;
use tokio::sync::{Semaphore, oneshot};

/// What is done in the pool, and then how its result is handed over.
type Task = Box<dyn FnOnce() -> Delivery + Send>;
type Delivery = Box<dyn FnOnce() + Send>;

#[derive(Debug, Clone)]
pub struct Pool {
    tasks: SyncSender<Task>,
    room: Arc<Semaphore>,
}

const WAITING_PER_THREAD: usize = 64;
/// Results that are handed over together while more tasks wait: whoever gets one interrupts this core.
const TOGETHER: usize = 4;
/// How much lower the priority is. At 10 a thread gets a tenth of what one of ours gets that wants the same core.
const NICER: i32 = 10;

impl Pool {
    /// With so many threads; 0: one per core.
    pub fn start(threads: usize) -> std::io::Result<Self> {
        let threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            some => some,
        };
        let capacity = threads * WAITING_PER_THREAD;
        let (tasks, waiting) = sync_channel::<Task>(capacity);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..threads {
            let waiting = waiting.clone();
            std::thread::Builder::new().name(format!("pool-{number}")).spawn(move || {
                give_way();
                work_off(&waiting);
            })?;
        }
        Ok(Self { tasks, room: Arc::new(Semaphore::new(capacity)) })
    }

    /// `None` only if the pool has stopped.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        // The task's own: whoever waits may go away, and the task still stands in the queue.
        let place = self.room.clone().acquire_owned().await.ok()?;
        let (reply, answered) = oneshot::channel();
        let task = move || {
            let done = work();
            drop(place);
            Box::new(move || drop(reply.send(done))) as Delivery
        };
        self.tasks.try_send(Box::new(task)).ok()?;
        answered.await.ok()
    }
}

/// Until there can be no more tasks.
fn work_off(waiting: &Mutex<Receiver<Task>>) {
    let mut done: Vec<Delivery> = Vec::with_capacity(TOGETHER);
    loop {
        let next = match done.len() {
            0 => waiting.lock().recv().ok(),
            TOGETHER => None,
            // Where another stands waiting with the lock, there is nothing to be had.
            _ => waiting.try_lock().and_then(|waiting| waiting.try_recv().ok()),
        };
        match next {
            Some(task) => done.push(task()),
            None if done.is_empty() => return,
            None => done.drain(..).for_each(|deliver| deliver()),
        }
    }
}

/// Lowers the priority of this thread; on Linux it is a thread's own, elsewhere that of the whole process.
fn give_way() {
    if cfg!(target_os = "linux")
        && let Err(error) = rustix::process::nice(NICER)
    {
        tracing::debug!(%error, "the pool's threads run at the usual priority");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tasks_run_beside_each_other_and_more_than_there_is_room_for_wait() {
        let pool = Pool::start(2).unwrap();
        let tasks: Vec<_> = (0..500)
            .map(|number| {
                let pool = pool.clone();
                tokio::spawn(async move { pool.run(move || number * 2).await })
            })
            .collect();
        for (number, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.await.unwrap(), Some(number * 2));
        }
    }

    #[tokio::test]
    async fn those_who_go_away_leave_no_place_behind() {
        let pool = Pool::start(1).unwrap();
        let slow = || std::thread::sleep(std::time::Duration::from_millis(2));
        for _ in 0..10 {
            let left = (0..64).map(|_| {
                let pool = pool.clone();
                tokio::spawn(async move { pool.run(slow).await })
            });
            let left: Vec<_> = left.collect();
            tokio::task::yield_now().await;
            left.iter().for_each(tokio::task::JoinHandle::abort);
            assert_eq!(pool.run(|| 7).await, Some(7), "the queue was full of what nobody waits for");
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn only_the_pools_own_threads_give_way() {
        let priority = || rustix::process::getpriority_process(None).unwrap();
        let own = priority();
        let theirs = Pool::start(1).unwrap().run(priority).await.unwrap();
        assert_eq!((theirs, priority()), ((own + NICER).min(19), own));
    }
}
