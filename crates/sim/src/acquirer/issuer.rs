//! The cards' issuer, who may want to hear from the payer himself (3-D Secure): by test card, what he says; on his
//! page, what the payer answers.
//!
//! Knows: how an online payer is asked and how that ends. Deliberately does not know: what the page looks like, how
//! money is reserved (`desk`). What the authorization will say is decided before the payer is asked, while the card is
//! there: of it nothing is kept but brand, six and four digits.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};

use super::record::Record;
use super::refusal::Refusal;
use super::test_cards::Enrolment;

/// The code the issuer has sent to every payer's telephone.
pub const TEST_CODE: &str = "1234";
/// The issuer gives a payer up this long after he was asked for.
pub const CHALLENGE_MS: i64 = 600_000;
/// Wrong codes that are one too many.
pub const TRIES: u8 = 3;

/// How a payer online proved who he is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authentication {
    /// He was at a terminal, or was not asked for yet.
    #[default]
    None,
    /// The issuer knew him without asking.
    Frictionless,
    /// He was asked, and it was he.
    Challenge,
    /// The issuer could not be asked.
    Attempted,
    /// The card takes no part.
    NotEnrolled,
    /// It was not he, or he did not say.
    Failed,
}

impl Authentication {
    /// The word in answers, empty for none.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Frictionless => "frictionless",
            Self::Challenge => "challenge",
            Self::Attempted => "attempted",
            Self::NotEnrolled => "not_enrolled",
            Self::Failed => "failed",
        }
    }
}

/// The issuer and his pages, as this acquirer reaches them.
#[derive(Clone)]
pub struct Issuer {
    /// Makes numbers of challenges that nobody guesses.
    key: hmac::Key,
    /// A challenge's number is added to it.
    pages: String,
}

impl Issuer {
    pub fn new(pages: &str, secret: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        Self { key, pages: format!("{}/", pages.trim_end_matches('/')) }
    }

    fn id(&self, trade_no: &str) -> String {
        let tag = hmac::sign(&self.key, format!("challenge {trade_no}").as_bytes());
        hex::encode(&tag.as_ref()[..16])
    }

    /// Where the payer answers it.
    pub fn url(&self, challenge: &Challenge) -> String {
        format!("{}{}", self.pages, challenge.id)
    }

    /// Asks for the payer of a new record, if his card's issuer wants that. `then` is what the authorization says once
    /// it is sure that it is he; the refusal is of the issuer himself.
    pub fn authenticate(
        &self,
        record: &mut Record,
        (enrolment, payer): (Enrolment, &Payer),
        then: Option<Refusal>,
        now_ms: i64,
    ) -> Result<(), Refusal> {
        record.authentication = match enrolment {
            Enrolment::Known => Authentication::Frictionless,
            Enrolment::NotEnrolled => Authentication::NotEnrolled,
            Enrolment::ServerDown => Authentication::Attempted,
            Enrolment::Refused => {
                record.authentication = Authentication::Failed;
                return Err(Refusal::AuthenticationFailed);
            }
            Enrolment::Challenged => {
                record.challenge = Some(Challenge {
                    id: self.id(&record.terms.trade_no),
                    seller: payer.seller.clone(),
                    return_url: payer.return_url.clone(),
                    until_ms: now_ms.saturating_add(CHALLENGE_MS),
                    tries_left: TRIES,
                    then,
                    is_over: false,
                });
                return Ok(());
            }
        };
        then.map_or(Ok(()), Err)
    }
}

/// What is known of a payer online besides his card, as long as he is there.
#[derive(Debug)]
pub struct Payer {
    pub seller: String,
    pub return_url: String,
}

/// A payer who is asked for, kept over a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    pub id: String,
    pub seller: String,
    /// Where his browser goes when it is over.
    pub return_url: String,
    pub until_ms: i64,
    pub tries_left: u8,
    /// What the authorization says after it; `None`: approved.
    pub then: Option<Refusal>,
    pub is_over: bool,
}

/// What the payer does on the issuer's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChallengeAnswer {
    Code(String),
    Cancel,
    /// The issuer is to find that it is not he: a button for tests.
    Fail,
}

/// What comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChallengeState {
    /// The code was wrong.
    Again { tries_left: u8 },
    /// It is over, now or before: the browser goes back.
    Done { return_url: String },
}

/// How a challenge ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Passed,
    Refused(Refusal),
}

/// What the issuer's page shows. It holds what a payer knows of his own card, no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChallengeView {
    pub seller: String,
    /// `12.50`.
    pub amount: String,
    pub currency: String,
    pub brand: String,
    /// `1091`
    pub last_four: String,
    pub tries_left: u8,
    pub is_over: bool,
    pub return_url: String,
}

/// The end an answer brings; `None` if he may try again.
pub fn end_by(challenge: &Challenge, answer: &ChallengeAnswer) -> Option<End> {
    let is_right = |code: &str| verify_slices_are_equal(code.as_bytes(), TEST_CODE.as_bytes()).is_ok();
    match answer {
        ChallengeAnswer::Code(code) if is_right(code.trim()) => Some(End::Passed),
        ChallengeAnswer::Code(_) if challenge.tries_left > 1 => None,
        ChallengeAnswer::Code(_) | ChallengeAnswer::Fail => Some(End::Refused(Refusal::AuthenticationFailed)),
        ChallengeAnswer::Cancel => Some(End::Refused(Refusal::AuthenticationCancelled)),
    }
}
