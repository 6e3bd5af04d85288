//! Gateways on the cluster, with a load balancer before them, one simulated world behind them, and the crash test's
//! merchants as the load.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;

use super::balancer;
use super::patroni::{Cluster, DATABASE};
use crate::child::{self, Recipe, Running};
use crate::crash::home::Home;
use crate::crash::reckoning::Count;
use crate::crash::sides::{Crowd, Sides, Then};
use crate::crash::{LIFETIMES, audit};
use crate::dice::Dice;

const GATEWAYS: usize = 2;
const SAMPLE_WITHIN: Duration = Duration::from_secs(30);
const AGAIN_AFTER: Duration = Duration::from_millis(300);

struct Node {
    recipe: Recipe,
    running: Option<Running>,
}

pub struct Gateways {
    nodes: Vec<Node>,
    /// Wallets, acquirer and issuer: not ours to lose. Ends with this.
    world: Running,
    pub sides: Sides,
    home: Home,
    /// Of the balancer: where all merchants go.
    address: SocketAddr,
    crowd: Crowd,
    dice: Dice,
    pub count: Count,
}

impl Gateways {
    pub async fn prepare(
        folder: &Path,
        cluster: &Cluster,
        crowd: Crowd,
        mut dice: Dice,
        mut free: impl FnMut() -> Result<SocketAddr>,
    ) -> Result<Self> {
        let program = child::beside("tillgate")?;
        let (database, at_world) = (cluster.url(DATABASE), free()?);
        let data = folder.join("gateway1").join("data");
        let mut recipes = Vec::new();
        for number in 1..=GATEWAYS {
            let folder = folder.join(format!("gateway{number}"));
            std::fs::create_dir(&folder)?;
            let mut recipe = Recipe::sandbox_at(program.clone(), &folder, (free()?, free()?));
            recipe.arguments.extend(["--world".to_owned(), format!("http://{at_world}")]);
            recipe.environment.push(("TILLGATE_DATABASE", database.clone()));
            // The first makes the key of all secrets.
            let key = data.join("master.key").display().to_string();
            recipe.environment.push(("TILLGATE_MASTER_KEY_FILE", key));
            recipe.environment.extend(LIFETIMES.map(|(name, value)| (name, value.to_owned())));
            recipes.push(recipe);
        }
        let addresses: Vec<SocketAddr> = recipes.iter().map(|recipe| recipe.address).collect();
        let address = balancer::start(addresses.clone()).await?;
        let world = Recipe::world(program, folder, at_world, &addresses, address);
        let (world, _) = begin(&world).await?;
        let mut nodes = Vec::new();
        for mut recipe in recipes {
            recipe.environment.push(("TILLGATE_PUBLIC_URL", format!("http://{address}")));
            let (running, took) = begin(&recipe).await?;
            println!("gateway {} is ready after {:.1} s", nodes.len() + 1, took.as_secs_f64());
            nodes.push(Node { recipe, running: Some(running) });
        }
        let home = Home::shared(&data, &database);
        let mut sides = Sides::new(folder, address, &mut dice).await?;
        sides.terminals.introduce(&home).await?;
        let count = Count::default();
        Ok(Self { nodes, world, sides, home, address, crowd, dice, count })
    }

    /// All sell until they are stopped.
    pub fn open(&mut self) -> Vec<JoinHandle<()>> {
        self.sides.terminals.all_on();
        self.sides.open(self.crowd, self.address, Then::GoesOn, &mut self.dice)
    }

    pub async fn wait(&mut self, time: Duration) {
        self.sides.wait(time, &mut self.dice).await;
    }

    /// Whether what was acknowledged last is there. A fault is no answer: it is asked again.
    pub async fn sample(&mut self) -> Result<()> {
        let started = Instant::now();
        loop {
            match self.sides.sample(self.address, &mut self.dice).await {
                Ok(found) => {
                    self.count.findings.extend(found);
                    return Ok(());
                }
                Err(error) if started.elapsed() > SAMPLE_WITHIN => return Err(error),
                Err(_) => sleep(AGAIN_AFTER).await,
            }
        }
    }

    pub fn kill(&mut self, number: usize) -> Result<()> {
        self.nodes[number].running.take().context("it is not running")?.kill()
    }

    /// It comes back; how long that took.
    pub async fn revive(&mut self, number: usize) -> Result<Duration> {
        let (running, took) = begin(&self.nodes[number].recipe).await?;
        self.nodes[number].running = Some(running);
        Ok(took)
    }

    /// Everything comes to rest and is compared; then the gateways stop, and the books are checked.
    pub async fn reckon(mut self) -> Result<Count> {
        self.count
            .settle(&mut self.sides, &self.home, self.address)
            .await
            .with_context(|| self.last_words())?;
        for node in &mut self.nodes {
            if let Some(running) = node.running.take() {
                running.stop().with_context(|| node.recipe.last_words())?;
            }
        }
        let logs: Vec<&Path> = self.nodes.iter().map(|node| node.recipe.log.as_path()).collect();
        self.count.findings.extend(audit::books(&self.home, &logs).await?);
        let faults = &self.sides.book.borrow().faults;
        println!("{} times a gateway said that it could not, such as: {:?}", faults.count, faults.first);
        drop(self.world);
        Ok(self.count)
    }

    fn last_words(&self) -> String {
        let words = self.nodes.iter().map(|node| node.recipe.last_words());
        words.collect::<Vec<_>>().join("\n")
    }
}

/// Starts it, and lets everything else go on meanwhile.
async fn begin(recipe: &Recipe) -> Result<(Running, Duration)> {
    let recipe = recipe.clone();
    spawn_blocking(move || recipe.start_and_wait()).await?
}
