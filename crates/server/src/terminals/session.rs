//! One connection of one terminal: who it is, its heartbeats, the order on its screen.
//!
//! The store is the truth: what is on the screen and what is next is read from it whenever a bell rings, so a bell
//! that was lost costs time and nothing else. An order is marked as offered before it is sent: from then on nobody
//! takes it for one that no terminal has seen.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ws::{
    CloseFrame, Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection,
};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse as _;
use tillgate_core::{Command, Flow, MerchantId, Order, OrderNo, OrderState, Presentation, Stage};
use tillgate_protocols::ecrhub::{
    self, CloseCode, Code, FRAME_BYTES, FromTerminal, INIT_WITHIN_S, Init, SILENCE_S, Topic,
};
use tillgate_store::OrderKey;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::{Entered, Line, word};
use crate::app::App;
use crate::bus::hint::Hint;
use crate::clock;
use crate::gateway::Problem;
use crate::http::json;
use crate::rooms::codepay::Terminal;

/// A terminal that does not take a frame within this is gone.
const SEND_WITHIN: Duration = Duration::from_secs(10);

/// `GET /terminal/v1`.
pub async fn connect(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let (mut parts, _) = request.into_parts();
    let upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection> =
        WebSocketUpgrade::from_request_parts(&mut parts, &app).await;
    // An upgraded connection has left the listener's limit: it takes a place of its own.
    let Ok(place) = app.terminal_places.clone().try_acquire_owned() else {
        return json(
            StatusCode::SERVICE_UNAVAILABLE,
            r#"{"error":"too many terminals are connected"}"#.into(),
        );
    };
    match upgrade {
        Ok(upgrade) => upgrade
            .max_message_size(FRAME_BYTES)
            .max_frame_size(FRAME_BYTES)
            .on_upgrade(async move |socket| {
                serve(app, socket).await;
                drop(place);
            })
            .into_response(),
        Err(_) => json(StatusCode::UPGRADE_REQUIRED, r#"{"error":"this is a WebSocket"}"#.into()),
    }
}

/// Why a connection is over.
enum Over {
    /// We say so.
    Closed(CloseCode),
    /// The gateway is stopping.
    Stopping,
    Gone,
}

async fn serve(app: Arc<App>, mut socket: WebSocket) {
    let over = match let_in(&app, &mut socket).await {
        Err(over) => over,
        Ok((terminal, request_id, secret)) => {
            let (merchant, sn) = (terminal.merchant, terminal.terminal_sn.clone());
            let gateway = &app.gateway;
            match line_of(&app, &terminal).await {
                Err(over) => over,
                Ok(Entered { line, frames }) => {
                    let bell = gateway.bus.connect_terminal(merchant, &sn);
                    let (app, line) = (&app, line.clone());
                    let mut session = Session { app, terminal, secret, line: line.clone(), bell, held: None };
                    let over = session.run(&mut socket, frames, &request_id).await;
                    gateway.bus.disconnect_terminal(merchant, &sn, &session.bell);
                    gateway.terminals.leave(merchant, &sn, &line);
                    give_back(app, (merchant, &sn), &line).await;
                    over
                }
            }
        }
    };
    let frame = match over {
        Over::Closed(code) => CloseFrame { code: code.number(), reason: code.reason().into() },
        Over::Stopping => CloseFrame { code: 1001, reason: "the gateway is stopping".into() },
        Over::Gone => return,
    };
    let _ = tokio::time::timeout(SEND_WITHIN, socket.send(Message::Close(Some(frame)))).await;
}

/// Its place among the terminals. Where there are other nodes the store numbers connections, and whoever has an older
/// one learns of it.
async fn line_of(app: &App, terminal: &Terminal) -> Result<Entered, Over> {
    let (gateway, merchant, sn) = (&app.gateway, terminal.merchant, &terminal.terminal_sn);
    let Some(peers) = gateway.bus.peers() else {
        return Ok(gateway.terminals.enter(merchant, sn, gateway.terminals.next_epoch(clock::now())));
    };
    match peers.nodes.take_line(merchant, sn, clock::now()).await {
        Ok(epoch) => {
            let entered = gateway.terminals.enter(merchant, sn, epoch);
            peers.tell(|| Hint::Line(merchant, sn.clone(), epoch));
            Ok(entered)
        }
        Err(error) => {
            tracing::error!(%error, terminal = %sn, "taking a terminal's line");
            Err(Over::Stopping)
        }
    }
}

/// Nobody has the terminal now, unless somebody newer has.
async fn give_back(app: &App, (merchant, sn): (MerchantId, &str), line: &Line) {
    let Some(peers) = app.gateway.bus.peers() else { return };
    if let Err(error) = peers.nodes.leave_line(merchant, sn, line.epoch).await {
        // It ends with this node.
        tracing::warn!(%error, terminal = sn, "leaving a terminal's line");
    }
}

/// The first frame says who it is, with its secret.
async fn let_in(
    app: &App,
    socket: &mut WebSocket,
) -> Result<(Arc<Terminal>, String, Zeroizing<String>), Over> {
    let unknown = || Over::Closed(CloseCode::NotKnown);
    let patience = Duration::from_secs(INIT_WITHIN_S.into());
    let first = tokio::time::timeout(patience, receive(socket)).await.map_err(|_| unknown())??;
    let Ok(FromTerminal::Init { request_id, terminal_sn, secret, software }) = ecrhub::read(&first) else {
        return Err(unknown());
    };
    let known = match app.codepay.terminals.find(&terminal_sn).await {
        Ok(known) => known,
        Err(error) => {
            tracing::error!(%error, "looking up a terminal");
            return Err(Over::Stopping);
        }
    };
    let Some(terminal) = known.filter(|terminal| terminal.enabled && terminal.has(&secret)) else {
        metrics::counter!("tillgate_terminals_refused_total").increment(1);
        return Err(unknown());
    };
    tracing::info!(terminal = %terminal_sn, %software, "a terminal has connected");
    Ok((terminal, request_id, secret))
}

/// The next text frame.
async fn receive(socket: &mut WebSocket) -> Result<String, Over> {
    loop {
        match socket.recv().await {
            Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
            Some(Ok(Message::Binary(_))) => return Err(Over::Closed(CloseCode::Binary)),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(_))) | None => return Err(Over::Gone),
            Some(Err(error)) => {
                let is_too_large = error.to_string().to_lowercase().contains("too long")
                    || error.to_string().to_lowercase().contains("too big");
                return Err(if is_too_large { Over::Closed(CloseCode::TooLarge) } else { Over::Gone });
            }
        }
    }
}

