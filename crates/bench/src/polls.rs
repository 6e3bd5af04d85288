//! What an idle long poll costs in memory: thousands of tills that wait for their orders, each on a connection of its own.
//!
//! Knows: how a till waits. The memory is the process's, so the kernel's buffers of the sockets are not in it. That they
//! did wait is seen in the gateway's own metrics, and in that each of them gets its answer when the gateway stops.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::child::{self, Recipe};
use crate::client::{Connection, get};
use crate::dice::Dice;
use crate::floor::GOOD;
use crate::till::Till;
use crate::workloads::{Counter, make_all, orders_of};

pub const NAME: &str = "long-polls";
const POLLS: usize = 2_000;
/// KiB each.
const GOAL_KIB: f64 = 16.0;

#[derive(Debug, Clone, Copy)]
pub struct Polls {
    per_poll_kib: f64,
}

pub fn measure(program: &Path, dice: &mut Dice) -> Result<Polls> {
    let folder = child::fresh_folder("polls")?;
    let mut recipe = Recipe::sandbox(program.to_owned(), &folder, dice)?;
    recipe.environment.push(("TILLGATE_LIMITS__LONG_POLLS_PER_MERCHANT", (POLLS * 2).to_string()));
    let mut counter = Counter::default();
    let references: Vec<String> = (0..POLLS).map(|_| counter.reference()).collect();
    let (running, _) = recipe.start_and_wait()?;
    make_all(orders_of(&references), running.address, GOOD)?;
    running.stop()?;
    // Started anew, so that nothing that was used to make the orders is used again for the polls.
    let (running, _) = recipe.start_and_wait()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (lines, before, after) = runtime.block_on(async {
        // What is loaded once is loaded now.
        Connection::open(running.address).await?.get(&Till::default().query(&references[0])).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let before = running.memory().now_kib;
        let lines = wait_all(&references, running.address).await?;
        wait_until_they_wait(recipe.admin).await?;
        anyhow::Ok((lines, before, running.memory().now_kib))
    })?;
    let stopping = std::thread::spawn(move || running.stop());
    runtime.block_on(read_all(lines))?;
    match stopping.join() {
        Ok(stopped) => stopped?,
        Err(_) => bail!("a thread died"),
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(Polls { per_poll_kib: after.saturating_sub(before) as f64 / POLLS as f64 })
}

async fn wait_all(references: &[String], address: SocketAddr) -> Result<Vec<TcpStream>> {
    let till = Till::default();
    let mut lines = Vec::with_capacity(references.len());
    for reference in references {
        let mut line = TcpStream::connect(address).await?;
        line.write_all(&get(&till.waiting_query(reference))).await?;
        lines.push(line);
    }
    Ok(lines)
}

/// All of them, says the gateway.
async fn wait_until_they_wait(admin: SocketAddr) -> Result<()> {
    let all = format!("tillgate_long_polls {POLLS}\n");
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut line = Connection::open(admin).await?;
        if line.get("/metrics").await?.text().contains(&all) {
            return Ok(());
        }
    }
    bail!("not all long polls came to wait")
}

async fn read_all(lines: Vec<TcpStream>) -> Result<()> {
    for mut line in lines {
        let mut answer = Vec::new();
        line.read_to_end(&mut answer).await?;
        let answer = String::from_utf8_lossy(&answer);
        let is_good = answer.contains(GOOD) && answer.contains(r#""status":"pending""#);
        ensure!(is_good, "a long poll was answered {answer}");
    }
    Ok(())
}

impl Polls {
    pub fn meets_goal(self) -> bool {
        self.per_poll_kib <= GOAL_KIB
    }

    pub fn line(self) -> String {
        format!(
            "\nIdle long poll: {:.1} KiB of the process's memory each ({POLLS} of them, connection and all), goal <= {GOAL_KIB} KiB: {}.\n",
            self.per_poll_kib,
            if self.meets_goal() { "met" } else { "**not met**" },
        )
    }
}
