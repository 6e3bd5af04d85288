//! `healthcheck`: for container health checks; no curl needed in the image.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::say;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The admin listener of the gateway.
    #[arg(long, default_value = "127.0.0.1:9090")]
    address: SocketAddr,
}

pub async fn check(args: Args) -> Result<ExitCode> {
    let asked = tokio::time::timeout(Duration::from_secs(3), ask(args.address)).await;
    let status = asked.context("no answer within 3 s")??;
    say(&status);
    Ok(if status.contains(" 200 ") { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn ask(address: SocketAddr) -> Result<String> {
    let mut stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: healthcheck\r\nconnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let text = String::from_utf8_lossy(&answer);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
