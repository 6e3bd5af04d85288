//! The same as an operator starts it: one world and two gateways, each a process of its own.

use tempfile::TempDir;
use tillgate_protocols::latipay::{ApiKey, Route, client};

use super::on_postgres;
use crate::cli::{Process, command, free_port, text};
use crate::harness::database::Database;
use crate::harness::http::Http;
use crate::harness::{Answer, KEY, unique};

const USER: &str = "U000334333";

struct Started {
    http: Http,
    nodes: [String; 2],
    /// In the order in which they go.
    _processes: Vec<Process>,
    _folder: TempDir,
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn starts(args: &[&str], environment: &[(&str, &str)], port: u16) -> Process {
    let mut process = Process::start(command(args).envs(environment.iter().copied()));
    process.waits_for(port);
    process
}

impl Started {
    fn new() -> Self {
        let Database::Server(database) = Database::on_a_server() else { unreachable!("it is a server's") };
        let master_key = "5a".repeat(32);
        let environment = [("TILLGATE_DATABASE", &*database), ("TILLGATE_MASTER_KEY", &*master_key)];
        let folder = tempfile::tempdir().unwrap();
        let [world, a, b] = [free_port(), free_port(), free_port()];
        let (world_url, nodes) = (url(world), [url(a), url(b)]);
        let listen = format!("127.0.0.1:{world}");
        let data = folder.path().join("world");
        let sim = ["sim", "world", "--listen", &listen, "--node", &nodes[0], "--node", &nodes[1]];
        let sim = starts(&[&sim[..], &["--data-dir", text(&data)]].concat(), &[], world);
        let gateway = |name: &str, port: u16| {
            let data = folder.path().join(name);
            let (listen, admin) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{}", free_port()));
            let own = ["--data-dir", text(&data), "--listen", &listen, "--admin-listen", &admin];
            let args = [&["sandbox", "--world", &world_url][..], &own].concat();
            starts(&args, &environment, port)
        };
        let processes = vec![gateway("a", a), gateway("b", b), sim];
        Self { http: Http::default(), nodes, _processes: processes, _folder: folder }
    }

    async fn orders_at(&self, node: &str, reference: &str) -> Answer {
        let fields = [
            ("user_id", USER),
            ("wallet_id", "W00000001"),
            ("amount", "12.00"),
            ("payment_method", "alipay"),
            ("merchant_reference", reference),
            ("return_url", ""),
            ("callback_url", &format!("{node}/sandbox/receiver/notify")),
            ("ip", "122.122.122.1"),
            ("version", "2.0"),
            ("product_name", "Feijoa"),
            ("host_type", "1"),
        ];
        let body = client::signed_body(Route::Transaction, &fields, &ApiKey::new(KEY));
        self.http.post_json(&format!("{node}/v2/transaction"), body).await.gives(0)
    }

    async fn long_poll_at(&self, node: &str, reference: &str) -> Answer {
        let fields = [("merchant_reference", reference), ("user_id", USER), ("is_block", "1")];
        let query = client::signed_query(Route::Query, &fields, &ApiKey::new(KEY));
        self.http.get(&format!("{node}/v2/transaction/{reference}?{query}")).await
    }
}

on_postgres! {
    async fn a_payment_at_one_is_heard_of_at_the_other() {
        let started = Started::new();
        let [a, b] = &started.nodes;
        let reference = unique("apart");
        let nonce = started.orders_at(a, &reference).await.json["nonce"].as_str().unwrap().to_owned();
        started.http.get(&format!("{b}/v2/merchanthosted/gatewaydata/{nonce}")).await.gives(0);
        let pays = async {
            let listed = started.http.get(&format!("{b}/sandbox/api/payments?limit=10")).await;
            let trade = listed.json[0]["trade_no"].as_str().expect("one payment").to_owned();
            // Not before the till waits.
            crate::harness::pause_ms(500).await;
            let pay = format!("{b}/sandbox/api/payments/{trade}/pay");
            assert_eq!(started.http.post_json(&pay, "{}").await.status, 200);
        };
        let (heard, ()) = tokio::join!(started.long_poll_at(a, &reference), pays);
        assert_eq!(heard.gives(0).json["status"], "paid");
        let told = async || {
            let received = started.http.get(&format!("{a}/sandbox/api/notifications")).await;
            received.text().contains(&reference).then_some(())
        };
        crate::harness::eventually("the merchant is told", super::SOON, told).await;
    }
}
