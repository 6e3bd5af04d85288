//! The issuer's page behind a challenge's number: what it shows, and what an answer does.
//!
//! Knows: that a challenge ends once, whoever answers it and however often. Deliberately does not know: HTML, browsers.

use std::io;

use super::books::Books;
use super::desk;
use super::issuer::{ChallengeAnswer, ChallengeState, ChallengeView, end_by};
use super::record::Record;
use crate::money;

pub fn view(books: &mut Books, id: &str, now_ms: i64) -> io::Result<Option<ChallengeView>> {
    Ok(current(books, id, now_ms)?.and_then(shown))
}

pub fn answer(
    books: &mut Books,
    id: &str,
    answer: &ChallengeAnswer,
    now_ms: i64,
) -> io::Result<Option<ChallengeState>> {
    let Some(record) = current(books, id, now_ms)? else { return Ok(None) };
    let Some(challenge) = record.challenge.clone() else { return Ok(None) };
    let done = ChallengeState::Done { return_url: challenge.return_url.clone() };
    if challenge.is_over {
        return Ok(Some(done));
    }
    let (changed, state) = match end_by(&challenge, answer) {
        Some(end) => (desk::after(record, end, now_ms), done),
        None => {
            let tries_left = challenge.tries_left.saturating_sub(1);
            let mut changed = record.clone();
            if let Some(challenge) = &mut changed.challenge {
                challenge.tries_left = tries_left;
            }
            (changed, ChallengeState::Again { tries_left })
        }
    };
    books.save(vec![changed])?;
    Ok(Some(state))
}

/// The record, given up if its time is over.
fn current<'a>(books: &'a mut Books, id: &str, now_ms: i64) -> io::Result<Option<&'a Record>> {
    if let Some(position) = books.by_challenge(id).map(|record| record.position) {
        desk::give_up(books, position, now_ms)?;
    }
    Ok(books.by_challenge(id))
}

fn shown(record: &Record) -> Option<ChallengeView> {
    let challenge = record.challenge.as_ref()?;
    let card = record.card.as_ref()?;
    let terms = &record.terms;
    Some(ChallengeView {
        seller: challenge.seller.clone(),
        amount: money::print(terms.amount_minor, money::digits(&terms.currency)),
        currency: terms.currency.clone(),
        brand: card.brand.clone(),
        last_four: card.last_four.clone(),
        tries_left: challenge.tries_left,
        is_over: challenge.is_over,
        return_url: challenge.return_url.clone(),
    })
}
