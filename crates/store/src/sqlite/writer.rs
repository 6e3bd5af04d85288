//! The one thread that writes. It takes everything that waits and commits it together: one fsync for all.

use std::fmt;
use std::future::Future;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::apply::{self, Applied};
use crate::changeset::Changeset;
use crate::port::{Answer, Conflict, StoreError};
use crate::written::Prepared;

/// Changesets in one transaction at most: bounds how long the first of them waits.
const GROUP_LIMIT: usize = 256;

type Reply = oneshot::Sender<Result<(), StoreError>>;
type Closure = Box<dyn FnMut(&Connection) -> rusqlite::Result<()> + Send>;

enum Change {
    Commit(Box<Prepared>),
    Run(Closure),
}

struct Job {
    change: Change,
    reply: Reply,
}

pub struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

/// Lets the thread finish what waits and close its connection, which moves the log into the database file.
impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    pub fn start(connection: Connection) -> Result<Self, StoreError> {
        let (jobs, waiting) = channel();
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || write_all(&connection, &waiting))
            .map_err(|error| StoreError::Fault(error.to_string()))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    pub fn commit(
        &self,
        changeset: Changeset,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + use<> {
        let sent = Prepared::new(changeset).map(|prepared| self.send(Change::Commit(Box::new(prepared))));
        async move { sent.map_err(|error| StoreError::Fault(error.to_string()))?.await }
    }

    /// Runs a closure in a transaction and gives its value once that is durable.
    pub fn run<T: Send + 'static>(
        &self,
        mut change: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Answer<'static, T> {
        let (value, computed) = std::sync::mpsc::channel();
        let sent = self.send(Change::Run(Box::new(move |connection| {
            let _ = value.send(change(connection)?);
            Ok(())
        })));
        Box::pin(async move {
            sent.await?;
            computed.try_iter().last().ok_or_else(|| StoreError::Fault("the write gave no value".into()))
        })
    }

    fn send(&self, change: Change) -> impl Future<Output = Result<(), StoreError>> + Send + use<> {
        let (reply, answered) = oneshot::channel();
        let sent = self.jobs.as_ref().map(|jobs| jobs.send(Job { change, reply }).is_ok());
        async move {
            let gone = || StoreError::Fault("the writer has stopped".into());
            if sent != Some(true) {
                return Err(gone());
            }
            answered.await.map_err(|_| gone())?
        }
    }
}

fn write_all(connection: &Connection, waiting: &Receiver<Job>) {
    let mut group = Vec::with_capacity(GROUP_LIMIT);
    while let Ok(first) = waiting.recv() {
        group.push(first);
        while group.len() < GROUP_LIMIT {
            let Ok(job) = waiting.try_recv() else { break };
            group.push(job);
        }
        if let Err(error) = commit_together(connection, &mut group) {
            rollback(connection);
            if group.len() == 1 {
                answer_all(&mut group, &error);
            } else {
                tracing::warn!(%error, jobs = group.len(), "a grouped write failed; trying each alone");
                commit_each(connection, &mut group);
            }
        }
    }
}

/// On an error nothing of the group is stored and all of it is still in `group`.
fn commit_together(connection: &Connection, group: &mut Vec<Job>) -> rusqlite::Result<()> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute(())?;
    let mut results = Vec::with_capacity(group.len());
    for job in group.iter_mut() {
        results.push(apply(connection, &mut job.change)?);
    }
    connection.prepare_cached("COMMIT")?.execute(())?;
    for (job, result) in group.drain(..).zip(results) {
        let _ = job.reply.send(result.map_err(StoreError::Conflict));
    }
    Ok(())
}

/// Finds the one that spoils the group: the others are stored.
fn commit_each(connection: &Connection, group: &mut Vec<Job>) {
    for job in group.drain(..) {
        let mut alone = vec![job];
        if let Err(error) = commit_together(connection, &mut alone) {
            rollback(connection);
            answer_all(&mut alone, &error);
        }
    }
}

fn apply(connection: &Connection, change: &mut Change) -> rusqlite::Result<Result<(), Conflict>> {
    match change {
        Change::Run(closure) => closure(connection).map(Ok),
        Change::Commit(prepared) => Ok(match apply::changeset(connection, prepared)? {
            Applied::Yes => Ok(()),
            Applied::Not(conflict) => Err(conflict),
        }),
    }
}

fn rollback(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "rollback failed");
    }
}

fn answer_all(group: &mut Vec<Job>, error: &rusqlite::Error) {
    tracing::error!(%error, "write failed");
    for job in group.drain(..) {
        let _ = job.reply.send(Err(StoreError::Fault(error.to_string())));
    }
}
