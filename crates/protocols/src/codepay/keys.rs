//! RSA keys of apps and of the gateway, the secret of Basic authentication, AES keys for cards. None of them shows itself.
//!
//! A public key travels as the bare base64 of its SPKI, a private one as the bare base64 of PKCS#8 (Java) or PKCS#1
//! (others). PEM borders and white space around and inside are dropped.

use std::fmt;

use aws_lc_rs::cipher::{
    AES_256, DecryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::constant_time;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{
    self, KeyPair, KeySize, OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_SHA256, RsaParameters,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Larger keys only cost time.
const BITS: std::ops::RangeInclusive<u32> = 2048..=4096;
/// Base64 of the largest private key is shorter.
const TEXT_BYTES: usize = 8_192;

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("is not base64")]
    NotBase64,
    #[error("is not an RSA public key (SPKI)")]
    NotPublic,
    #[error("is not an RSA private key (PKCS#8 or PKCS#1)")]
    NotPrivate,
    #[error("must have 2048 to 4096 bits")]
    Size,
    #[error("is not an AES-256 key (32 bytes in base64 or hexadecimal)")]
    NotAes,
    #[error("cannot be used")]
    Unusable,
}

/// The DER inside bare base64 or PEM.
fn der_of(text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    if text.len() > TEXT_BYTES {
        return Err(KeyError::Size);
    }
    // As large as it can become, so that no copy is left behind when it grows.
    let mut bare = Zeroizing::new(String::with_capacity(text.len()));
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("-----"));
    bare.extend(lines.flat_map(str::chars).filter(|c| !c.is_whitespace()));
    STANDARD.decode(bare.as_bytes()).map(Zeroizing::new).map_err(|_| KeyError::NotBase64)
}

/// The public half of a key pair, parsed once.
#[derive(Clone)]
pub struct PublicKey {
    parsed: ParsedPublicKey,
    spki: Vec<u8>,
}

impl PublicKey {
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let key = rsa::PublicKey::from_der(&der_of(text)?).map_err(|_| KeyError::NotPublic)?;
        Self::of(&key)
    }

    fn of(key: &rsa::PublicKey) -> Result<Self, KeyError> {
        let bits = RsaParameters::public_modulus_len(key.as_ref()).map_err(|_| KeyError::NotPublic)?;
        if !BITS.contains(&bits) {
            return Err(KeyError::Size);
        }
        let spki = key.as_der().map_err(|_| KeyError::NotPublic)?.as_ref().to_vec();
        let parsed = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &spki);
        Ok(Self { parsed: parsed.map_err(|_| KeyError::NotPublic)?, spki })
    }

    /// Bare base64 of the SPKI, whatever the text it was read from looked like.
    pub fn to_text(&self) -> String {
        STANDARD.encode(&self.spki)
    }

    /// SHA256withRSA, PKCS#1 v1.5.
    pub fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(text, signature).is_ok()
    }

    /// The same with SHA-1: what `sign_type` RSA would be. To explain a mistake, never to accept anything.
    pub(super) fn verifies_sha1(&self, text: &[u8], signature: &[u8]) -> bool {
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, &self.spki)
            .is_ok_and(|key| key.verify_sig(text, signature).is_ok())
    }

    /// RSA OAEP, SHA-1 for both of its functions: as many blocks as the text needs. The client's
    /// role; the padding is random.
    pub(super) fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let key = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(&self.spki).ok()?).ok()?;
        let part_bytes = key.max_plaintext_size(&OAEP_SHA1_MGF1SHA1);
        let mut blocks = Vec::new();
        for part in plain.chunks(part_bytes) {
            let mut block = vec![0; key.ciphertext_size()];
            blocks.extend_from_slice(key.encrypt(&OAEP_SHA1_MGF1SHA1, part, &mut block, None).ok()?);
        }
        Some(blocks)
    }

    /// Bytes of a signature.
    pub(super) fn signature_bytes(&self) -> usize {
        let key = rsa::PublicKey::from_der(&self.spki).ok();
        let bits = key.and_then(|key| RsaParameters::public_modulus_len(key.as_ref()).ok());
        bits.map_or(0, |bits| bits.div_ceil(8) as usize)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(…)")
    }
}

/// A key pair that signs and opens: the gateway's, or in the client's role the app's. Wiped from memory when dropped;
/// a clone shares the key.
#[derive(Clone)]
pub struct PrivateKey {
    pair: KeyPair,
    opener: PrivateDecryptingKey,
    public: PublicKey,
}

