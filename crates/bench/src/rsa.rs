//! R: what the machine's cores can do of RSA, bare. Each verifies a signature and makes one, over and over, with keys
//! that are loaded; no server, no parsing, no waiting. A request that is signed both ways costs just that and the
//! rest.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};

use crate::histogram::Histogram;
use crate::load::Measured;

/// About as long as what an order's request is signed over, and its answer.
const REQUEST_BYTES: usize = 600;
const ANSWER_BYTES: usize = 250;

pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// One pair of keys for all: the app's and the gateway's are alike.
struct Keys {
    pair: KeyPair,
    public: ParsedPublicKey,
    request: Vec<u8>,
    signature: Vec<u8>,
}

impl Keys {
    fn new() -> Result<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("no key could be made"))?;
        let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
        let public = public.map_err(|_| anyhow!("the public key cannot be read"))?;
        let request = vec![b'r'; REQUEST_BYTES];
        let signature = sign(&pair, &request).context("nothing can be signed")?;
        Ok(Self { pair, public, request, signature })
    }

    /// What one request costs.
    fn both_ways(&self) -> bool {
        let is_right = self.public.verify_sig(&self.request, &self.signature).is_ok();
        is_right && sign(&self.pair, &[b'a'; ANSWER_BYTES]).is_some()
    }
}

fn sign(pair: &KeyPair, text: &[u8]) -> Option<Vec<u8>> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign_digest(&RSA_PKCS1_SHA256, &digest(&SHA256, text), &mut signature).ok()?;
    Some(signature)
}

/// On as many threads as there are cores.
pub fn measure(limit: Duration) -> Result<Measured> {
    let keys = Keys::new()?;
    let started = Instant::now();
    let work = || {
        let (mut latency, mut wrong) = (Histogram::default(), 0);
        loop {
            let begun = Instant::now();
            if begun.duration_since(started) >= limit {
                return (latency, wrong);
            }
            if keys.both_ways() {
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
    fn every_core_verifies_and_signs() {
        let measured = measure(Duration::from_millis(100)).unwrap();
        assert!(measured.latency.count() as usize >= cores());
        assert_eq!(measured.wrong, 0);
    }

    #[test]
    fn a_wrong_signature_is_not_counted() {
        let mut keys = Keys::new().unwrap();
        assert!(keys.both_ways());
        keys.signature[7] ^= 1;
        assert!(!keys.both_ways());
    }
}
