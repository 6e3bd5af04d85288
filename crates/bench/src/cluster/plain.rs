//! The database alone: one `psql` after another writes a row. Shows how long a failover takes without a gateway.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use super::patroni::{Cluster, DATABASE, psql};
use crate::crash::check::{Finding, Kind};
use crate::pulse::Pulses;

const PAUSE: Duration = Duration::from_millis(20);
const WRITERS: usize = 2;
const NAME: &str = "psql";

/// What was sent, and what was acknowledged.
#[derive(Debug, Default)]
struct Rows {
    sent: u64,
    acknowledged: HashSet<u64>,
}

#[derive(Debug)]
pub struct Plain {
    rows: Rc<RefCell<Rows>>,
    pub pulses: Rc<RefCell<Pulses>>,
    url: String,
}

impl Plain {
    pub async fn prepare(cluster: &Cluster) -> Result<Self> {
        let url = cluster.url(DATABASE);
        psql(&url, "CREATE TABLE rows (number bigint PRIMARY KEY)").await?;
        Ok(Self { rows: Rc::default(), pulses: Rc::default(), url })
    }

    /// They write until they are stopped.
    pub fn open(&self) -> Vec<tokio::task::JoinHandle<()>> {
        let write = |_| {
            let (rows, pulses, url) = (self.rows.clone(), self.pulses.clone(), self.url.clone());
            tokio::task::spawn_local(async move {
                loop {
                    let number = rows.borrow().sent;
                    rows.borrow_mut().sent += 1;
                    if psql(&url, &format!("INSERT INTO rows VALUES ({number})")).await.is_ok() {
                        rows.borrow_mut().acknowledged.insert(number);
                        pulses.borrow_mut().beat(NAME);
                    }
                    sleep(PAUSE).await;
                }
            })
        };
        (0..WRITERS).map(write).collect()
    }

    /// Each row that was acknowledged is there.
    pub async fn reckon(&self) -> Result<Vec<Finding>> {
        let kept = psql(&self.url, "SELECT number FROM rows").await?;
        let kept: HashSet<u64> = kept.lines().map(str::parse).collect::<Result<_, _>>()?;
        let rows = self.rows.borrow();
        println!(
            "psql: {} rows sent, {} acknowledged, {} kept",
            rows.sent,
            rows.acknowledged.len(),
            kept.len()
        );
        Ok(judge(&rows, &kept))
    }
}

fn judge(rows: &Rows, kept: &HashSet<u64>) -> Vec<Finding> {
    let lost = rows.acknowledged.difference(kept);
    let lost =
        lost.map(|row| Finding::new(Kind::Lost, format!("row {row} was acknowledged and is not there")));
    let alien = kept.iter().filter(|row| **row >= rows.sent);
    lost.chain(alien.map(|row| Finding::new(Kind::OneSided, format!("row {row} was never sent")))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_acknowledged_must_be_kept() {
        let rows = Rows { sent: 4, acknowledged: HashSet::from([0, 1, 3]) };
        let kinds = |kept: &[u64]| {
            let found = judge(&rows, &kept.iter().copied().collect());
            found.into_iter().map(|finding| finding.kind).collect::<Vec<_>>()
        };
        assert!(kinds(&[0, 1, 3]).is_empty());
        assert!(kinds(&[0, 1, 2, 3]).is_empty(), "without an answer it may be there or not");
        assert_eq!(kinds(&[0, 2, 3]), [Kind::Lost]);
        assert_eq!(kinds(&[0, 1, 3, 4]), [Kind::OneSided]);
    }
}
