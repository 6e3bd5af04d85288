//! A till's connection. The gateway's own fault, and an answer that does not come in time, are like the gateway's death:
//! the request may have had its effect or not, and the till begins anew.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::book::Book;
use crate::client::{Connection, Reply, get, post_json};

/// Longer than any answer is held back on purpose.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Line {
    connection: Connection,
    book: Rc<RefCell<Book>>,
}

impl Line {
    pub async fn open(address: SocketAddr, book: &Rc<RefCell<Book>>) -> io::Result<Self> {
        Ok(Self { connection: Connection::open(address).await?, book: book.clone() })
    }

    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<Reply<'_>> {
        let answer = tokio::time::timeout(PATIENCE, self.connection.exchange(request)).await;
        let Ok(reply) = answer else {
            return Err(fault(&self.book, || format!("no answer to {}", first_line(request))));
        };
        let reply = reply?;
        if reply.status >= 500 && !is_outside(request) {
            let what = || format!("status {} to {}: {}", reply.status, first_line(request), reply.text());
            return Err(fault(&self.book, what));
        }
        Ok(reply)
    }

    pub async fn get(&mut self, path: &str) -> io::Result<Reply<'_>> {
        self.exchange(&get(path)).await
    }

    pub async fn post_json(&mut self, path: &str, body: &str) -> io::Result<Reply<'_>> {
        self.exchange(&post_json(path, body)).await
    }
}

/// The wallets and the issuer have their own troubles, by the rules of the sandbox.
fn is_outside(request: &[u8]) -> bool {
    first_line(request).split(' ').nth(1).is_some_and(|path| path.starts_with("/sandbox/"))
}

fn first_line(request: &[u8]) -> String {
    let end = request.iter().position(|byte| *byte == b'\r').unwrap_or(request.len());
    String::from_utf8_lossy(&request[..end]).into_owned()
}

/// Writes it down; gives what ends the till's work.
pub fn fault(book: &Rc<RefCell<Book>>, what: impl FnOnce() -> String) -> io::Error {
    let mut book = book.borrow_mut();
    book.faults.count += 1;
    if book.faults.first.len() < FAULTS_SHOWN {
        book.faults.first.push(what().chars().take(FAULT_SHOWN).collect());
    }
    io::Error::other("the gateway's fault")
}

const FAULTS_SHOWN: usize = 5;
/// Characters of one.
const FAULT_SHOWN: usize = 160;
