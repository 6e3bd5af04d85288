//! A terminal on the counter: the headless simulator on a real line, with people who do what a script says.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use tillgate::cli::sim::terminal::{Config, Device, Happening, Key, Summary, run};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::harness::{TestWorld, eventually};

/// Terminals live on while a gateway dies and a story is over.
static SHOP: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread().worker_threads(2).thread_name("shop").enable_all().build().unwrap()
});

pub struct Terminal {
    stop: watch::Sender<bool>,
    running: JoinHandle<anyhow::Result<Vec<Summary>>>,
    happenings: Arc<Mutex<Vec<Happening>>>,
}

/// Several at once: serial number, secret, scripts.
pub struct Shelf {
    pub url: String,
    pub devices: Vec<Device>,
    pub acquirer_timeout: Duration,
}

pub fn device((sn, secret): (&str, &str), scripts: &[&str]) -> Device {
    Device {
        sn: sn.into(),
        key: Key::Secret(secret.into()),
        scripts: scripts.iter().map(|script| script.parse().unwrap()).collect(),
        seed: 7,
        state: None,
    }
}

impl Shelf {
    pub fn switched_on(self) -> Terminal {
        let happenings = Arc::<Mutex<Vec<Happening>>>::default();
        let seen = happenings.clone();
        let config = Config {
            url: self.url,
            terminals: self.devices,
            acquirer_timeout: self.acquirer_timeout,
            count: None,
            report: Arc::new(move |happening| seen.lock().unwrap().push(happening.clone())),
        };
        let (stop, stopped) = watch::channel(false);
        Terminal { stop, running: SHOP.spawn(run(config, stopped)), happenings }
    }
}

/// One that is connected. Order by order a script, the last for all that follow.
pub async fn terminal(world: &TestWorld, known: (&str, &str), scripts: &[&str]) -> Terminal {
    let terminal = switched_on(&world.place.url(""), known, scripts, None);
    terminal.sees("online", 1).await;
    terminal
}

/// At an address, perhaps with a memory.
pub fn switched_on(url: &str, known: (&str, &str), scripts: &[&str], state: Option<PathBuf>) -> Terminal {
    let devices = vec![Device { state, ..device(known, scripts) }];
    Shelf { url: url.into(), devices, acquirer_timeout: Duration::from_secs(2) }.switched_on()
}

impl Terminal {
    pub fn happenings(&self) -> Vec<Happening> {
        self.happenings.lock().unwrap().clone()
    }

    /// How often it has happened so far.
    pub fn count(&self, what: &str) -> usize {
        self.happenings().iter().filter(|happening| happening.what == what).count()
    }

    /// A line with these words comes out of the printer, soon.
    pub async fn prints(&self, words: &str) {
        let name = format!("a printed line with {words}");
        let patience = Duration::from_secs(10);
        eventually(&name, patience, async || {
            self.texts("print").iter().find(|line| line.contains(words)).map(drop)
        })
        .await;
    }

    pub fn texts(&self, what: &str) -> Vec<String> {
        self.happenings().into_iter().filter(|one| one.what == what).map(|one| one.text).collect()
    }

    /// It happens so often at least, soon.
    pub async fn sees(&self, what: &str, times: usize) -> Vec<Happening> {
        let name = format!("{what}, {times} times, at the terminal");
        eventually(&name, Duration::from_secs(10), async || {
            let all: Vec<_> = self.happenings().into_iter().filter(|one| one.what == what).collect();
            (all.len() >= times).then_some(all)
        })
        .await
    }

    /// Goes off in good order.
    pub async fn off(self) -> Summary {
        let _ = self.stop.send(true);
        self.running.await.unwrap().unwrap().remove(0)
    }

    /// Until it stops by itself.
    pub async fn stops(self) -> Summary {
        tokio::time::timeout(Duration::from_secs(10), self.running).await.unwrap().unwrap().unwrap().remove(0)
    }

    pub async fn all_off(self) -> Vec<Summary> {
        let _ = self.stop.send(true);
        self.running.await.unwrap().unwrap()
    }
}
