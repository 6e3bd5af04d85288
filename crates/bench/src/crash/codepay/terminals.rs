//! Headless terminals in this process: they outlive the gateway, and what they remember is in a file each, so that
//! their own power can be cut too.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tillgate::cli::sim::terminal::{Config, Device, Key, Summary, run};
use tillgate::rooms::codepay::{MERCHANTS, TERMINALS, TerminalSettings};
use tillgate::rooms::new_key;
use tillgate::sandbox::codepay as sandbox;
use tillgate_sim::terminal::Script;
use tillgate_store::Credential;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::super::home::Home;
use crate::dice::Dice;

pub const COUNT: usize = 6;
/// A terminal waits so long for its acquirer: less than the acquirer's silence lasts.
const ACQUIRER_TIMEOUT: Duration = Duration::from_millis(700);
/// Different orders that people make of it, in turn.
const SCRIPTS: usize = 2_000;
/// Of a hundred, so many terminals are switched off and on again when the gateway is back; the others find out by
/// themselves.
const REBOOT_PERCENT: u64 = 60;

pub fn sn(number: usize) -> String {
    format!("CRASH{:06}", number % COUNT)
}

fn secret(number: usize) -> String {
    format!("crash-terminal-{number}")
}

struct One {
    device: Device,
    /// Its word when it ends by itself; dropping it stops it as a power cut does.
    power: Option<Power>,
}

type Power = (JoinHandle<Result<Vec<Summary>>>, watch::Sender<bool>);

pub struct Terminals {
    url: String,
    all: Vec<One>,
    is_known: bool,
    pub cuts: usize,
}

/// What people do with one order; short, for a gateway that lives a moment.
fn script(dice: &mut Dice) -> &'static str {
    match dice.between(0, 100) {
        0..40 => "pay",
        40..58 => "tip=15%",
        58..64 => "tip=2.50 think=20ms",
        64..69 => "decline",
        69..74 => "cancel",
        74..78 => "unplug-before-card offline=150ms",
        78..82 => "unplug-after-card offline=150ms",
        82..86 => "power-cut offline=150ms",
        86..89 => "offline=100ms",
        89..92 => "answer-late=150ms",
        92..96 => "answer-twice",
        96..99 => "think=60ms",
        _ => "walk-away",
    }
}

impl Terminals {
    pub fn new(folder: &Path, address: SocketAddr, dice: &mut Dice) -> Self {
        let one = |number: usize| {
            let scripts = (0..SCRIPTS).filter_map(|_| script(dice).parse::<Script>().ok()).collect();
            let state: PathBuf = folder.join(format!("{}.json", sn(number)));
            let device = Device {
                sn: sn(number),
                key: Key::Secret(secret(number)),
                scripts,
                seed: dice.throw(),
                state: Some(state),
            };
            One { device, power: None }
        };
        let all = (0..COUNT).map(one).collect();
        Self { url: format!("http://{address}"), all, is_known: false, cuts: 0 }
    }

    /// Writes them into the store, once, beside the gateway.
    pub async fn introduce(&mut self, home: &Home) -> Result<()> {
        if self.is_known {
            return Ok(());
        }
        let (store, vault) = (home.open_beside().await?, home.vault()?);
        let merchant = store.load_credential(MERCHANTS, sandbox::MERCHANT_NO).await?;
        let merchant = merchant.context("the sandbox has no such merchant")?.merchant;
        let settings = TerminalSettings {
            merchant_no: sandbox::MERCHANT_NO.into(),
            merchant_name: sandbox::MERCHANT_NAME.into(),
            store_no: sandbox::STORE_NO.into(),
        };
        for number in 0..COUNT {
            let terminal = Credential {
                merchant,
                merchant_name: sandbox::MERCHANT_NAME.into(),
                room: TERMINALS.into(),
                login: sn(number),
                name: "Counter".into(),
                enabled: true,
                settings: serde_json::to_string(&settings)?,
                keys: Vec::new(),
                accounts: Vec::new(),
            };
            store.put_credential(terminal).await?;
            let key = new_key(&vault, TERMINALS, &sn(number), &secret(number))?;
            store.add_key(merchant, TERMINALS, &sn(number), key).await?;
        }
        self.is_known = true;
        Ok(())
    }

    fn switch_on(&mut self, number: usize) {
        let one = &mut self.all[number];
        let (stop, stopped) = watch::channel(false);
        let config = Config {
            url: self.url.clone(),
            terminals: vec![one.device.clone()],
            acquirer_timeout: ACQUIRER_TIMEOUT,
            count: None,
            report: Arc::new(|_| {}),
        };
        one.power = Some((tokio::spawn(run(config, stopped)), stop));
    }

    /// In the middle of whatever it was doing.
    fn cut(&mut self, number: usize) {
        if let Some((running, _)) = self.all[number].power.take() {
            running.abort();
        }
    }

    /// The gateway is there again.
    pub fn gateway_is_back(&mut self, dice: &mut Dice) {
        for number in 0..COUNT {
            let is_off = self.all[number].power.is_none();
            if is_off || dice.percent(REBOOT_PERCENT) {
                self.cut(number);
                self.switch_on(number);
            }
        }
    }

    /// One loses its power for a moment, now and then.
    pub fn cut_some(&mut self, dice: &mut Dice) {
        let number = dice.between(0, COUNT as u64) as usize;
        if dice.percent(15) {
            self.cuts += 1;
            self.cut(number);
            if dice.percent(70) {
                self.switch_on(number);
            }
        }
    }

    pub fn all_on(&mut self) {
        for number in 0..COUNT {
            self.cut(number);
            self.switch_on(number);
        }
    }

    /// Switches all off in order. What is wrong with those that ended before, or have something left to tell.
    pub async fn all_off(&mut self) -> Vec<String> {
        let mut wrong = Vec::new();
        for one in &mut self.all {
            let Some((running, stop)) = one.power.take() else { continue };
            let _ = stop.send(true);
            match running.await {
                Ok(Ok(summaries)) => {
                    let odd = summaries.iter().filter(|one| !one.is_idle || one.stopped.is_some());
                    wrong.extend(odd.map(|one| format!("a terminal is not at rest: {one:?}")));
                }
                Ok(Err(error)) => wrong.push(format!("terminal {}: {error:#}", one.device.sn)),
                Err(error) => wrong.push(format!("terminal {}: {error}", one.device.sn)),
            }
        }
        wrong
    }
}
