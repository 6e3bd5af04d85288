//! The `card` of pay.merchant.checkout: encrypted by the merchant, opened here, checked, handed on.
//!
//! Knows: both ways it is encrypted, and the JSON text inside. Deliberately does not know: the acquirer, or where a card
//! may go; whoever opens one must forget it.
//!
//! A [`SealedCard`] comes out of [`Opened::decode`](super::Opened::decode) only, so its request's signature has been
//! checked before anything is decrypted. It owns what it needs: opening takes an RSA operation for each block and
//! belongs into a pool of workers.
//!
//! # What a failure tells
//! Whatever keeps the text from being read (wrong key, cut, padded, re-ordered, too long, bad base64, no JSON, a name twice or
//! one nobody knows) is one answer that names `card`; all blocks are opened even if the first does not. What is said of a number,
//! a date or a code is said of a text that its sender did encrypt for us.

use std::borrow::Cow;
use std::fmt;

use tillgate_core::Timestamp;
use zeroize::Zeroizing;

use super::codes::{Code, Reject};
use super::fields::{CARD, ENC_TYPE};
use super::keys::{AesKey, PrivateKey};
use super::sign::read_signature as read_base64;
use crate::wire::card::{CardData, CardError, Flaw, Typed};
use crate::wire::json::{Value, read_object};

/// Blocks of an encrypted card: far more than its text needs.
const BLOCKS: usize = 4;
/// Bytes of the text.
const TEXT_BYTES: usize = 1_024;

/// How a card is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// RSA OAEP (SHA-1, MGF1 with SHA-1) for the gateway's public key, a block for each 214 bytes.
    Rsa,
    /// AES-256-ECB with PKCS7 padding, with a key of the app.
    Aes,
}

impl Encryption {
    pub const ALL: [Self; 2] = [Self::Rsa, Self::Aes];

    /// `enc_type`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::Aes => "AES",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }
}

#[derive(Clone, PartialEq, Eq)]
enum Form {
    Sealed(Encryption, String),
    Plain(Zeroizing<String>),
}

/// A card as it was sent.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedCard(Form);

impl fmt::Debug for SealedCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedCard(…)")
    }
}

/// What opens a card.
#[derive(Debug, Clone, Copy)]
pub struct CardKeys<'k> {
    /// The gateway's.
    pub private: &'k PrivateKey,
    /// [`App::aes_key`](super::App::aes_key).
    pub aes: Option<&'k AesKey>,
    /// Whether a card may come without encryption: in a sandbox only.
    pub allows_plain: bool,
}

impl SealedCard {
    /// `card` and `enc_type` of a request.
    pub(super) fn read(card: &str, enc_type: &str) -> Result<Self, Reject> {
        if card.trim_start().starts_with('{') {
            if !enc_type.is_empty() {
                return Err(Reject::invalid(ENC_TYPE, "is for an encrypted card"));
            }
            return Ok(Self(Form::Plain(Zeroizing::new(card.to_owned()))));
        }
        let encryption = Encryption::from_word(enc_type).unwrap_or(Encryption::Rsa);
        Ok(Self(Form::Sealed(encryption, card.split_ascii_whitespace().collect())))
    }

    pub fn is_plain(&self) -> bool {
        matches!(self.0, Form::Plain(_))
    }

    /// What the merchant encrypted, if it can be a card.
    pub fn open(&self, keys: CardKeys<'_>, now: Timestamp) -> Result<CardData, Reject> {
        let text = match &self.0 {
            Form::Plain(_) if !keys.allows_plain => {
                return Err(Reject::invalid(CARD, "must be encrypted with the gateway's public key"));
            }
            Form::Plain(text) => Some(Zeroizing::new(text.as_bytes().to_vec())),
            Form::Sealed(Encryption::Rsa, text) => open_blocks(text, keys.private),
            Form::Sealed(Encryption::Aes, text) => {
                let none = || Reject::invalid(ENC_TYPE, "AES needs a key for cards, and this app has none");
                let key = keys.aes.ok_or_else(none)?;
                let sealed = read_base64(text).filter(|sealed| sealed.len() <= TEXT_BYTES + 16);
                sealed.and_then(|sealed| key.decrypt(&sealed))
            }
        };
        let typed = text.filter(|text| text.len() <= TEXT_BYTES).and_then(|text| read(&text));
        let typed = typed.ok_or_else(|| Reject::invalid(CARD, "cannot be opened or read"))?;
        CardData::checked(typed, now).map_err(reject)
    }
}

/// All of the blocks, or none; each is opened whatever became of the others.
fn open_blocks(text: &str, key: &PrivateKey) -> Option<Zeroizing<Vec<u8>>> {
    let sealed = read_base64(text)?;
    let size = key.block_bytes();
    let fits = !sealed.is_empty() && sealed.len().is_multiple_of(size) && sealed.len() / size <= BLOCKS;
    let blocks = if fits { sealed.chunks(size) } else { [].chunks(size) };
    // As large as it can become, so that no copy is left behind when it grows.
    let mut plain = Zeroizing::new(Vec::with_capacity(BLOCKS * size));
    let mut is_open = fits;
    for block in blocks {
        match key.decrypt(block) {
            Some(part) => plain.extend_from_slice(&part),
            None => is_open = false,
        }
    }
    is_open.then_some(plain)
}

/// The JSON text of a card.
fn read(text: &[u8]) -> Option<Typed> {
    let mut typed = Typed::default();
    for field in read_object(text).ok()? {
        let value = match field.value {
            // Only a name has a use for escapes, which leave a copy in the reader.
            Value::Text(Cow::Owned(_)) if field.name != "holder" => return None,
            Value::Text(Cow::Owned(text)) => Zeroizing::new(text),
            Value::Text(Cow::Borrowed(text)) | Value::Number(text) => Zeroizing::new(text.to_owned()),
            Value::Null => Zeroizing::default(),
            Value::Bool(_) | Value::Nested(_) => return None,
        };
        let part = match &*field.name {
            "pan" => &mut typed.pan,
            "holder" => &mut typed.holder,
            "cvv" => &mut typed.cvv,
            "expiry" => &mut typed.expiry,
            "card_type" => &mut typed.card_type,
            _ => return None,
        };
        *part = value;
    }
    Some(typed)
}

fn reject(error: CardError) -> Reject {
    let code = if error.what == Flaw::Missing { Code::Missing } else { Code::Invalid };
    Reject::field(code, &format!("{CARD}.{}", error.field.name()), error.what)
}