impl PrivateKey {
    /// PKCS#8 or PKCS#1.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let der = der_of(text)?;
        let pair = KeyPair::from_pkcs8(&der).or_else(|_| KeyPair::from_der(&der));
        Self::of(pair.map_err(|_| KeyError::NotPrivate)?)
    }

    /// A new 2048-bit pair, e = 65537. The room's only use of randomness, and the room itself never calls it.
    pub fn generate() -> Result<Self, KeyError> {
        Self::of(KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Unusable)?)
    }

    /// Signs once, so that signing cannot fail later.
    fn of(pair: KeyPair) -> Result<Self, KeyError> {
        let der = pair.as_der().map_err(|_| KeyError::Unusable)?;
        let opener = PrivateDecryptingKey::from_pkcs8(der.as_ref()).map_err(|_| KeyError::Unusable)?;
        let key = Self { public: PublicKey::of(pair.public_key())?, pair, opener };
        let probe = b"probe";
        let fits = key.sign_bytes(probe).is_some_and(|signature| key.public.verifies(probe, &signature));
        if fits { Ok(key) } else { Err(KeyError::Unusable) }
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Bare base64 of PKCS#8, to be stored encrypted.
    pub fn to_text(&self) -> Zeroizing<String> {
        let der = self.pair.as_der();
        Zeroizing::new(der.map(|der| STANDARD.encode(der.as_ref())).unwrap_or_default())
    }

    /// SHA256withRSA, PKCS#1 v1.5, in base64. The same text gives the same signature.
    pub fn sign(&self, text: &str) -> String {
        STANDARD.encode(self.sign_bytes(text.as_bytes()).unwrap_or_default())
    }

    /// Bytes of a block.
    pub(super) fn block_bytes(&self) -> usize {
        self.pair.public_modulus_len()
    }

    /// Opens a block of RSA OAEP, SHA-1 for both of its functions. `None` whatever is wrong with it.
    pub(super) fn decrypt(&self, block: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let key = OaepPrivateDecryptingKey::new(self.opener.clone()).ok()?;
        let mut plain = Zeroizing::new(vec![0; key.min_output_size()]);
        let length = key.decrypt(&OAEP_SHA1_MGF1SHA1, block, &mut plain, None).ok()?.len();
        plain.truncate(length);
        Some(plain)
    }

    fn sign_bytes(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign_digest(&RSA_PKCS1_SHA256, &digest(&SHA256, text), &mut signature).ok()?;
        Some(signature)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}

/// `user:password` of an app that does not sign.
#[derive(Clone)]
pub struct BasicSecret(Zeroizing<String>);

impl BasicSecret {
    /// `None` if the user has a colon or either is empty.
    pub fn new(user: &str, password: &str) -> Option<Self> {
        let fits = !user.is_empty() && !password.is_empty() && !user.contains(':');
        fits.then(|| Self(Zeroizing::new([user, ":", password].concat())))
    }

    /// `user:password`, to be stored encrypted.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The value of the `Authorization` header.
    pub fn header(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("Basic {}", &*Zeroizing::new(STANDARD.encode(self.0.as_bytes()))))
    }

    /// Whether an `Authorization` header carries it. In constant time.
    pub fn matches(&self, header: &str) -> bool {
        let Some((scheme, credentials)) = header.trim().split_once(' ') else { return false };
        let Ok(sent) = STANDARD.decode(credentials.trim()).map(Zeroizing::new) else { return false };
        let (sent, own) = (digest(&SHA256, &sent), digest(&SHA256, self.0.as_bytes()));
        let is_same = constant_time::verify_slices_are_equal(sent.as_ref(), own.as_ref()).is_ok();
        scheme.eq_ignore_ascii_case("Basic") && is_same
    }
}

impl PartialEq for BasicSecret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(&other.header())
    }
}

impl Eq for BasicSecret {}

impl fmt::Debug for BasicSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BasicSecret(…)")
    }
}

/// What an app encrypts cards with if it does not use the gateway's public key: AES-256, ECB, PKCS7 padding.
#[derive(Clone, PartialEq, Eq)]
pub struct AesKey(Zeroizing<[u8; Self::BYTES]>);

impl AesKey {
    pub const BYTES: usize = 32;

    pub fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Base64 or hexadecimal of the 32 bytes.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let read =
            if text.len() == 2 * Self::BYTES { hex::decode(text).ok() } else { STANDARD.decode(text).ok() };
        let read = Zeroizing::new(read.ok_or(KeyError::NotAes)?);
        let mut bytes = Zeroizing::new([0; Self::BYTES]);
        if read.len() != Self::BYTES {
            return Err(KeyError::NotAes);
        }
        bytes.copy_from_slice(&read);
        Ok(Self(bytes))
    }

    /// Base64, to be stored encrypted.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0.as_slice()))
    }

    fn cipher(&self) -> Option<UnboundCipherKey> {
        UnboundCipherKey::new(&AES_256, &*self.0).ok()
    }

    /// The client's role.
    pub(super) fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        // With room for the padding, so that no copy is left behind when it grows.
        let mut buffer = Vec::with_capacity(plain.len() + 2 * 16);
        buffer.extend_from_slice(plain);
        PaddedBlockEncryptingKey::ecb_pkcs7(self.cipher()?).ok()?.encrypt(&mut buffer).ok()?;
        Some(buffer)
    }

    /// `None` whatever is wrong.
    pub(super) fn decrypt(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut buffer = Zeroizing::new(sealed.to_vec());
        let cipher = PaddedBlockDecryptingKey::ecb_pkcs7(self.cipher()?).ok()?;
        let length = cipher.decrypt(&mut buffer, DecryptionContext::None).ok()?.len();
        buffer.truncate(length);
        Some(buffer)
    }
}

impl fmt::Debug for AesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AesKey(…)")
    }
}
