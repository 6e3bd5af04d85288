//! Grouped writes: whoever is free takes everything that waits and commits it together.
//!
//! A group is one transaction of two steps, each sent in one go: what may be in the way, then everything else and the
//! COMMIT. If something is in the way of some, the transaction is given up, they are told, and the others go again.

use std::collections::{HashSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_postgres::Row;

use super::effects::effects;
use super::group::{self, Found, Statement};
use super::pool::{Shared, Tries, uncertain};
use super::session::{Remedy, Session, Trouble, Value, in_a_row};
use super::sql;
use crate::changeset::Changeset;
use crate::port::{Conflict, StoreError};
use crate::rows::Columns;
use crate::written::Prepared;

/// Changesets in one transaction at most: bounds how long the first of them waits.
const GROUP_LIMIT: usize = 256;

struct Job {
    prepared: Prepared,
    reply: oneshot::Sender<Result<(), StoreError>>,
}

/// Where changesets wait. It ends with its last sender; what was taken is finished.
pub struct Writers {
    jobs: mpsc::UnboundedSender<Job>,
}

/// What several writers take from.
struct Waiting {
    jobs: mpsc::UnboundedReceiver<Job>,
    /// Taken, but in the way of each other.
    kept: VecDeque<Job>,
}

impl Writers {
    /// Each with a connection of its own.
    pub fn start(connections: Vec<Shared>) -> Self {
        let (jobs, waiting) = mpsc::unbounded_channel();
        let waiting = Arc::new(Mutex::new(Waiting { jobs: waiting, kept: VecDeque::new() }));
        for connection in connections {
            let waiting = waiting.clone();
            tokio::spawn(async move {
                loop {
                    let Some(group) = waiting.lock().await.take().await else { return };
                    write(&connection, group).await;
                }
            });
        }
        Self { jobs }
    }

    pub fn commit(
        &self,
        changeset: Changeset,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + use<> {
        let (reply, answered) = oneshot::channel();
        let sent = Prepared::new(changeset).map(|prepared| self.jobs.send(Job { prepared, reply }).is_ok());
        async move {
            let gone = || StoreError::Fault("the writer has stopped".into());
            match sent {
                Err(error) => Err(StoreError::Fault(error.to_string())),
                Ok(false) => Err(gone()),
                Ok(true) => answered.await.map_err(|_| gone())?,
            }
        }
    }
}

impl Waiting {
    /// A group in which nobody touches what another does; those who would wait, in their turn. `None` at the end.
    async fn take(&mut self) -> Option<Vec<Job>> {
        if self.kept.is_empty() {
            let first = self.jobs.recv().await?;
            self.kept.push_back(first);
        }
        while self.kept.len() < GROUP_LIMIT {
            let Ok(job) = self.jobs.try_recv() else { break };
            self.kept.push_back(job);
        }
        let (mut touched, mut group, mut later) = (HashSet::new(), Vec::new(), VecDeque::new());
        for job in self.kept.drain(..) {
            let keys = group::keys(&job.prepared);
            let is_free = keys.iter().all(|key| !touched.contains(key));
            touched.extend(keys);
            if is_free { group.push(job) } else { later.push_back(job) }
        }
        self.kept = later;
        Some(group)
    }
}

/// Each of the group is answered, whatever comes.
async fn write(connection: &Shared, group: Vec<Job>) {
    let Err((group, trouble)) = write_together(connection, group).await else { return };
    if group.len() == 1 {
        return fail(group, trouble);
    }
    tracing::warn!(error = %trouble, jobs = group.len(), "a grouped write failed; trying each alone");
    for job in group {
        if let Err((alone, trouble)) = write_together(connection, vec![job]).await {
            fail(alone, trouble);
        }
    }
}

fn fail(group: Vec<Job>, trouble: Trouble) {
    tracing::error!(error = %trouble, "write failed");
    let error = StoreError::from(trouble);
    for job in group {
        let _ = job.reply.send(Err(error.clone()));
    }
}

/// Goes on until all are stored or told what is in their way. On a trouble nothing of those that come back is stored.
async fn write_together(connection: &Shared, mut group: Vec<Job>) -> Result<(), (Vec<Job>, Trouble)> {
    let mut tries = Tries::new();
    while !group.is_empty() {
        match attempt(connection, &group).await {
            Ok(conflicts) if conflicts.is_empty() => {
                group.drain(..).for_each(|job| drop(job.reply.send(Ok(()))));
            }
            Ok(conflicts) => {
                for (place, conflict) in conflicts.into_iter().rev() {
                    let job = group.remove(place);
                    let _ = job.reply.send(Err(StoreError::Conflict(conflict)));
                }
            }
            Err(Trouble::Store(unknown)) => {
                // Perhaps stored, so never sent again.
                fail(group, Trouble::Store(unknown));
                return Ok(());
            }
            Err(trouble) => {
                if let Err(trouble) = tries.after(trouble).await {
                    return Err((group, trouble));
                }
            }
        }
    }
    Ok(())
}

/// Stores all, or says what is in the way of whom and stores nothing.
async fn attempt(connection: &Shared, group: &[Job]) -> Result<Vec<(usize, Conflict)>, Trouble> {
    let session = connection.session().await?;
    let done = transaction(&session, group).await;
    if let Err(trouble) = &done {
        let is_usable = !matches!(trouble, Trouble::Store(_)) && trouble.remedy() != Remedy::Elsewhere;
        if !is_usable || session.plainly("ROLLBACK").await.is_err() {
            connection.leave(&session).await;
        }
    }
    done
}

async fn transaction(session: &Session, group: &[Job]) -> Result<Vec<(usize, Conflict)>, Trouble> {
    let guards = group::guards(group.iter().map(|job| &job.prepared));
    let answers = send(session, "BEGIN", &guards, None).await?;
    let found = read(&guards, &answers)?;
    let in_the_way = |(place, job): (usize, &Job)| Some((place, group::conflict(&job.prepared, &found)?));
    let conflicts: Vec<_> = group.iter().enumerate().filter_map(in_the_way).collect();
    if !conflicts.is_empty() {
        session.plainly("ROLLBACK").await?;
        return Ok(conflicts);
    }
    let effects = effects(group.iter().map(|job| &job.prepared));
    send(session, "", &effects, Some("COMMIT")).await?;
    Ok(conflicts)
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Vec<Row>, Trouble>> + Send + 'a>>;

/// Sends them one behind the other and reads their answers.
async fn send(
    session: &Session,
    first: &'static str,
    statements: &[Statement],
    last: Option<&'static str>,
) -> Result<Vec<Vec<Row>>, Trouble> {
    let mut prepared = Vec::with_capacity(statements.len());
    for statement in statements {
        prepared.push(session.prepared(statement.sql).await?);
    }
    let plainly = |sql: &'static str| -> Answer<'_> {
        Box::pin(async move { session.plainly(sql).await.map(|()| Vec::new()) })
    };
    let mut asked: Vec<Answer<'_>> = Vec::with_capacity(statements.len() + 2);
    if !first.is_empty() {
        asked.push(plainly(first));
    }
    for (statement, prepared) in statements.iter().zip(&prepared) {
        asked.push(Box::pin(async move {
            let merchant = i64::from(statement.merchant.0);
            let mut values: Vec<Value<'_>> = vec![&merchant];
            values.extend(statement.columns.iter().map(|column| &**column as Value<'_>));
            session.patiently(async { Ok(session.client().query(prepared, &values).await?) }).await
        }));
    }
    asked.extend(last.map(plainly));
    let mut answers = in_a_row(asked).await;
    let end = last.and_then(|_| answers.pop());
    let skipped = usize::from(!first.is_empty());
    // The first that failed is the reason; those behind it only say that the transaction has failed.
    let written = answers.into_iter().collect::<Result<Vec<_>, _>>();
    match end {
        // A statement before the COMMIT that failed with its connection leaves the COMMIT unknown.
        Some(Err(trouble)) if trouble.remedy() == Remedy::Elsewhere => Err(uncertain(trouble)),
        Some(Err(trouble)) => Err(written.err().unwrap_or(trouble)),
        // Where a statement failed PostgreSQL answers COMMIT with a ROLLBACK, and no error.
        Some(Ok(_)) | None => Ok(written?.into_iter().skip(skipped).collect()),
    }
}

fn read(guards: &[Statement], answers: &[Vec<Row>]) -> Result<Found, Trouble> {
    let mut found = Found::default();
    for (statement, rows) in guards.iter().zip(answers) {
        let merchant = statement.merchant;
        for row in rows {
            let row: &dyn Columns = row;
            match statement.sql {
                sql::PUT_CLAIMS => {
                    found.claims.insert((merchant, row.bytes(0)?));
                }
                sql::HOLD_BATCHES => {
                    found.batches.insert((merchant, row.string(0)?, row.long(1)?));
                }
                sql::INSERT_ORDERS | sql::UPDATE_ORDERS => {
                    found.orders.insert((merchant, row.long(0)?));
                }
                sql::TAKE_REFERENCES | sql::PASS_REFERENCES => {
                    found.references.insert((merchant, row.string(0)?, row.string(1)?));
                }
                sql::FINISH_WORK | sql::MOVE_WORK => {
                    found.work.insert((merchant, row.long(0)?, row.string(1)?, row.long(2)?));
                }
                _ => {}
            }
        }
    }
    Ok(found)
}

/// Takes work over, as far as nobody was faster. One transaction.
pub async fn lease(session: &Session, statements: &[Statement]) -> Result<Found, Trouble> {
    let answers = send(session, "", statements, None).await?;
    read(statements, &answers)
}