struct Session<'a> {
    app: &'a App,
    terminal: Arc<Terminal>,
    /// What it came in with: it may end while the connection is open.
    secret: Zeroizing<String>,
    line: Arc<Line>,
    /// Rings when the terminal's queue may have changed.
    bell: Arc<Notify>,
    /// The order this connection has been sent and has not been told the end of.
    held: Option<OrderNo>,
}

impl Session<'_> {
    async fn run(
        &mut self,
        socket: &mut WebSocket,
        mut frames: mpsc::Receiver<String>,
        request_id: &str,
    ) -> Over {
        match self.start(socket, request_id).await {
            Ok(()) => {}
            Err(over) => return over,
        }
        let silence = Duration::from_secs(SILENCE_S.into());
        let mut silent_at = Instant::now() + silence;
        loop {
            let step = tokio::select! {
                () = self.line.over.notified() => Err(self.replaced()),
                () = tokio::time::sleep_until(silent_at) => Err(Over::Closed(CloseCode::Silent)),
                Some(frame) = frames.recv() => send(socket, frame).await,
                () = self.bell.notified() => self.look(socket).await,
                () = tokio::time::sleep(self.app.gateway.bus.queue_patience()) => self.look_round(socket).await,
                received = receive(socket) => match received {
                    Ok(text) => {
                        silent_at = Instant::now() + silence;
                        self.hear(socket, &text).await
                    }
                    Err(over) => Err(over),
                },
            };
            if let Err(over) = step {
                return over;
            }
        }
    }

    /// Somebody may have switched it off or ended its secret, in another process too.
    async fn is_still_let_in(&self) -> bool {
        match self.app.codepay.terminals.find(&self.terminal.terminal_sn).await {
            Ok(known) => known.is_some_and(|known| known.enabled && known.has(&self.secret)),
            Err(error) => {
                // The store's trouble is not the terminal's.
                tracing::error!(%error, "looking up a terminal");
                true
            }
        }
    }

    /// No bell has rung for a while; it may have been lost.
    async fn look_round(&mut self, socket: &mut WebSocket) -> Result<(), Over> {
        if !self.is_still_let_in().await {
            return Err(Over::Closed(CloseCode::PairedAnew));
        }
        if self.is_elsewhere().await {
            return Err(Over::Closed(CloseCode::TakenOver));
        }
        self.look(socket).await
    }

    /// Connected to another node since.
    async fn is_elsewhere(&self) -> bool {
        let Some(peers) = self.app.gateway.bus.peers() else { return false };
        let (merchant, sn) = (self.terminal.merchant, &self.terminal.terminal_sn);
        match peers.nodes.line_holder(merchant, sn, clock::now()).await {
            Ok(holder) => holder.is_some_and(|holder| holder.epoch > self.line.epoch),
            Err(error) => {
                // The store's trouble is not the terminal's.
                tracing::error!(%error, "looking up a terminal's line");
                false
            }
        }
    }

    fn replaced(&self) -> Over {
        let is_unpaired = self.line.is_unpaired.load(Ordering::Acquire);
        Over::Closed(if is_unpaired { CloseCode::PairedAnew } else { CloseCode::TakenOver })
    }

    async fn start(&mut self, socket: &mut WebSocket, request_id: &str) -> Result<(), Over> {
        let terminal = &self.terminal;
        let init = Init {
            merchant_no: &terminal.merchant_no,
            store_no: &terminal.store_no,
            name: &terminal.name,
            epoch: self.line.epoch,
        };
        send(socket, ecrhub::init_answer(request_id, &init, clock::now())).await?;
        self.look(socket).await
    }

    /// Tells the terminal the end of what it holds and sends what is next.
    async fn look(&mut self, socket: &mut WebSocket) -> Result<(), Over> {
        if self.app.gateway.bus.is_closed() {
            return Err(Over::Stopping);
        }
        match self.next_frames().await {
            Ok(frames) => {
                for frame in frames {
                    send(socket, frame).await?;
                }
                Ok(())
            }
            Err(problem) => {
                // The bell, or the clock, comes again.
                tracing::error!(%problem, terminal = %self.terminal.terminal_sn, "reading a terminal's queue");
                Ok(())
            }
        }
    }

    async fn next_frames(&mut self) -> Result<Vec<String>, Problem> {
        let gateway = &self.app.gateway;
        let (merchant, sn) = (self.terminal.merchant, self.terminal.terminal_sn.clone());
        let mut frames = Vec::new();
        if let Some(held) = self.held {
            let order = gateway.store.load_order(merchant, OrderKey::Number(held)).await?;
            match order.as_ref().and_then(|order| word::ended(order, clock::now())) {
                Some(frame) => frames.push(frame),
                None => return Ok(frames),
            }
            self.held = None;
        }
        let Some(order) = gateway.store.load_queue(merchant, &sn, 1).await?.pop() else { return Ok(frames) };
        if order.state != OrderState::Pending {
            // Being closed: it is not shown again, but its end is told.
            self.held = Some(order.number);
            return Ok(frames);
        }
        let Some(order) = self.offered(order).await? else { return Ok(frames) };
        let frame = self.app.codepay.order_frame(&order, clock::now()).await;
        frames.push(frame.map_err(|error| Problem::Fault(error.to_string()))?);
        self.held = Some(order.number);
        Ok(frames)
    }

    /// The order as it may be sent; `None` if it may not be any more.
    async fn offered(&self, order: Order) -> Result<Option<Order>, Problem> {
        let gateway = &self.app.gateway;
        if clock::now() >= order.terms.expires_at {
            return Ok(None);
        }
        let is_new = order.counter.as_ref().is_some_and(|counter| counter.stage == Stage::Waiting);
        let mut order = match is_new {
            true => gateway.apply(order.merchant, order.number, Command::Offer, None).await?,
            false => order,
        };
        if order.terms.flow == Flow::MerchantPresented && order.presentation == Presentation::None {
            order = gateway.present(order, &self.terminal.merchant_name).await?;
            if order.presentation == Presentation::None {
                return Ok(None);
            }
        }
        Ok(Some(order).filter(|order| order.state.is_open()))
    }

    async fn hear(&mut self, socket: &mut WebSocket, text: &str) -> Result<(), Over> {
        let heard = match ecrhub::read(text) {
            Ok(heard) => heard,
            Err(unreadable) => {
                return match unreadable.answer() {
                    Some(answer) => send(socket, answer).await,
                    None => Err(Over::Closed(unreadable.close_code())),
                };
            }
        };
        match heard {
            FromTerminal::Heartbeat { request_id } => {
                send(socket, ecrhub::heartbeat_answer(&request_id, clock::now())).await
            }
            FromTerminal::Init { request_id, .. } => {
                send(socket, ecrhub::answer(Topic::Init, &request_id, Code::ParameterError)).await
            }
            FromTerminal::UnknownTopic { request_id, topic } => {
                send(socket, ecrhub::unknown_topic(&topic, &request_id)).await
            }
            FromTerminal::Stray { .. } => Ok(()),
            FromTerminal::Scan { request_id, trade_no, payer_code } => {
                let code = self.scanned(&trade_no, &payer_code).await;
                send(socket, ecrhub::answer(Topic::Scan, &request_id, code)).await
            }
            FromTerminal::Answer { topic: Topic::Order, answer, .. } => self.result(socket, answer).await,
            FromTerminal::Answer { topic, request_id, answer } => {
                self.line.answered(topic, &request_id, &answer);
                Ok(())
            }
        }
    }

    /// An answer to an order: that it has it, or how it ended. Whoever sends the result of an order that has ended is
    /// told its end again, so that he may forget it.
    async fn result(&mut self, socket: &mut WebSocket, answer: ecrhub::TerminalAnswer) -> Result<(), Over> {
        let (merchant, sn) = (self.terminal.merchant, &self.terminal.terminal_sn);
        let heard = word::heard(&self.app.gateway, merchant, sn, answer).await;
        match heard {
            Ok(Some(order)) => {
                if let Some(frame) = word::ended(&order, clock::now()) {
                    if self.held == Some(order.number) {
                        self.held = None;
                    }
                    send(socket, frame).await?;
                }
                self.look(socket).await
            }
            Ok(None) => {
                metrics::counter!("tillgate_terminal_strangers_total").increment(1);
                tracing::warn!(terminal = %sn, "an answer about an order that is not this terminal's");
                Ok(())
            }
            Err(problem) => {
                // Not confirmed: the terminal will say it again.
                tracing::error!(%problem, terminal = %sn, "a terminal's result");
                Ok(())
            }
        }
    }

    async fn scanned(&self, trade_no: &str, payer_code: &str) -> Code {
        let merchant = self.terminal.merchant;
        let Some((theirs, number, 1)) = crate::channels::read_trade_no(trade_no) else {
            return Code::DoesNotExist;
        };
        let order = match self.app.gateway.store.load_order(merchant, OrderKey::Number(number)).await {
            Ok(order) => order,
            Err(_) => return Code::Unclear,
        };
        let is_theirs = |order: &Order| order.terms.terminal == self.terminal.terminal_sn;
        let Some(order) = order.filter(|order| theirs == merchant && is_theirs(order)) else {
            return Code::DoesNotExist;
        };
        if order.terms.flow != Flow::CustomerPresented {
            return Code::ScenarioUnsupported;
        }
        let command = Command::Scan { payer_code: payer_code.to_owned() };
        match self.app.gateway.apply(merchant, number, command, None).await {
            Ok(_) => Code::InProgress,
            Err(_) => Code::Unclear,
        }
    }
}

async fn send(socket: &mut WebSocket, frame: String) -> Result<(), Over> {
    match tokio::time::timeout(SEND_WITHIN, socket.send(Message::Text(frame.into()))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Over::Gone),
    }
}
