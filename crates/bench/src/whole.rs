//! A whole payment as a merchant has it: the till charges a payer's code, the wallet pays, the books are written, the
//! merchant is notified and acknowledges it, and the till asks how it ended. Counted when that answer says *paid*.
//!
//! Knows: three exchanges that belong together, the merchant's listener in this process. One notification in
//! [`LOOKED_AT`] has its signature checked.

use std::cell::RefCell;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tillgate_protocols::latipay::client::check_notification;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::LocalSet;

use crate::client::{Connection, get, post_json};
use crate::histogram::Histogram;
use crate::load::{Measured, is_good};
use crate::till::{Sale, Till};
use crate::workloads::{Act, Counter, Ready};

const CHARGED: &str = r#""code":0"#;
const PAID: &str = r#""status":"paid""#;
/// Longer than that a notification is missed.
const TOLD_WITHIN: Duration = Duration::from_secs(10);
const LOOKED_AT: usize = 64;
const ACKNOWLEDGED: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nsent";

/// A charge, and the question how it ended.
struct Payment {
    charge: Vec<u8>,
    query: Vec<u8>,
}

/// Payments by their place; whoever waits for the notification of one.
#[derive(Default)]
struct Shop {
    payments: Vec<Payment>,
    next: usize,
    waiting: Vec<Option<oneshot::Sender<()>>>,
    wrong: Vec<String>,
}

type Shared = Rc<RefCell<Shop>>;

/// Pays until the time is up or nothing is left.
pub fn prepare(address: SocketAddr, act: Act, counter: &mut Counter) -> Result<Ready> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let shop = shop(listener.local_addr()?, act.count, counter);
    Ok(Box::new(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, pay(address, listener, shop, act))
    }))
}

async fn pay(address: SocketAddr, listener: std::net::TcpListener, shop: Shop, act: Act) -> Result<Measured> {
    let shop = Rc::new(RefCell::new(shop));
    tokio::task::spawn_local(listen(TcpListener::from_std(listener)?, shop.clone()));
    let mut lines = Vec::new();
    for _ in 0..act.connections {
        lines.push(Connection::open(address).await?);
    }
    let started = Instant::now();
    let tills: Vec<_> = lines
        .into_iter()
        .map(|line| tokio::task::spawn_local(till(line, shop.clone(), started + act.limit)))
        .collect();
    let mut measured = Measured::default();
    for till in tills {
        measured.latency.merge(&till.await?);
    }
    measured.elapsed = started.elapsed();
    for what in std::mem::take(&mut shop.borrow_mut().wrong) {
        measured.note_wrong(what);
    }
    Ok(measured)
}

/// Signed beforehand; each is notified under its own path.
fn shop(listens: SocketAddr, count: usize, counter: &mut Counter) -> Shop {
    let till = Till::default();
    let payments = (0..count).map(|place| {
        let reference = counter.reference();
        let sale = Sale {
            reference: &reference,
            wallet_id: "W00000001",
            amount: "12.00",
            method: "",
            callback_url: &format!("http://{listens}/{place}"),
        };
        let pay_code = format!("28{:016}", counter.number());
        let charge = post_json("/barcode", &till.bar_code(sale, &pay_code));
        Payment { charge, query: get(&till.query(&reference)) }
    });
    let payments: Vec<Payment> = payments.collect();
    let waiting = payments.iter().map(|_| None).collect();
    Shop { payments, waiting, ..Shop::default() }
}

async fn till(mut line: Connection, shop: Shared, deadline: Instant) -> Histogram {
    let mut latency = Histogram::default();
    loop {
        let sent = Instant::now();
        let place = shop.borrow().next;
        if sent >= deadline || place >= shop.borrow().payments.len() {
            return latency;
        }
        shop.borrow_mut().next += 1;
        match one(&mut line, &shop, place).await {
            Ok(None) => latency.record(sent.elapsed()),
            Ok(Some(wrong)) => shop.borrow_mut().wrong.push(wrong),
            Err(error) => {
                shop.borrow_mut().wrong.push(format!("the connection broke: {error}"));
                return latency;
            }
        }
    }
}

/// What was wrong with it.
async fn one(line: &mut Connection, shop: &Shared, place: usize) -> io::Result<Option<String>> {
    let (told, is_told) = oneshot::channel();
    let Payment { charge, query } = {
        let mut shop = shop.borrow_mut();
        shop.waiting[place] = Some(told);
        let payment = &mut shop.payments[place];
        Payment { charge: std::mem::take(&mut payment.charge), query: std::mem::take(&mut payment.query) }
    };
    let reply = line.exchange(&charge).await?;
    if !is_good(&reply, CHARGED) {
        return Ok(Some(format!("the charge was answered {}", reply.text())));
    }
    if !matches!(tokio::time::timeout(TOLD_WITHIN, is_told).await, Ok(Ok(()))) {
        return Ok(Some("nobody was notified".into()));
    }
    let reply = line.exchange(&query).await?;
    let is_paid = is_good(&reply, CHARGED) && is_good(&reply, PAID);
    Ok((!is_paid).then(|| format!("the question was answered {}", reply.text())))
}

async fn listen(listener: TcpListener, shop: Shared) {
    while let Ok((stream, _)) = listener.accept().await {
        let shop = shop.clone();
        tokio::task::spawn_local(async move {
            // An error is the end of the gateway's connection; there is nobody to tell.
            let _ = take(stream, shop).await;
        });
    }
}

/// Acknowledges what the gateway tells, and wakes the till whose payment it is.
async fn take(mut stream: TcpStream, shop: Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    loop {
        let Some((place, start, length)) =
            head(&buffer).filter(|(_, start, length)| buffer.len() >= start + length)
        else {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
            continue;
        };
        let body = String::from_utf8_lossy(&buffer[start..start + length]).into_owned();
        buffer.drain(..start + length);
        stream.write_all(ACKNOWLEDGED).await?;
        let mut shop = shop.borrow_mut();
        if !body.contains("status=paid") {
            shop.wrong.push(format!("it was told {body}"));
        } else if place % LOOKED_AT == 0
            && let Err(error) = check_notification(&body, &Till::default().key)
        {
            shop.wrong.push(format!("a notification: {error}"));
        } else if let Some(told) = shop.waiting.get_mut(place).and_then(Option::take) {
            let _ = told.send(());
        }
    }
}

/// Once the header is whole: which payment it is about, where the body begins, its length.
fn head(bytes: &[u8]) -> Option<(usize, usize, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..end]).ok()?;
    let place = text.split(' ').nth(1)?.trim_start_matches('/').parse().ok()?;
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?.1;
    Some((place, end + 4, length.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_is_read_when_its_head_is_whole() {
        let message = b"POST /12 HTTP/1.1\r\nhost: x\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(head(message), Some((12, message.len() - 3, 3)));
        assert_eq!(head(&message[..30]), None);
    }
}
