//! From the text of a frame to what a terminal says.

use std::fmt;

use zeroize::Zeroizing;

use super::codes::{CloseCode, Code, MoneyMoved};
use super::encode;
use super::fields as f;
use super::form::{Fault, Form};
use super::result::TerminalResult;
use super::{FRAME_BYTES, Topic};

/// A frame from a terminal. Only [`Self::Init`] says who sent it; the rest is whoever's connection it came on.
#[allow(clippy::large_enum_variant, reason = "one at a time, and answers are what mostly comes")]
pub enum FromTerminal {
    Init {
        request_id: String,
        terminal_sn: String,
        secret: Zeroizing<String>,
        software: String,
    },
    Heartbeat {
        request_id: String,
    },
    Scan {
        request_id: String,
        trade_no: String,
        payer_code: Zeroizing<String>,
    },
    /// To a request of ours, or to none: the caller knows what it has asked.
    Answer {
        topic: Topic,
        request_id: String,
        answer: TerminalAnswer,
    },
    /// A request nobody may send us. Answered with [`unknown_topic`](super::unknown_topic).
    UnknownTopic {
        request_id: String,
        topic: String,
    },
    /// An answer to what we never ask. Not answered: two who answer answers never stop.
    Stray {
        topic: String,
    },
}

/// Without the secret and the payer's code.
impl fmt::Debug for FromTerminal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Init { request_id, terminal_sn, software, secret: _ } => out
                .debug_struct("Init")
                .field("request_id", request_id)
                .field("terminal_sn", terminal_sn)
                .field("software", software)
                .finish_non_exhaustive(),
            Self::Heartbeat { request_id } => {
                out.debug_struct("Heartbeat").field("request_id", request_id).finish()
            }
            Self::Scan { request_id, trade_no, payer_code: _ } => out
                .debug_struct("Scan")
                .field("request_id", request_id)
                .field("trade_no", trade_no)
                .finish_non_exhaustive(),
            Self::Answer { topic, request_id, answer } => out
                .debug_struct("Answer")
                .field("topic", topic)
                .field("request_id", request_id)
                .field("answer", answer)
                .finish(),
            Self::UnknownTopic { request_id, topic } => out
                .debug_struct("UnknownTopic")
                .field("request_id", request_id)
                .field("topic", topic)
                .finish(),
            Self::Stray { topic } => out.debug_struct("Stray").field("topic", topic).finish(),
        }
    }
}

/// A frame that is not a message of this protocol. Says nothing of what stood in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    TooLarge,
    /// Not a JSON object, or a field twice.
    Shape(&'static str),
    /// The envelope, or an answer that cannot be attributed.
    Envelope(Fault),
    /// A request whose sender is known to have meant it: answered, the connection stays.
    Request {
        topic: Topic,
        request_id: String,
        fault: Fault,
    },
}

impl Unreadable {
    /// The answer that goes back instead of a close: 202 with the field's name. `None`: close with
    /// [`Self::close_code`].
    pub fn answer(&self) -> Option<String> {
        match self {
            Self::TooLarge | Self::Shape(_) | Self::Envelope(_) => None,
            Self::Request { topic: Topic::Init, .. } => None,
            Self::Request { topic, request_id, fault } => {
                let message = format!("{} {}", fault.field, fault.why);
                Some(encode::answered(topic.word(), request_id, Code::ParameterError, &message))
            }
        }
    }

    pub fn close_code(&self) -> CloseCode {
        match self {
            Self::TooLarge => CloseCode::TooLarge,
            Self::Request { topic: Topic::Init, .. } => CloseCode::NotKnown,
            Self::Shape(_) | Self::Envelope(_) | Self::Request { .. } => CloseCode::NotReadable,
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(out, "the frame is larger than {FRAME_BYTES} bytes"),
            Self::Shape(why) => write!(out, "the frame {why}"),
            Self::Envelope(fault) | Self::Request { fault, .. } => {
                write!(out, "{} {}", fault.field, fault.why)
            }
        }
    }
}

impl std::error::Error for Unreadable {}

/// Reads one text frame.
pub fn read(text: &str) -> Result<FromTerminal, Unreadable> {
    if text.len() > FRAME_BYTES {
        return Err(Unreadable::TooLarge);
    }
    let frame = Form::read(text).map_err(Unreadable::Shape)?;
    let word = frame.needed(&f::TOPIC).map_err(Unreadable::Envelope)?;
    let request_id = frame.needed(&f::REQUEST_ID).map_err(Unreadable::Envelope)?.to_owned();
    let code = frame.integer(&f::RESPONSE_CODE).map_err(Unreadable::Envelope)?;
    match (Topic::from_word(word), code) {
        (Some(topic), Some(code)) if !topic.is_asked_by_terminal() => {
            let answer =
                TerminalAnswer::read(topic, &request_id, code, &frame).map_err(Unreadable::Envelope)?;
            Ok(FromTerminal::Answer { topic, request_id, answer })
        }
        (_, Some(_)) => Ok(FromTerminal::Stray { topic: word.to_owned() }),
        (Some(topic), None) if topic.is_asked_by_terminal() => request(topic, &request_id, &frame)
            .map_err(|fault| Unreadable::Request { topic, request_id, fault }),
        (_, None) => Ok(FromTerminal::UnknownTopic { request_id, topic: word.to_owned() }),
    }
}

