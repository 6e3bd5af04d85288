//! How an order ended, as the terminal tells it: amounts, and what a card leaves behind.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tillgate_core::{CardKind, Currency, Entry, Money, MoneyError, Slip, Timestamp};

use super::card;
use super::fields::{self as f, FieldSpec};
use super::form::{Fault, Form};
use crate::wire::time;

/// Of the picture, decoded.
pub const SIGNATURE_BYTES: usize = 24 * 1_024;
const PNG_MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A field that is wrong is absent here and named in `faults`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct TerminalResult {
    pub trade_no: String,
    /// Order, tip and cashback together, as sent. Read with [`Self::minor`], like those below.
    pub trans_amount: Option<String>,
    pub tip_amount: Option<String>,
    pub cashback_amount: Option<String>,
    pub slip: Slip,
    pub ended_at: Option<Timestamp>,
    pub signature_png: Option<Vec<u8>>,
    pub faults: Vec<Fault>,
}

/// The picture by its size only.
impl fmt::Debug for TerminalResult {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TerminalResult")
            .field("trade_no", &self.trade_no)
            .field("trans_amount", &self.trans_amount)
            .field("tip_amount", &self.tip_amount)
            .field("cashback_amount", &self.cashback_amount)
            .field("slip", &self.slip)
            .field("ended_at", &self.ended_at)
            .field("signature_bytes", &self.signature_png.as_ref().map(Vec::len))
            .field("faults", &self.faults)
            .finish()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountField {
    Trans,
    Tip,
    Cashback,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    #[error("is missing")]
    Missing,
    /// A number, signed, with an exponent, too long: whatever is not digits and a point in quotes.
    #[error("is not decimal text")]
    NotText,
    #[error(transparent)]
    Decimal(#[from] MoneyError),
}

impl TerminalResult {
    /// Minor units. Tip and cashback are zero if they are absent.
    pub fn minor(&self, field: AmountField, currency: Currency) -> Result<i64, AmountError> {
        let (spec, text) = match field {
            AmountField::Trans => (&f::TRANS_AMOUNT, &self.trans_amount),
            AmountField::Tip => (&f::TIP_AMOUNT, &self.tip_amount),
            AmountField::Cashback => (&f::CASHBACK_AMOUNT, &self.cashback_amount),
        };
        match text {
            Some(text) => Ok(Money::parse_decimal(text, currency)?.minor),
            None if self.faults.iter().any(|fault| fault.field == spec.name) => Err(AmountError::NotText),
            None if field == AmountField::Trans => Err(AmountError::Missing),
            None => Ok(0),
        }
    }

    /// Fails only for a number that could belong to another order.
    pub(super) fn read(biz: &Form<'_>) -> Result<Self, Fault> {
        let trade_no = biz.text(&f::TRADE_NO)?.unwrap_or_default().to_owned();
        let mut reader = Reader { biz, faults: Vec::new() };
        let (first_six, last_four) = reader.card_no();
        let code = reader.text(&f::PROCESSOR_CODE).unwrap_or_default();
        let words = biz.prose(&f::PROCESSOR_MSG);
        let signature_png = reader.signature();
        let slip = Slip {
            brand: biz.prose(&f::PAY_METHOD_ID),
            first_six,
            last_four,
            kind: reader.one_of(&f::CARD_TYPE, card_kind),
            entry: reader.one_of(&f::ENTRY_MODE, entry),
            auth_code: reader.text(&f::AUTH_CODE).unwrap_or_default(),
            ref_no: reader.text(&f::REF_NO).unwrap_or_default(),
            refused: Some((code, words)).filter(|(code, words)| !code.is_empty() || !words.is_empty()),
            is_signed: signature_png.is_some(),
            ..Slip::default()
        };
        Ok(Self {
            trade_no,
            trans_amount: reader.text(&f::TRANS_AMOUNT),
            tip_amount: reader.text(&f::TIP_AMOUNT),
            cashback_amount: reader.text(&f::CASHBACK_AMOUNT),
            slip,
            ended_at: reader.ended_at(),
            signature_png,
            faults: reader.faults,
        })
    }

    /// What the issuer left unsaid the terminal says.
    pub(super) fn says_no(&mut self, code: u16, message: String) {
        let (issuer_code, issuer_words) = self.slip.refused.take().unwrap_or_default();
        let or = |said: String, else_said: String| if said.is_empty() { else_said } else { said };
        self.slip.refused = Some((or(issuer_code, format!("{code:03}")), or(issuer_words, message)));
    }
}

/// Leaves out what is wrong and notes it.
struct Reader<'r, 'a> {
    biz: &'r Form<'a>,
    faults: Vec<Fault>,
}

impl Reader<'_, '_> {
    fn or_fault<T>(&mut self, read: Result<Option<T>, Fault>) -> Option<T> {
        read.unwrap_or_else(|fault| {
            self.faults.push(fault);
            None
        })
    }

    fn text(&mut self, spec: &FieldSpec) -> Option<String> {
        let read = self.biz.text(spec).map(|text| text.map(str::to_owned));
        self.or_fault(read)
    }

    /// A text that means something, or a fault that says why it does not.
    fn meaning<T>(
        &mut self,
        spec: &FieldSpec,
        why: &'static str,
        meaning: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let read = self.biz.text(spec).and_then(|text| match text {
            Some(text) => meaning(text).map(Some).ok_or(Fault { field: spec.name, why }),
            None => Ok(None),
        });
        self.or_fault(read)
    }

    fn one_of<T>(&mut self, spec: &FieldSpec, of: impl Fn(u16) -> Option<T>) -> Option<T> {
        let read = self.biz.integer(spec).and_then(|number| match number {
            Some(number) => {
                of(number).map(Some).ok_or(Fault { field: spec.name, why: "is none of the numbers" })
            }
            None => Ok(None),
        });
        self.or_fault(read)
    }

    fn card_no(&mut self) -> (String, String) {
        self.meaning(&f::CARD_NO, "is no masked number of a card", card::kept).unwrap_or_default()
    }

    fn ended_at(&mut self) -> Option<Timestamp> {
        self.meaning(&f::TRANS_END_TIME, "must be yyyy-MM-dd HH:mm:ss", |text| time::read_spaced(text, 0))
    }

    fn signature(&mut self) -> Option<Vec<u8>> {
        self.meaning(&f::SIGNATURE, "must be a PNG of 24 KiB at most, in base64", |text| {
            let bytes = STANDARD.decode(text).ok()?;
            (bytes.starts_with(PNG_MAGIC) && bytes.len() <= SIGNATURE_BYTES).then_some(bytes)
        })
    }
}

fn card_kind(number: u16) -> Option<CardKind> {
    Some(match number {
        1 => CardKind::Debit,
        2 => CardKind::Credit,
        3 => CardKind::Ebt,
        4 => CardKind::Gift,
        _ => return None,
    })
}

fn entry(number: u16) -> Option<Entry> {
    Some(match number {
        1 => Entry::Swipe,
        2 => Entry::Chip,
        3 => Entry::Contactless,
        4 => Entry::Manual,
        _ => return None,
    })
}
