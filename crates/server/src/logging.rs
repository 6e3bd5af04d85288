//! Logs for people or machines. Nothing that is logged may hold a key or a text that was signed with one.

use anyhow::Result;
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

pub fn start(log: &Log) -> Result<()> {
    let filter = EnvFilter::try_new(&log.filter)?;
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Human => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("{error}"))
}
