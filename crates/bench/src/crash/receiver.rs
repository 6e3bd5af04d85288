//! The merchant's end of notifications. It lives in this process, so that it survives the gateway.

use std::cell::RefCell;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use tillgate_protocols::latipay::client;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::book::{Book, Notice};
use crate::dice::Dice;
use crate::till::Till;

/// Of a hundred notifications so many are answered 500, and come again after the retry delay.
const TROUBLE_PERCENT: u64 = 1;

/// Serves from now on; gives its address.
pub async fn start(book: Rc<RefCell<Book>>, mut dice: Dice) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::task::spawn_local(serve(stream, book.clone(), dice.fork()));
        }
    });
    Ok(address)
}

/// An error is the gateway's death; there is nobody to tell.
async fn serve(mut stream: TcpStream, book: Rc<RefCell<Book>>, mut dice: Dice) -> io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let Some((start, length)) = head(&buffer) else {
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
        let answer: &[u8] = if dice.percent(TROUBLE_PERCENT) {
            b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"
        } else {
            record(&mut book.borrow_mut(), &body);
            b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nsent"
        };
        stream.write_all(answer).await?;
    }
}

/// Where the body starts and how long it is, once the header is whole.
fn head(bytes: &[u8]) -> Option<(usize, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    Some((end + 4, length.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)))
}

fn record(book: &mut Book, body: &str) {
    match client::check_notification(body, &Till::default().key) {
        Ok(fields) => {
            let get = |name| fields.get(name).unwrap_or_default().to_owned();
            let notice = Notice { status: get("status"), amount: get("amount"), currency: get("currency") };
            book.notices.entry(get("merchant_reference")).or_default().push(notice);
        }
        Err(error) => book.complaints.push(format!("a notification that cannot be trusted: {error}: {body}")),
    }
}
