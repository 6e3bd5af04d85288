//! Which room and which login a command means.

use anyhow::{Context as _, Result, bail};
use tillgate_store::{Credential, Store};

use crate::rooms;

/// A room by the word used on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RoomName {
    Latipay,
    Ottpay,
}

impl RoomName {
    /// The name orders and logins carry in the store.
    pub fn word(self) -> &'static str {
        match self {
            Self::Latipay => rooms::latipay::ROOM,
            Self::Ottpay => rooms::ottpay::ROOM,
        }
    }
}

/// The same where orders are meant. CodePay's merchants, apps and terminals are `codepay …`'s business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum OrderRoom {
    Latipay,
    Ottpay,
    Codepay,
}

impl OrderRoom {
    /// The name orders carry in the store.
    pub fn word(self) -> &'static str {
        match self {
            Self::Latipay => rooms::latipay::ROOM,
            Self::Ottpay => rooms::ottpay::ROOM,
            Self::Codepay => rooms::codepay::ROOM,
        }
    }
}

/// Rooms that one may name, and where each keeps the logins of its merchants.
pub trait Logins: Copy + 'static {
    const ALL: &'static [Self];
    fn directory(self) -> &'static str;
}

impl Logins for RoomName {
    const ALL: &'static [Self] = &[Self::Latipay, Self::Ottpay];

    fn directory(self) -> &'static str {
        self.word()
    }
}

impl Logins for OrderRoom {
    const ALL: &'static [Self] = &[Self::Latipay, Self::Ottpay, Self::Codepay];

    fn directory(self) -> &'static str {
        match self {
            Self::Latipay | Self::Ottpay => self.word(),
            Self::Codepay => rooms::codepay::MERCHANTS,
        }
    }
}

/// The login in the room named, or in whichever room has it.
pub async fn find<R: Logins>(store: &dyn Store, room: Option<R>, login: &str) -> Result<(R, Credential)> {
    if let Some(room) = room {
        let found = store.load_credential(room.directory(), login).await?;
        let found = found.with_context(|| format!("{} has no login {login}", room.directory()))?;
        return Ok((room, found));
    }
    let mut found = Vec::new();
    for room in R::ALL {
        let credential = store.load_credential(room.directory(), login).await?;
        found.extend(credential.map(|credential| (*room, credential)));
    }
    if found.len() > 1 {
        bail!("{login} is a login of several rooms: say which with --room");
    }
    if found.is_empty() && store.load_credential(rooms::codepay::MERCHANTS, login).await?.is_some() {
        bail!("{login} is a merchant of CodePay: tillgate codepay merchant …");
    }
    found.pop().with_context(|| format!("no room has a login {login}"))
}

/// An option that only one room knows.
#[derive(Debug)]
pub struct RoomOption {
    pub room: RoomName,
    pub name: &'static str,
    pub is_given: bool,
}

/// Refuses the other rooms' options by name.
pub fn refuse_foreign(room: RoomName, options: &[RoomOption]) -> Result<()> {
    match options.iter().find(|option| option.is_given && option.room != room) {
        Some(foreign) => {
            bail!("{} is an option of {}, not of {}", foreign.name, foreign.room.word(), room.word())
        }
        None => Ok(()),
    }
}
