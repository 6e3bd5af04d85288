//! What stands before the gateways: takes a connection to one after another, past those that do not take it. Knows
//! bytes only. When a gateway dies its connections end, and whoever had them comes again.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;
use tokio::time::timeout;

const CONNECT_WITHIN: Duration = Duration::from_secs(1);

/// Serves from now on; gives its address.
pub async fn start(gateways: Vec<SocketAddr>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let gateways = Rc::new(gateways);
    spawn_local(async move {
        let mut next = 0;
        while let Ok((stream, _)) = listener.accept().await {
            spawn_local(serve(stream, gateways.clone(), next));
            next += 1;
        }
    });
    Ok(address)
}

/// An error is a gateway's death, or a client's leaving: the other side sees it when the connection ends.
async fn serve(mut client: TcpStream, gateways: Rc<Vec<SocketAddr>>, first: usize) -> io::Result<()> {
    client.set_nodelay(true)?;
    for place in first..first + gateways.len() {
        let gateway = TcpStream::connect(gateways[place % gateways.len()]);
        if let Ok(Ok(mut gateway)) = timeout(CONNECT_WITHIN, gateway).await {
            gateway.set_nodelay(true)?;
            return copy_bidirectional(&mut client, &mut gateway).await.map(drop);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::task::LocalSet;

    use super::*;

    async fn says(word: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        spawn_local(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                stream.write_all(word).await.unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn the_dead_are_passed_over() {
        let hear = async |address| {
            let mut heard = Vec::new();
            TcpStream::connect(address).await.unwrap().read_to_end(&mut heard).await.unwrap();
            heard
        };
        let all = async {
            let dead = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
            let address = start(vec![says(b"a").await, dead, says(b"b").await]).await.unwrap();
            let mut heard = Vec::new();
            for _ in 0..6 {
                heard.extend(hear(address).await);
            }
            assert_eq!(heard, b"abbabb");
        };
        LocalSet::new().run_until(all).await;
    }
}
