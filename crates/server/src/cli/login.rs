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
    pub const ALL: [Self; 2] = [Self::Latipay, Self::Ottpay];

    /// The name orders and logins carry in the store.
    pub fn word(self) -> &'static str {
        match self {
            Self::Latipay => rooms::latipay::ROOM,
            Self::Ottpay => rooms::ottpay::ROOM,
        }
    }
}

/// The login in the room named, or in whichever room has it.
pub async fn find(store: &dyn Store, room: Option<RoomName>, login: &str) -> Result<(RoomName, Credential)> {
    if let Some(room) = room {
        let found = store.load_credential(room.word(), login).await?;
        let found = found.with_context(|| format!("{} has no login {login}", room.word()))?;
        return Ok((room, found));
    }
    let mut found = Vec::new();
    for room in RoomName::ALL {
        found.extend(store.load_credential(room.word(), login).await?.map(|credential| (room, credential)));
    }
    if found.len() > 1 {
        bail!("{login} is a login of several rooms: say which with --room");
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
