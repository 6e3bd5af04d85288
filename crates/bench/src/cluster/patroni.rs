//! The cluster as Patroni's REST interface shows it, and the waiting until it is as it should be.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal};
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::machine::{Addresses, Machine};
use super::processes;
use super::settings::{FOLLOW_AGAIN, NEVER_AGAIN, SUPERUSER, Settings, following_again};

pub const MACHINES: usize = 3;
pub const DATABASE: &str = "tillgate";
pub const WHOLE_WITHIN: Duration = Duration::from_secs(90);
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(200);
const STATEMENT_WITHIN: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Deserialize)]
pub struct Member {
    pub name: String,
    pub role: String,
    pub state: String,
    pub timeline: Option<u32>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct View {
    pub members: Vec<Member>,
}

impl View {
    pub fn leader(&self) -> Option<&Member> {
        self.members.iter().find(|member| is_leader(member))
    }

    /// Whether a leader has `replicas` replicas on its timeline, and so many of them synchronous as there have to be.
    fn is_whole(&self, replicas: usize, settings: Settings) -> bool {
        let Some(leader) = self.leader() else { return false };
        let follows = |member: &&Member| {
            !is_leader(member)
                && matches!(member.state.as_str(), "running" | "streaming")
                && member.timeline == leader.timeline
        };
        let synchronous = self.members.iter().filter(|member| member.role == "sync_standby").count();
        self.members.iter().filter(follows).count() >= replicas
            && synchronous >= replicas.min(settings.synchronous)
    }
}

fn is_leader(member: &Member) -> bool {
    member.role == "leader" && member.state == "running"
}

#[derive(Debug)]
pub struct Cluster {
    pub machines: Vec<Machine>,
    settings: Settings,
}

impl Cluster {
    pub fn start(
        folder: &Path,
        settings: Settings,
        mut free: impl FnMut() -> Result<SocketAddr>,
    ) -> Result<Self> {
        let mut addresses = Vec::new();
        for _ in 0..MACHINES {
            addresses.push(Addresses { etcd: free()?, etcd_peer: free()?, rest: free()?, postgres: free()? });
        }
        let mut machines = Vec::new();
        for number in 0..MACHINES {
            let mut machine = Machine::make(folder, number, &addresses, &settings)?;
            machine.start()?;
            machines.push(machine);
        }
        Ok(Self { machines, settings })
    }

    /// What the first machine says that answers.
    pub async fn view(&self) -> View {
        for machine in &self.machines {
            if let Ok(Ok(view)) = timeout(ANSWER_WITHIN, ask(machine.at.rest)).await {
                return view;
            }
        }
        View::default()
    }

    /// Until there is a leader with so many replicas; how long that took.
    pub async fn wait_until_whole(&self, replicas: usize, patience: Duration) -> Result<Duration> {
        let started = Instant::now();
        loop {
            let view = self.view().await;
            if view.is_whole(replicas, self.settings) {
                return Ok(started.elapsed());
            }
            if started.elapsed() > patience {
                let logs: Vec<String> = self.machines.iter().map(Machine::last_words).collect();
                bail!("not whole after {} s: {view:?}\n{}", patience.as_secs(), logs.join("\n"));
            }
            sleep(LOOK).await;
        }
    }

    /// Where in `machines` the leader is.
    pub async fn leader(&self) -> Result<usize> {
        let view = self.view().await;
        let name = view.leader().map(|leader| leader.name.clone());
        let place = self.machines.iter().position(|machine| Some(&machine.name) == name.as_ref());
        place.with_context(|| format!("no leader: {view:?}"))
    }

    /// All hosts, and that the one is wanted that takes writes.
    pub fn url(&self, database: &str) -> String {
        let hosts: Vec<String> =
            self.machines.iter().map(|machine| machine.at.postgres.to_string()).collect();
        format!(
            "postgres://{SUPERUSER}@{}/{database}?target_session_attrs=read-write&connect_timeout=2",
            hosts.join(",")
        )
    }

    /// Makes the database, and waits until every machine has it: `psql` gives up at the first that has not.
    pub async fn make_database(&self) -> Result<()> {
        psql(&self.url("postgres"), &format!("CREATE DATABASE {DATABASE}")).await?;
        for machine in &self.machines {
            let started = Instant::now();
            while let Err(error) = psql(&machine.url(DATABASE), "SELECT 1").await {
                if started.elapsed() > ANSWER_WITHIN {
                    return Err(error);
                }
                sleep(LOOK).await;
            }
        }
        Ok(())
    }

