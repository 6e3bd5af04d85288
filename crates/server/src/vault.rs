//! Secrets at rest: sealed with AES-256-GCM under the master key, bound to where they belong.

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf;
use zeroize::Zeroizing;

use crate::random;

const NONCE_BYTES: usize = 12;

/// The master key and what is derived from it.
pub struct Vault {
    sealing: RandomizedNonceKey,
    nonces: Zeroizing<[u8; 32]>,
    forms: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// `master`: 32 bytes as 64 hex digits.
    pub fn new(master: &str) -> Result<Self> {
        let master = Zeroizing::new(hex::decode(master.trim()).context("the master key is not hex")?);
        if master.len() != 32 {
            bail!("the master key has {} bytes, not 32", master.len());
        }
        let sealing = derive(&master, b"tillgate seal v1")?;
        let sealing = RandomizedNonceKey::new(&AES_256_GCM, &*sealing)
            .map_err(|_| anyhow::anyhow!("bad master key"))?;
        Ok(Self {
            sealing,
            nonces: derive(&master, b"tillgate nonces v1")?,
            forms: derive(&master, b"tillgate forms v1")?,
        })
    }

    /// Reads the key file; `create` makes one that only its owner can read.
    pub fn open(path: &Path, create: bool) -> Result<Self> {
        if create && !path.exists() {
            write_private(path, &random::hex::<32>())
                .with_context(|| format!("writing {}", path.display()))?;
        }
        let text = Zeroizing::new(
            std::fs::read_to_string(path)
                .with_context(|| format!("reading the master key {}", path.display()))?,
        );
        Self::new(&text)
    }

    /// `place` says what the secret is for; it opens nowhere else.
    pub fn seal(&self, place: &str, secret: &str) -> Result<Vec<u8>> {
        let mut sealed = secret.as_bytes().to_vec();
        let nonce = self
            .sealing
            .seal_in_place_append_tag(Aad::from(place.as_bytes()), &mut sealed)
            .map_err(|_| anyhow::anyhow!("sealing failed"))?;
        let mut all = nonce.as_ref().to_vec();
        all.append(&mut sealed);
        Ok(all)
    }

    pub fn open_sealed(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<String>> {
        let wrong = || anyhow::anyhow!("a secret of {place} does not open: another master key?");
        let (nonce, rest) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(wrong)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let mut rest = Zeroizing::new(rest.to_vec());
        let plain =
            self.sealing.open_in_place(nonce, Aad::from(place.as_bytes()), &mut rest).map_err(|_| wrong())?;
        Ok(Zeroizing::new(String::from_utf8(plain.to_vec()).map_err(|_| wrong())?))
    }

    /// Key of the payment links' nonces.
    pub fn nonce_key(&self) -> [u8; 32] {
        *self.nonces
    }

    /// Key of the forms' tokens on our own pages.
    pub fn form_key(&self) -> [u8; 32] {
        *self.forms
    }
}

struct Length;

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

fn derive(master: &[u8], purpose: &[u8]) -> Result<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"tillgate")
        .extract(master)
        .expand(&[purpose], Length)
        .and_then(|okm| okm.fill(&mut *key))
        .map_err(|_| anyhow::anyhow!("key derivation failed"))?;
    Ok(key)
}

/// Whole or not at all: a key that is half written would seal nothing that opens again.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let unfinished = path.with_extension("unfinished");
    let _ = std::fs::remove_file(&unfinished);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    // The folder too, or a power cut may leave a database without its key.
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => std::fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_only_where_it_belongs() {
        let vault = Vault::new(&"ab".repeat(32)).unwrap();
        let sealed = vault.seal("latipay/U1", "111222333").unwrap();
        assert!(!sealed.windows(9).any(|window| window == b"111222333"));
        assert_eq!(&*vault.open_sealed("latipay/U1", &sealed).unwrap(), "111222333");
        assert!(vault.open_sealed("latipay/U2", &sealed).is_err());
        assert!(Vault::new(&"cd".repeat(32)).unwrap().open_sealed("latipay/U1", &sealed).is_err());
        assert!(vault.open_sealed("latipay/U1", &sealed[..10]).is_err());
        assert!(Vault::new("abc").is_err() && Vault::new("abcd").is_err());
    }
}
