//! A few operating-system threads for work that takes longer than a request should hold an async worker:
//! pictures of QR codes now, RSA with the rooms that need it. Bounded: when it is full, callers wait.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use parking_lot::Mutex;
use tokio::sync::{Semaphore, oneshot};

type Task = Box<dyn FnOnce() + Send>;

#[derive(Debug, Clone)]
pub struct Pool {
    tasks: SyncSender<Task>,
    room: Arc<Semaphore>,
}

const WAITING_PER_THREAD: usize = 64;

impl Pool {
    pub fn start(threads: usize) -> std::io::Result<Self> {
        let capacity = threads * WAITING_PER_THREAD;
        let (tasks, waiting) = sync_channel::<Task>(capacity);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..threads {
            let waiting = waiting.clone();
            std::thread::Builder::new().name(format!("pool-{number}")).spawn(move || {
                loop {
                    let task = waiting.lock().recv();
                    let Ok(task) = task else { break };
                    task();
                }
            })?;
        }
        Ok(Self { tasks, room: Arc::new(Semaphore::new(capacity)) })
    }

    /// `None` only if the pool has stopped.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let _place = self.room.acquire().await.ok()?;
        let (reply, answered) = oneshot::channel();
        self.tasks.try_send(Box::new(move || drop(reply.send(work())))).ok()?;
        answered.await.ok()
    }
}