fn request(topic: Topic, request_id: &str, frame: &Form<'_>) -> Result<FromTerminal, Fault> {
    let request_id = request_id.to_owned();
    let biz = frame.object(f::BIZ_DATA.name)?;
    let needed = |spec| biz.needed(spec).map(str::to_owned);
    Ok(match topic {
        Topic::Init => FromTerminal::Init {
            request_id,
            terminal_sn: needed(&f::TERMINAL_SN)?,
            secret: Zeroizing::new(needed(&f::SECRET)?),
            software: biz.prose(&f::SOFTWARE),
        },
        Topic::Scan => FromTerminal::Scan {
            request_id,
            trade_no: needed(&f::TRADE_NO)?,
            payer_code: Zeroizing::new(needed(&f::PAYER_CODE)?),
        },
        Topic::Heartbeat => FromTerminal::Heartbeat { request_id },
        Topic::Order
        | Topic::Query
        | Topic::Close
        | Topic::BatchClose
        | Topic::TipAdjustment
        | Topic::Reprint
        | Topic::Result => FromTerminal::UnknownTopic { request_id, topic: topic.word().to_owned() },
    })
}

/// What a terminal says to a request of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalAnswer {
    /// Of the request it answers.
    pub topic: Topic,
    /// 0 to 999.
    pub code: u16,
    /// The terminal's words.
    pub message: String,
    /// Empty where the answer has none.
    pub result: TerminalResult,
}

/// How the order stands, by an answer to [`Topic::Order`] or [`Topic::Query`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// On the screen.
    InProgress,
    /// The money has moved; [`TerminalAnswer::result`] says how much.
    Done,
    /// No money has moved, for certain.
    NotDone { code: u16, message: String },
    /// Only the acquirer can say.
    DoesNotKnow,
}

/// What became of the order, by an answer to [`Topic::Close`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// Off the screen. No card was charged, none will be.
    Closed,
    /// A card is being charged or was. The result follows.
    TooLate,
    /// The terminal has no such order and will not start it.
    NeverHeardOf,
    DoesNotKnow,
}

impl TerminalAnswer {
    fn read(topic: Topic, request_id: &str, code: u16, frame: &Form<'_>) -> Result<Self, Fault> {
        let message = frame.prose(&f::RESPONSE_MSG);
        let mut result = TerminalResult::read(&frame.object(f::BIZ_DATA.name)?)?;
        if topic == Topic::Order {
            if result.trade_no.is_empty() {
                request_id.clone_into(&mut result.trade_no);
            }
            if result.trade_no != request_id {
                // Of which of the two orders it is the result nobody can say.
                return Err(Fault { field: f::TRADE_NO.name, why: "is not the request_id" });
            }
        }
        let mut answer = Self { topic, code, message, result };
        if let Meaning::NotDone { code, message } = answer.meaning() {
            answer.result.says_no(code, message);
        }
        Ok(answer)
    }

    /// What it says of the order's money. An answer to anything but [`Topic::Order`] and [`Topic::Query`] says nothing
    /// of it: the 000 of a close is no payment.
    pub fn meaning(&self) -> Meaning {
        let code = Code::from_number(self.code).unwrap_or(Code::Unclear);
        let moved = match self.topic {
            Topic::Order | Topic::Query => code.money(self.topic),
            _ => MoneyMoved::Perhaps,
        };
        match moved {
            MoneyMoved::Yes => Meaning::Done,
            MoneyMoved::NotYet => Meaning::InProgress,
            MoneyMoved::Perhaps => Meaning::DoesNotKnow,
            MoneyMoved::No => {
                let said = Some(self.message.as_str()).filter(|said| !said.is_empty());
                Meaning::NotDone { code: self.code, message: said.unwrap_or(code.message()).to_owned() }
            }
        }
    }

    /// Of an answer to [`Topic::Close`].
    pub fn closing(&self) -> Closing {
        match Code::from_number(self.code).filter(|_| self.topic == Topic::Close) {
            Some(Code::Success) => Closing::Closed,
            Some(Code::CloseFailed) => Closing::TooLate,
            Some(Code::DoesNotExist) => Closing::NeverHeardOf,
            _ => Closing::DoesNotKnow,
        }
    }

    /// Of an answer to [`Topic::Query`] or [`Topic::Close`]: the terminal has no such order and will not start it.
    pub fn never_heard_of(&self) -> bool {
        matches!(self.topic, Topic::Query | Topic::Close) && self.code == Code::DoesNotExist.number()
    }

    /// The terminal has done what it was told: an answer to a result, a batch, a tip, a receipt.
    pub fn is_done(&self) -> bool {
        self.code == Code::Success.number()
    }
}