    /// The replicas lose their connections to the leader, and look for it too late.
    pub async fn hold_replicas_back(&self) -> Result<()> {
        let leader = self.leader().await?;
        self.change(following_again(NEVER_AGAIN)).await?;
        for (place, machine) in self.machines.iter().enumerate() {
            if place == leader {
                continue;
            }
            let (url, started) = (machine.url("postgres"), Instant::now());
            while psql(&url, "SHOW wal_retrieve_retry_interval").await? != NEVER_AGAIN {
                if started.elapsed() > WHOLE_WITHIN {
                    bail!("{} did not hear of the change", machine.name);
                }
                sleep(LOOK).await;
            }
            // After the first loss it connects again at once; from the second on it waits.
            let mut looks_without = 0;
            while looks_without < 5 {
                let receiver = psql(&url, "SELECT pid FROM pg_stat_wal_receiver").await?;
                looks_without = if receiver.is_empty() { looks_without + 1 } else { 0 };
                // No backend: `pg_terminate_backend` does not know it.
                let receiver = receiver.parse().ok().and_then(Pid::from_raw);
                processes::signal(receiver.as_slice(), Signal::TERM);
                if started.elapsed() > WHOLE_WITHIN {
                    bail!("{} would not let go of its leader", machine.name);
                }
                sleep(LOOK).await;
            }
        }
        Ok(())
    }

    pub async fn let_replicas_follow(&self) -> Result<()> {
        self.change(following_again(FOLLOW_AGAIN)).await
    }

    /// Changes the settings of all, at the first machine that answers.
    async fn change(&self, settings: Value) -> Result<()> {
        let body = settings.to_string();
        let request = format!(
            "PATCH /config HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        for machine in &self.machines {
            if let Ok(Ok(_)) = timeout(ANSWER_WITHIN, exchange(machine.at.rest, &request)).await {
                return Ok(());
            }
        }
        bail!("no machine would take {settings}")
    }
}

/// Runs a statement through `psql`; gives what it prints, unadorned.
pub async fn psql(url: &str, statement: &str) -> Result<String> {
    let mut psql = tokio::process::Command::new("psql");
    psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, url]);
    psql.stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(STATEMENT_WITHIN, psql.output()).await.context("psql did not end")??;
    if !output.status.success() {
        bail!("psql: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

async fn ask(address: SocketAddr) -> Result<View> {
    Ok(serde_json::from_slice(&exchange(address, "GET /cluster HTTP/1.0\r\n\r\n").await?)?)
}

/// The body of an answer that says that it went well.
async fn exchange(address: SocketAddr, request: &str) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let start = answer.windows(4).position(|four| four == b"\r\n\r\n").context("no head")?;
    let (head, body) = answer.split_at(start + 4);
    if head.split(|byte| *byte == b' ').nth(1) != Some(b"200") {
        bail!("{address}: {}", String::from_utf8_lossy(&answer));
    }
    Ok(body.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYNCHRONOUS: Settings = Settings { synchronous: 1 };

    fn view(third: &str) -> View {
        let text = format!(
            r#"{{"members":[
            {{"name":"m1","role":"sync_standby","state":"running","timeline":2,"lag":0}},
            {{"name":"m2","role":"leader","state":"running","timeline":2}},{third}]}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn whole_is_a_leader_with_replicas_on_its_timeline() {
        let follows = r#"{"name":"m3","role":"replica","state":"running","timeline":2,"lag":0}"#;
        assert!(view(follows).is_whole(2, SYNCHRONOUS));
        assert_eq!(view(follows).leader().unwrap().name, "m2");
        for third in [
            r#"{"name":"m3","role":"replica","state":"running","timeline":1,"lag":0}"#,
            r#"{"name":"m3","role":"replica","state":"start failed","lag":"unknown"}"#,
        ] {
            assert!(!view(third).is_whole(2, SYNCHRONOUS));
            assert!(view(third).is_whole(1, SYNCHRONOUS));
        }
        let mut none = view(follows);
        none.members.retain(|member| member.role != "sync_standby");
        assert!(!none.is_whole(1, SYNCHRONOUS));
        assert!(none.is_whole(1, Settings { synchronous: 0 }));
        assert!(!view(follows).is_whole(2, Settings { synchronous: 2 }), "one of two is synchronous");
        none.members.retain(|member| member.role != "leader");
        assert!(!none.is_whole(0, Settings { synchronous: 0 }));
    }
}
