//! The nonce of an order, the secret of its payment link: the order's number, hidden and sealed, in the shape Latipay's
//! tills know: 6 hex digits, `yyyyMMddHHmmss`
//! in Beijing's time, 30 hex digits.
//!
//! Nothing is stored. The 36 hex digits are merchant (24 bits) and order (52 bits) under a mask, 8 bits of salt, and 60 bits
//! of HMAC over time, salt, merchant and order. The mask is derived from time, salt and that HMAC, so two nonces
//! of one second never share a mask unless they are the same nonce. Whether the order is still payable is the
//! server's question, not ours.

use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use tillgate_core::{MerchantId, OrderNo, Timestamp};

use super::time;

const ORDER_BITS: u32 = 52;
const PAYLOAD_DIGITS: usize = 19;
const SALT_DIGITS: usize = 2;
const TAG_DIGITS: usize = 15;
const HEAD_DIGITS: usize = 6;
const TIME_DIGITS: usize = 14;
/// Characters of a nonce.
pub const LENGTH: usize = PAYLOAD_DIGITS + SALT_DIGITS + TAG_DIGITS + TIME_DIGITS;

/// Seals nonces; one per installation.
pub struct NonceKey(hmac::Key);

impl NonceKey {
    pub fn new(secret: [u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &secret))
    }

    fn digest(&self, parts: &[&[u8]]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(part);
        }
        context.sign()
    }

    /// The first 15 hex digits of the HMAC over what the nonce says.
    fn tag(&self, time: &str, salt: &str, payload: u128) -> String {
        let tag =
            self.digest(&[b"latipay nonce tag", time.as_bytes(), salt.as_bytes(), &payload.to_be_bytes()]);
        hex::encode(&tag.as_ref()[..8])[..TAG_DIGITS].to_owned()
    }

    /// 76 bits to hide the payload with.
    fn mask(&self, time: &str, salt: &str, tag: &str) -> u128 {
        let mask = self.digest(&[b"latipay nonce mask", time.as_bytes(), salt.as_bytes(), tag.as_bytes()]);
        let head = mask.as_ref().iter().take(16).fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        head >> (128 - PAYLOAD_DIGITS * 4)
    }
}

impl fmt::Debug for NonceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NonceKey(…)")
    }
}

/// `salt` is random: two nonces of one order in one second then differ.
pub fn make(key: &NonceKey, merchant: MerchantId, order: OrderNo, now: Timestamp, salt: u8) -> String {
    debug_assert!(merchant.0 <= MerchantId::MAX && (0..1 << ORDER_BITS).contains(&order.0));
    let order_bits = order.0 as u128 & ((1 << ORDER_BITS) - 1);
    let payload = u128::from(merchant.0 & MerchantId::MAX) << ORDER_BITS | order_bits;
    let (time, salt) = (time::compact(now, time::BEIJING_HOURS), format!("{salt:02x}"));
    let tag = key.tag(&time, &salt, payload);
    let hidden = payload ^ key.mask(&time, &salt, &tag);
    let digits = format!("{hidden:0PAYLOAD_DIGITS$x}{salt}{tag}");
    let (head, rest) = digits.split_at(HEAD_DIGITS);
    [head, &time, rest].concat()
}

/// Whose order it is; `None` if we did not make it.
pub fn read(key: &NonceKey, nonce: &str) -> Option<(MerchantId, OrderNo)> {
    let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if nonce.len() != LENGTH || !nonce.bytes().all(lower_hex) {
        return None;
    }
    let (head, rest) = nonce.split_at(HEAD_DIGITS);
    let (time, rest) = rest.split_at(TIME_DIGITS);
    let digits = [head, rest].concat();
    let (hidden, rest) = digits.split_at(PAYLOAD_DIGITS);
    let (salt, tag) = rest.split_at(SALT_DIGITS);
    let payload = u128::from_str_radix(hidden, 16).ok()? ^ key.mask(time, salt, tag);
    let expected = key.tag(time, salt, payload);
    constant_time::verify_slices_are_equal(expected.as_bytes(), tag.as_bytes()).ok()?;
    let merchant = u32::try_from(payload >> ORDER_BITS).ok()?;
    let order = i64::try_from(payload & ((1 << ORDER_BITS) - 1)).ok()?;
    Some((MerchantId(merchant), OrderNo(order)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_523_418_939_000);

    fn key() -> NonceKey {
        NonceKey::new([7; 32])
    }

    #[test]
    fn has_the_shape_tills_know_and_reads_back() {
        for (merchant, order) in [(1, 2018071000000033), (MerchantId::MAX, (1 << 52) - 1), (0, 0)] {
            let nonce = make(&key(), MerchantId(merchant), OrderNo(order), NOW, 5);
            assert_eq!(nonce.len(), 50);
            assert_eq!(&nonce[6..20], "20180411115539");
            assert_eq!(read(&key(), &nonce), Some((MerchantId(merchant), OrderNo(order))));
        }
    }

    #[test]
    fn every_altered_character_is_refused() {
        let nonce = make(&key(), MerchantId(3), OrderNo(2018071000000033), NOW, 5);
        for at in 0..nonce.len() {
            for other in "0123456789abcdefABCDEFxyz é".chars().filter(|c| !nonce[at..].starts_with(*c)) {
                let altered = format!("{}{other}{}", &nonce[..at], &nonce[at + 1..]);
                assert_eq!(read(&key(), &altered), None, "{altered}");
            }
        }
        for bad in ["", &nonce[1..], &format!("{nonce}0"), &nonce.to_uppercase()] {
            assert_eq!(read(&key(), bad), None, "{bad}");
        }
        assert_eq!(read(&NonceKey::new([8; 32]), &nonce), None);
    }

    #[test]
    fn hides_what_it_carries() {
        let all: std::collections::HashSet<String> =
            (0..=255).map(|salt| make(&key(), MerchantId(3), OrderNo(2018071000000033), NOW, salt)).collect();
        assert_eq!(all.len(), 256);
        let heads: std::collections::HashSet<&str> = all.iter().map(|nonce| &nonce[..6]).collect();
        assert!(heads.len() > 250, "the merchant's bits must not show");
        // The next order of the same second and salt shares nothing with its neighbour.
        let (a, b) = (2018071000000033, 2018071000000034);
        let [a, b] = [a, b].map(|order| make(&key(), MerchantId(3), OrderNo(order), NOW, 5));
        assert_ne!(a[..6], b[..6]);
    }
}
