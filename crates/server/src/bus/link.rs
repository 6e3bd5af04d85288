//! This node among the others: says that it is there, and does what their hints ask for.

use std::sync::Arc;
use std::time::Duration;

use tillgate_core::{MerchantId, Order};
use tillgate_protocols::ecrhub::{Meaning, TerminalAnswer, Topic};
use tillgate_store::Heard;

use super::hint::Hint;
use super::peers::{Peers, Relayed, SAYS_HERE, SILENCE};
use crate::app::App;
use crate::clock;
use crate::gateway::Problem;
use crate::rooms::{codepay, latipay, ottpay};
use crate::terminals::word;

/// What is announced is on its way by then.
const SAID_WITHIN: Duration = Duration::from_millis(20);
/// How long a goodbye may take.
const GOODBYE_WITHIN: Duration = Duration::from_secs(2);

/// Runs until it is dropped.
pub async fn run(app: &Arc<App>) {
    let Some(peers) = app.gateway.bus.peers() else { return std::future::pending().await };
    let mut heard = peers.nodes.listen();
    let mut says_here = tokio::time::interval(SAYS_HERE);
    says_here.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = says_here.tick() => say_here(app, peers),
            Some(heard) = heard.recv() => hear(app, peers, heard),
        }
    }
}

/// Whoever the node holds things for need not wait for its silence.
pub async fn say_goodbye(app: &App) {
    let Some(peers) = app.gateway.bus.peers() else { return };
    peers.announce(&Hint::Gone);
    tokio::time::sleep(SAID_WITHIN).await;
    let now = clock::now();
    let stopped = peers.nodes.keep_alive(now, now.plus_ms(-1));
    if !matches!(tokio::time::timeout(GOODBYE_WITHIN, stopped).await, Ok(Ok(()))) {
        tracing::warn!("the other nodes were not told that this one stops; they see it in a few seconds");
    }
}

fn say_here(app: &Arc<App>, peers: &Peers) {
    peers.announce(&Hint::Here);
    metrics::gauge!("tillgate_nodes").set(u32::try_from(peers.count() + 1).unwrap_or(u32::MAX));
    metrics::gauge!("tillgate_hints_arrive").set(u32::from(!peers.is_deaf()));
    let app = app.clone();
    tokio::spawn(async move {
        let Some(peers) = app.gateway.bus.peers() else { return };
        let now = clock::now();
        let until = now.plus_ms(i64::try_from(SILENCE.as_millis()).unwrap_or(0));
        if let Err(error) = peers.nodes.keep_alive(now, until).await {
            tracing::warn!(%error, "telling the store that this node is there");
        }
    });
}

fn hear(app: &Arc<App>, peers: &Peers, heard: Heard) {
    match heard {
        Heard::Echo => peers.echoed(),
        Heard::Lost => {
            peers.became_deaf();
            // Comes back to us, if hints arrive again.
            peers.announce(&Hint::Here);
            app.gateway.bus.wake_all();
            app.gateway.alarm.set_no_later_than(clock::now());
        }
        Heard::Hint { from, text } => {
            // Who speaks is there, whatever he says.
            if peers.saw(&from) {
                tracing::info!(node = %from, "another node");
                peers.announce(&Hint::Here);
            }
            if let Some(hint) = Hint::read(&text) {
                carry_out(app, peers, from, hint);
            }
        }
    }
}

fn carry_out(app: &Arc<App>, peers: &Peers, from: String, hint: Hint) {
    let gateway = &app.gateway;
    let own = peers.nodes.name();
    match hint {
        Hint::Here => {}
        Hint::Gone => peers.lost(&from),
        Hint::Order(merchant, order) => gateway.bus.wake_here(merchant, order),
        Hint::Queue(merchant, terminal) => gateway.bus.wake_terminal_here(merchant, &terminal),
        Hint::Line(merchant, terminal, epoch) => gateway.terminals.taken_over(merchant, &terminal, epoch),
        Hint::Unpaired(merchant, terminal) => gateway.terminals.disconnect(merchant, &terminal),
        Hint::Login(room, login) => forget(app, &room, &login),
        Hint::Work(due_at) => gateway.alarm.set_no_later_than(due_at),
        Hint::Tell { to, merchant, terminal, frame } if to == own => {
            let app = app.clone();
            tokio::spawn(async move { app.gateway.terminals.tell(merchant, &terminal, frame).await });
        }
        Hint::Ask { to, number, merchant, terminal, topic, about, frame } if to == own => {
            let Some(topic) = Topic::from_word(&topic) else { return };
            let app = app.clone();
            tokio::spawn(async move {
                let Some(peers) = app.gateway.bus.peers() else { return };
                let question = Question { merchant, terminal, topic, about, frame };
                if let Some(Relayed { code, message, trade_no }) = relay(&app, question).await {
                    peers.announce(&Hint::Answer { to: from, number, code, message, trade_no });
                }
            });
        }
        Hint::Answer { to, number, code, message, trade_no } if to == own => {
            peers.answered(number, Relayed { code, message, trade_no });
        }
        // Between two others.
        Hint::Tell { .. } | Hint::Ask { .. } | Hint::Answer { .. } => {}
    }
}

struct Question {
    merchant: MerchantId,
    terminal: String,
    topic: Topic,
    about: String,
    frame: String,
}

/// Asks a terminal that is here for another node. What it says of money is carried out here, so that neither cards nor
/// amounts travel among hints; `None` if that could not be done.
async fn relay(app: &App, question: Question) -> Option<Relayed> {
    let Question { merchant, terminal, topic, about, frame } = question;
    let answer = app.gateway.terminals.ask(merchant, &terminal, (topic, &about), frame).await?;
    let relayed = Relayed {
        code: answer.code,
        message: answer.message.clone(),
        trade_no: answer.result.trade_no.clone(),
    };
    let carried_out = carry_out_word(app, (merchant, &terminal), answer).await;
    if let Err(problem) = carried_out {
        tracing::error!(%problem, terminal, "what a terminal told another node");
        return None;
    }
    Some(relayed)
}

async fn carry_out_word(
    app: &App,
    (merchant, terminal): (MerchantId, &str),
    answer: TerminalAnswer,
) -> Result<Option<Order>, Problem> {
    let is_word = !answer.never_heard_of() && answer.topic == Topic::Query;
    match answer.meaning() {
        Meaning::Done | Meaning::NotDone { .. } if is_word => {
            word::heard(&app.gateway, merchant, terminal, answer).await
        }
        _ => Ok(None),
    }
}

fn forget(app: &App, room: &str, login: &str) {
    match room {
        latipay::ROOM => app.latipay.directory.forget(login),
        ottpay::ROOM => app.ottpay.directory.forget(login),
        codepay::ROOM => app.codepay.apps.forget(login),
        codepay::MERCHANTS => app.codepay.merchants.forget(login),
        codepay::TERMINALS => app.codepay.terminals.forget(login),
        _ => {}
    }
}
