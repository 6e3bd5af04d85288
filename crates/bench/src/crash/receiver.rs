//! The merchant's end of notifications. It lives in this process, so that it survives the gateway.

use std::cell::{OnceCell, RefCell};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use tillgate_protocols::codepay::PublicKey;
use tillgate_protocols::{codepay, latipay, ottpay};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::book::{Book, Notice};
use super::book_ottpay::{CallBack, number_in};
use super::codepay::Told;
use crate::dice::Dice;
use crate::ottpay_till::OttTill;
use crate::till::Till;

/// Of a hundred notifications so many are answered 500, and come again after the retry delay.
const TROUBLE_PERCENT: u64 = 1;

/// What is told, and to whom.
#[derive(Clone)]
pub struct Receiver {
    pub book: Rc<RefCell<Book>>,
    /// Signs CodePay's callbacks; known once the gateway has been asked.
    pub codepay_key: Rc<OnceCell<PublicKey>>,
}

const REFUSED: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";

impl Receiver {
    /// Writes down what was told; gives the answer that acknowledges it.
    fn takes(&self, room: Room, body: &str) -> &'static [u8] {
        let mut book = self.book.borrow_mut();
        match room {
            Room::OttPay => {
                record_ottpay(&mut book, body);
                b"HTTP/1.1 200 OK\r\ncontent-length: 22\r\n\r\n{\"rsp_code\":\"SUCCESS\"}"
            }
            Room::CodePay => {
                record_codepay(&mut book, self.codepay_key.get(), body);
                b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nsuccess"
            }
            Room::Latipay => {
                record(&mut book, body);
                b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nsent"
            }
        }
    }
}

/// Serves from now on; gives its address.
pub async fn start(receiver: Receiver, mut dice: Dice) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::task::spawn_local(serve(stream, receiver.clone(), dice.fork()));
        }
    });
    Ok(address)
}

/// An error is the gateway's death; there is nobody to tell.
async fn serve(mut stream: TcpStream, receiver: Receiver, mut dice: Dice) -> io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let Some(Head { start, length, room }) = head(&buffer) else {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
            continue;
        };
        if buffer.len() < start + length {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
            continue;
        }
        let body = String::from_utf8_lossy(&buffer[start..start + length]).into_owned();
        buffer.drain(..start + length);
        let trouble = dice.percent(TROUBLE_PERCENT);
        let answer = if trouble { REFUSED } else { receiver.takes(room, &body) };
        stream.write_all(answer).await?;
    }
}

struct Head {
    /// Of the body.
    start: usize,
    length: usize,
    room: Room,
}

/// Who is told.
#[derive(Debug, Clone, Copy)]
enum Room {
    Latipay,
    OttPay,
    CodePay,
}

/// Once the header is whole.
fn head(bytes: &[u8]) -> Option<Head> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0);
    let room = match text.split(' ').nth(1) {
        Some("/told/ottpay") => Room::OttPay,
        Some("/told/codepay") => Room::CodePay,
        _ => Room::Latipay,
    };
    Some(Head { start: end + 4, length, room })
}

fn record(book: &mut Book, body: &str) {
    match latipay::client::check_notification(body, &Till::default().key) {
        Ok(fields) => {
            let get = |name| fields.get(name).unwrap_or_default().to_owned();
            let notice = Notice { status: get("status"), amount: get("amount"), currency: get("currency") };
            book.notices.entry(get("merchant_reference")).or_default().push(notice);
        }
        Err(error) => book.complaints.push(format!("a notification that cannot be trusted: {error}: {body}")),
    }
}

fn record_ottpay(book: &mut Book, body: &str) {
    match ottpay::client::check_notification(body, &OttTill::default().key) {
        Ok(fields) => {
            let get = |name| fields.get(name).unwrap_or_default().to_owned();
            let number = number_in(&get("bizpay_order_id")).to_owned();
            let callback =
                CallBack { status: get("order_status"), amount: get("amount"), tip: get("tip"), number };
            book.ottpay.callbacks.entry(get("order_id")).or_default().push(callback);
        }
        Err(error) => book.complaints.push(format!("a callback that cannot be trusted: {error}: {body}")),
    }
}

fn record_codepay(book: &mut Book, key: Option<&PublicKey>, body: &str) {
    let Some(key) = key else {
        book.complaints.push(format!("codepay: a callback before the gateway was ever asked: {body}"));
        return;
    };
    match codepay::client::check_notification(body.as_bytes(), key) {
        Ok(fields) => {
            let get = |name| fields.get(name).unwrap_or_default().to_owned();
            let told =
                Told { status: get("trans_status"), amount: get("order_amount"), trans_no: get("trans_no") };
            book.codepay.callbacks.entry(get("merchant_order_no")).or_default().push(told);
        }
        Err(error) => {
            book.complaints.push(format!("codepay: a callback that cannot be trusted: {error}: {body}"));
        }
    }
}
