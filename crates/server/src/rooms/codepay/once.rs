//! Requests without a time, which whoever sees them could send again: each has its effect once, and is answered the same
//! for 30 days.
//!
//! The claim is stored with what the request begins; the answer when there is one that stays. A request that comes again
//! in between is answered by looking up what it began.

use aws_lc_rs::digest::{SHA256, digest};
use tillgate_core::{CounterRefusal, MerchantId, Refusal};
use tillgate_protocols::codepay::words::TransStatus;
use tillgate_protocols::codepay::{Code, Reject, ReplayKey};
use tillgate_store::{Claim, StoreError};

use super::{Answer, CodePay};
use crate::clock;

const KEPT_S: i64 = 30 * 86_400;

/// How a request stands that may have come before.
#[derive(Debug)]
pub enum Before {
    /// It was answered so.
    Answered(String),
    /// It was begun; this is what it began, in the gateway's words.
    Begun(Claim),
    Never(Claim),
}

impl CodePay {
    pub async fn before(&self, merchant: MerchantId, key: &ReplayKey) -> Result<Before, Reject> {
        let words = format!("{}\n{}\n{}", key.app_id, key.route, key.sign);
        let digest = digest(&SHA256, words.as_bytes()).as_ref().to_vec();
        let known = self.gateway.store.load_claim(merchant, digest.clone()).await.map_err(super::fault)?;
        let claim = Claim { merchant, key: digest, subject: String::new(), at: clock::now() };
        Ok(match known {
            None => Before::Never(claim),
            Some(claimed) => match claimed.answer.and_then(|answer| String::from_utf8(answer).ok()) {
                Some(answer) => Before::Answered(answer),
                None => Before::Begun(Claim { subject: claimed.subject, ..claim }),
            },
        })
    }

    /// Keeps the answer; what was kept first is what is said. An error: it may not have been kept.
    pub async fn kept(&self, claim: Claim, body: String) -> Result<String, StoreError> {
        let forget_before = clock::now().plus_s(-KEPT_S);
        let kept = self.gateway.store.answer_claim(claim, body.clone().into_bytes(), forget_before).await?;
        Ok(String::from_utf8(kept).unwrap_or(body))
    }
}

/// Whether asking again must give the same. What is under way, and a fault of ours, may be asked about again.
pub fn stays(answer: &Answer) -> bool {
    match answer {
        Answer::Payment(view) => view.trans_status != TransStatus::Processing,
        // What is busy now is free later, and the same request is how a merchant asks again.
        Answer::Reject(reject) | Answer::Explained(reject, _) => {
            let busy = Reject::of(&Refusal::AtCounter(CounterRefusal::Busy));
            reject.code != Code::System && *reject != busy
        }
        _ => true,
    }
}

pub fn is_refusal(answer: &Answer) -> bool {
    matches!(answer, Answer::Reject(_) | Answer::Explained(..))
}
