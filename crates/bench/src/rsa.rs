//! R: what the machine's cores can do of RSA, bare. Each verifies a signature and makes one, over and over, with keys
//! that are loaded; no server, no parsing, no waiting. A request that is signed both ways costs just that and the
//! rest. R': the same, and between the two a card is opened.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{
    KeyPair, KeySize, OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};

use crate::histogram::Histogram;
use crate::load::Measured;

/// About as long as what an order's request is signed over, and its answer.
const REQUEST_BYTES: usize = 600;
const ANSWER_BYTES: usize = 250;
/// About as long as a card's JSON text; one block.
const CARD_BYTES: usize = 100;

/// What a request costs of RSA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// A signature verified, one made.
    Signed,
    /// A block opened besides.
    WithCard,
}

pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// One pair of keys for all: the app's and the gateway's are alike.
struct Keys {
    pair: KeyPair,
    public: ParsedPublicKey,
    opener: OaepPrivateDecryptingKey,
    request: Vec<u8>,
    signature: Vec<u8>,
    card: Vec<u8>,
}

impl Keys {
    fn new() -> Result<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("no key could be made"))?;
        let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
        let public = public.map_err(|_| anyhow!("the public key cannot be read"))?;
        let request = vec![b'r'; REQUEST_BYTES];
        let signature = sign(&pair, &request).context("nothing can be signed")?;
        let pkcs8 = pair.as_der().map_err(|_| anyhow!("the key has no form"))?;
        let opener = PrivateDecryptingKey::from_pkcs8(pkcs8.as_ref());
        let opener = opener.map_err(|_| anyhow!("the key opens nothing"))?;
        let card = sealed(opener.public_key()).context("nothing can be encrypted")?;
        let opener = OaepPrivateDecryptingKey::new(opener).map_err(|_| anyhow!("the key opens nothing"))?;
        Ok(Self { pair, public, opener, request, signature, card })
    }

    fn opens_card(&self) -> bool {
        let mut plain = vec![0; self.opener.min_output_size()];
        let opened = self.opener.decrypt(&OAEP_SHA1_MGF1SHA1, &self.card, &mut plain, None);
        opened.is_ok_and(|plain| plain.len() == CARD_BYTES)
    }

    /// What one request costs.
    fn spend(&self, cost: Cost) -> bool {
        let is_right = self.public.verify_sig(&self.request, &self.signature).is_ok();
        let is_open = is_right && (cost == Cost::Signed || self.opens_card());
        is_open && sign(&self.pair, &[b'a'; ANSWER_BYTES]).is_some()
    }
}

/// One block of RSA OAEP, as cards come.
fn sealed(public: PublicEncryptingKey) -> Option<Vec<u8>> {
    let key = OaepPublicEncryptingKey::new(public).ok()?;
    let mut block = vec![0; key.ciphertext_size()];
    key.encrypt(&OAEP_SHA1_MGF1SHA1, &[b'c'; CARD_BYTES], &mut block, None).ok()?;
    Some(block)
}

fn sign(pair: &KeyPair, text: &[u8]) -> Option<Vec<u8>> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign_digest(&RSA_PKCS1_SHA256, &digest(&SHA256, text), &mut signature).ok()?;
    Some(signature)
}

/// On as many threads as there are cores.
pub fn measure(cost: Cost, limit: Duration) -> Result<Measured> {
    let keys = Keys::new()?;
    let started = Instant::now();
    let work = || {
        let (mut latency, mut wrong) = (Histogram::default(), 0);
        loop {
            let begun = Instant::now();
            if begun.duration_since(started) >= limit {
                return (latency, wrong);
            }
            if keys.spend(cost) {
                latency.record(begun.elapsed());
            } else {
                wrong += 1;
            }
        }
    };
    let mut measured = Measured::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores()).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            let Ok((latency, wrong)) = thread.join() else { continue };
            measured.latency.merge(&latency);
            measured.wrong += wrong;
        }
    });
    measured.elapsed = started.elapsed();
    Ok(measured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_core_verifies_opens_and_signs() {
        for cost in [Cost::Signed, Cost::WithCard] {
            let measured = measure(cost, Duration::from_millis(100)).unwrap();
            assert!(measured.latency.count() as usize >= cores());
            assert_eq!(measured.wrong, 0);
        }
    }

    #[test]
    fn a_wrong_signature_or_a_card_that_does_not_open_is_not_counted() {
        let mut keys = Keys::new().unwrap();
        assert!(keys.spend(Cost::Signed) && keys.spend(Cost::WithCard));
        keys.card[9] ^= 1;
        assert!(keys.spend(Cost::Signed) && !keys.spend(Cost::WithCard));
        keys.signature[7] ^= 1;
        assert!(!keys.spend(Cost::Signed));
    }
}
