//! Pairing, the one thing said over HTTP: a code from the back office for a secret.

use std::fmt;

use zeroize::Zeroizing;

use super::encode::Object;
use super::fields as f;
use super::form::{Fault, Form};
use super::{FRAME_BYTES, Unreadable};

/// `POST /terminal/v1/pair`.
#[derive(Clone, PartialEq, Eq)]
pub struct PairRequest {
    pub terminal_sn: String,
    /// Eight digits.
    pub pairing_code: Zeroizing<String>,
}

impl fmt::Debug for PairRequest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PairRequest").field("terminal_sn", &self.terminal_sn).finish_non_exhaustive()
    }
}

pub fn read_pair(body: &[u8]) -> Result<PairRequest, Unreadable> {
    if body.len() > FRAME_BYTES {
        return Err(Unreadable::TooLarge);
    }
    let text = std::str::from_utf8(body).map_err(|_| Unreadable::Shape("is not UTF-8"))?;
    let form = Form::read(text).map_err(Unreadable::Shape)?;
    let terminal_sn = form.needed(&f::TERMINAL_SN).map_err(Unreadable::Envelope)?;
    let code = form.needed(&f::PAIRING_CODE).map_err(Unreadable::Envelope)?;
    if code.len() != f::PAIRING_CODE.max || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Unreadable::Envelope(Fault { field: f::PAIRING_CODE.name, why: "must be eight digits" }));
    }
    Ok(PairRequest { terminal_sn: terminal_sn.to_owned(), pairing_code: Zeroizing::new(code.to_owned()) })
}

/// Who the terminal is from now on.
#[derive(Clone, Copy)]
pub struct Paired<'a> {
    pub terminal_sn: &'a str,
    pub secret: &'a str,
    pub merchant_no: &'a str,
    pub store_no: &'a str,
    pub name: &'a str,
}

impl fmt::Debug for Paired<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Paired").field("terminal_sn", &self.terminal_sn).finish_non_exhaustive()
    }
}

/// The body of a 200. Holds the secret: not for logs.
pub fn paired(paired: &Paired<'_>) -> String {
    let mut body = Object::default();
    body.text("terminal_sn", paired.terminal_sn);
    body.text("secret", paired.secret);
    body.text("merchant_no", paired.merchant_no);
    body.text("store_no", paired.store_no);
    body.text("name", paired.name);
    body.json()
}

/// The body of a 403.
pub fn pair_refused(why: &str) -> String {
    let mut body = Object::default();
    body.text("error", why);
    body.json()
}
