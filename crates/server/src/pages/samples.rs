//! One filled-in view of each page, for the tests and the preview.

use super::*;

/// A name and a description as hostile and as long as the protocol lets them be.
pub fn hostile() -> String {
    let text = r#"<script>alert(1)</script>"onload='x' "#;
    format!("{text}{}", "x".repeat(256 - text.len()))
}

pub fn long() -> String {
    "The Very Long Trading Name of Harbour & Sons Specialty Teas and Coffees (New Zealand) Limited Partnership, formerly 海港茶叶咖啡有限公司奥克兰分公司 "
        .repeat(2)
        .chars()
        .take(256)
        .collect()
}

pub fn hosted_states() -> Vec<HostedState> {
    use HostedState::*;
    vec![
        Choosing,
        Waiting,
        Closing,
        Paid { at: "2026-03-14 10:42:07".into() },
        Declined,
        Expired,
        Cancelled,
        NotFound,
        TryAgain,
    ]
}

pub fn hosted(language: Language, state: HostedState, method: Method) -> HostedPage {
    HostedPage {
        language,
        method: (state != HostedState::Choosing).then_some(method),
        choices: match state {
            HostedState::Choosing | HostedState::Waiting | HostedState::TryAgain => Method::ALL.to_vec(),
            _ => Vec::new(),
        },
        choice: u32::from(state != HostedState::Choosing),
        choose_url: "/pay/nonce?lang=en".into(),
        other_ways_url: None,
        choice_failed: false,
        state,
        seller: "Harbour Café".into(),
        description: "2 × flat white, 1 × banana bread".into(),
        amount: "128.00".into(),
        tip: Some("3.00".into()),
        currency: "NZD".into(),
        payer_amount: Some("594.55".into()),
        rate: Some("1 NZD = 4.64490 CNY".into()),
        order_number: "2026031400000033".into(),
        reference: "dsi39ej430sks03".into(),
        code_text: Some(match method {
            Method::Alipay => "https://qr.alipay.com/bax03112abcdefghijkl00".into(),
            Method::Wechat => "weixin://wxpay/bizpayurl?pr=Xk29fjQzz".into(),
            Method::Unionpay => "https://qr.95516.com/00010000/62052871923847561029384756".into(),
        }),
        created_at_ms: 1_773_455_000_000,
        now_ms: 1_773_455_220_000,
        expires_at_ms: 1_773_455_900_000,
        return_url: Some(
            "https://shop.example/thanks?merchant_reference=dsi39ej430sks03&status=paid&signature=abc".into(),
        ),
        status_url: "/pay/nonce/status".into(),
        is_sandbox: true,
        test_wallet_url: Some("/sandbox/wallet/alipay/pay/2026031400000033".into()),
    }
}

pub fn scan(language: Language, method: Method) -> ScanPage {
    let card = |seller: &str, amount: &str, cny: &str, age_s, rule| PendingCard {
        trade_no: "2026031400000033".into(),
        code_text: "https://qr.alipay.com/bax03112abcdefghijkl00".into(),
        seller: seller.into(),
        product: "2 × flat white, 1 × banana bread".into(),
        amount: amount.into(),
        currency: "NZD".into(),
        payer_amount: cny.into(),
        age_s,
        rule,
    };
    ScanPage {
        language,
        method,
        csrf: "token".into(),
        pending: vec![
            card("Harbour Café", "128.00", "594.55", 12, None),
            card(&long(), "12,345,678.05", "57,344,339.78", 190, Some(rule(language, 1))),
            card("南太平洋礼品店", "0.02", "0.09", 7300, Some(rule(language, 0))),
        ],
        pasted: String::new(),
        problem: None,
        version: "7".into(),
        status_url: "/sandbox/wallet/alipay/status".into(),
    }
}

pub fn payment(language: Language, method: Method, state: WalletPaymentState) -> WalletPaymentPage {
    WalletPaymentPage {
        language,
        method,
        csrf: "token".into(),
        state,
        trade_no: "2026031400000033".into(),
        seller: "Harbour Café".into(),
        product: "2 × flat white, 1 × banana bread".into(),
        amount: "128.00".into(),
        currency: "NZD".into(),
        payer_amount: "594.55".into(),
        rate: Some("1 NZD = 4.64490 CNY".into()),
        rule: Some(rule(language, 2)),
        problem: None,
    }
}

pub fn issuer(language: Language, problem: Option<IssuerProblem>) -> IssuerPage {
    IssuerPage {
        language,
        action: format!("/sandbox/3ds/0123456789abcdef0123456789abcdef?lang={}", language.code()),
        seller: "Harbour Café".into(),
        amount: "128.00".into(),
        currency: "USD".into(),
        brand: "Visa".into(),
        last_four: "1091".into(),
        tries_left: 2,
        code: "1234",
        problem,
    }
}

pub fn pay_code(language: Language, method: Method) -> PayCodePage {
    PayCodePage {
        language,
        method,
        code: match method {
            Method::Alipay => "281234567890123456".into(),
            Method::Wechat => "134567890123456789".into(),
            Method::Unionpay => "6212345678901234567".into(),
        },
        renews_in_s: 47,
        last_charge: Some(LastCharge {
            seller: "Harbour Café".into(),
            amount: "128.00".into(),
            currency: "NZD".into(),
            payer_amount: "594.55".into(),
            at: "10:42:07".into(),
            paid: true,
        }),
        version: "3".into(),
        status_url: "/sandbox/wallet/wechat/code/status".into(),
        problem: None,
    }
}

pub fn home(language: Language) -> SandboxHome {
    let wallet = |id: &str, currency: &str, methods: &[Method]| CredentialsWallet {
        wallet_id: id.into(),
        currency: currency.into(),
        methods: methods.to_vec(),
    };
    SandboxHome {
        language,
        base_url: "http://127.0.0.1:8080".into(),
        merchants: vec![
            Credentials {
                name: "Harbour Café".into(),
                user_id: "U000000001".into(),
                api_key: "sandbox-7f3c9e21a4b85d60".into(),
                wallets: vec![
                    wallet("W000000001", "NZD", &Method::ALL),
                    wallet("W000000002", "AUD", &[Method::Alipay, Method::Wechat]),
                ],
            },
            Credentials {
                name: "南太平洋礼品店".into(),
                user_id: "U000000002".into(),
                api_key: "sandbox-19ab44d0c2ee8f73".into(),
                wallets: vec![wallet("W000000003", "CNY", &[Method::Wechat])],
            },
        ],
        latipay: ProtocolPaths { curl: "curl http://127.0.0.1:8080/v2/transaction \\\n  -H 'Content-Type: application/json' \\\n  -d '{\"user_id\":\"U000000001\",\"wallet_id\":\"W000000001\",\"amount\":\"12.00\",\"payment_method\":\"alipay\",\n       \"merchant_reference\":\"first-order\",\"signature\":\"14b8268b\"}'".into(),
        openapi_url: "/openapi/latipay.json".into() },
        tills: vec![TillCredentials {
            name: "Maple Bakery Montréal".into(),
            merchant_id: "QC00005496".into(),
            sign_key: "6698851A525C9433".into(),
            currencies: vec!["CAD".into(), "USD".into()],
        }],
        ottpay: ProtocolPaths {
            curl: "curl -s http://127.0.0.1:8080/processV2 -d '{\"action\":\"ACTIVEPAY\",\"data\":\"QUJD\"}'".into(),
            openapi_url: "/openapi/ottpay.json".into(),
        },
        decrypt: "tillgate verify ottpay --key 6698851A525C9433 '{…}'".into(),
        codepay: CodePayCredentials {
            merchant_name: "Harbor Grill".into(),
            merchant_no: "302300000926".into(),
            store_no: "4123000005".into(),
            currencies: vec!["USD".into(), "JPY".into()],
            app_id: "wz6012822ca2f1as78".into(),
            app_key_path: "/sandbox/codepay-app.key",
            card_key: "c2FuZGJveC1jYXJkLWtleS0wMTIzNDU2Nzg5YWJjZGU=".into(),
            basic_app_id: "wze0fcae4016b4da15".into(),
            basic_secret: "sandbox:tillgate-sandbox".into(),
            gateway_key_path: "/codepay/public-key",
            terminals: vec!["WPYB002248000865".into()],
            paths: ProtocolPaths {
                curl: "curl -s http://127.0.0.1:8080/api/entry -d '{\"app_id\":\"wz6012822ca2f1as78\"}'".into(),
                openapi_url: "/openapi/codepay.json".into(),
            },
            checkout_curl: "curl -s http://127.0.0.1:8080/api/entry -d '{\"method\":\"pay.checkout\"}'".into(),
            verify: "tillgate verify codepay --key gateway.pub '{…}'".into(),
        },
    }
}

pub fn register(language: Language, status: Option<RegisterStatus>) -> RegisterPage {
    let text = |text: &str| text.to_owned();
    let terminal =
        |sn: &str, name: &str, is_online| RegisterTerminal { sn: sn.into(), name: name.into(), is_online };
    RegisterPage {
        language,
        csrf: "token".into(),
        terminals: vec![
            terminal("WPYB002248000865", "Counter", true),
            terminal("WPYB002248000866", "Terrace", false),
        ],
        currencies: vec!["USD", "JPY"],
        filled: RegisterForm {
            terminal: "WPYB002248000865".into(),
            amount: "24.00".into(),
            currency: "USD".into(),
            way: Way::Card,
            wallet: Method::Alipay,
            wishes: vec![Wish::Tip, Wish::Prints],
        },
        problem: None,
        order: status.map(|status| RegisterOrder {
            reference: "register-7f3c9e21a4b8".into(),
            status,
            terminal: "WPYB002248000865".into(),
            is_terminal_online: status != RegisterStatus::Created,
            total: "USD 28.32".into(),
            tip: Some(text("4.32")),
            paid_with: Some(text("Visa 411111****1111")),
            auth_code: Some(text("734912")),
            signature_path: Some(text("/codepay/signature/abc.png")),
            why: Some(text("115 DO NOT HONOR")),
            may_void: status == RegisterStatus::Successful,
            version: "1".into(),
            status_url: "/sandbox/shop/codepay/status?order=register-7f3c9e21a4b8".into(),
        }),
    }
}

pub fn webshop(language: Language, order: Option<RegisterOrder>) -> WebShopPage {
    let row = |ware| WareRow { ware, price: "12.50".into(), quantity: "1".into() };
    WebShopPage {
        language,
        csrf: "token".into(),
        currency: "USD",
        wares: Ware::ALL.into_iter().map(row).collect(),
        shipping: "5.00".into(),
        filled: WebShopForm {
            asks_shipping: true,
            asks_billing: false,
            theme: ShopTheme::Berry,
            ending: "52".into(),
        },
        rules: (0..4).map(|number| rule(language, number)).collect(),
        problem: None,
        order,
    }
}

fn rule(language: Language, number: usize) -> RuleRow {
    let english = [
        (
            "declined",
            "Declined",
            "A bar code is declined at once. A QR code is declined when the shopper presses pay.",
        ),
        (
            "pending_then_paid",
            "Pending, then paid",
            "The payment is pending and paid by itself 3 seconds later.",
        ),
        (
            "refund_silent_then_done",
            "Refund gives no answer, later found done",
            "Paid as usual. A refund of this payment is made, but for 5 seconds the wallet answers nothing about it.",
        ),
        (
            "unheard_of",
            "Payer must confirm",
            "A bar code stays pending until the shopper pays on the phone page.",
        ),
    ];
    let chinese = [
        ("declined", "支付失败", "条码支付立即失败；二维码在付款人点击付款时失败，钱包会发送通知。"),
        ("pending_then_paid", "等待后成功", "付款处于等待状态，3 秒后自动成功。"),
        (
            "refund_silent_then_done",
            "退款无应答，之后查到已退款",
            "正常付款。退款已执行，但 5 秒内钱包不作应答。",
        ),
        ("unheard_of", "需要付款人确认", "条码支付保持等待，直到付款人在手机页面上付款。"),
    ];
    let (name, title, description) = match language {
        Language::English => english[number],
        Language::Chinese => chinese[number],
    };
    RuleRow { ending: (51 + number).to_string(), name, title, description }
}

pub fn rules(language: Language) -> RulesPage {
    let some = || (0..4).map(|number| rule(language, number)).collect();
    let title = ["Everyday Card", "日常卡"][language as usize];
    let about = ["Always approved.", "始终批准。"][language as usize];
    let card = |pan, sign| CardRow { pan, title, about, sign };
    let cards = vec![card("4111111111111111", "good"), card("4000000000000119", "late")];
    RulesPage { language, rules: some(), card_rules: some(), cards }
}

pub fn receiver(language: Language) -> ReceiverPage {
    let letter = |reference: &str, status: &str, verdict, attempt, answered| {
        ReceivedNotification {
        at: "2026-03-14 10:42:07".into(),
        reference: reference.into(),
        status: status.into(),
        meaning: None,
        amount: "128.00".into(),
        currency: "NZD".into(),
        verdict,
        attempt,
        answered,
        raw_body: "merchant_reference=dsi39ej430sks03&order_id=2026031400000033&currency=NZD&amount=128.00&payment_method=alipay&status=paid&pay_time=2026-03-14%2010%3A42%3A07&signature=840151e0dc39496e22b410b83058b4ddd633b786936c505ae978fae029a1e0f1".into(),
        opened: Vec::new(),
    }
    };
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let sealed = ReceivedNotification {
        amount: "1200".into(),
        currency: String::new(),
        raw_body: r#"{"rsp_code":"SUCCESS","rsp_msg":"success","merchant_id":"QC00005496","data":"tVf2l1Jw5ZQ8yH1r0n==","md5":"F70CA047AD9F5B4CE0C6E5A4FDB936A0"}"#.into(),
        opened: vec![field("order_id", "shop-77aa01"), field("amount", "1200"), field("tip", "300")],
        ..letter("shop-77aa01", "success", Verdict::Opened("QC00005496".into()), 1, ReceiverAnswer::Ok)
    };
    let from_terminal = ReceivedNotification {
        meaning: Some(RegisterStatus::Successful),
        amount: "28.32".into(),
        currency: "USD".into(),
        raw_body:
            r#"{"app_id":"wz6012822ca2f1as78","merchant_order_no":"demo-1","trans_status":2,"sign":"mF8"}"#
                .into(),
        opened: vec![field("merchant_order_no", "demo-1"), field("trans_status", "2")],
        ..letter("demo-1", "2", Verdict::Signed, 1, ReceiverAnswer::Ok)
    };
    ReceiverPage {
        language,
        csrf: "token".into(),
        callback_url: "http://127.0.0.1:8080/sandbox/receiver/callback".into(),
        answer: ReceiverAnswer::OkSent,
        saved: true,
        notifications: vec![
            letter("dsi39ej430sks03", "paid", Verdict::Signed, 1, ReceiverAnswer::Ok),
            letter(
                &"reference-as-long-as-they-come-".repeat(3),
                "failed",
                Verdict::NotSigned,
                3,
                ReceiverAnswer::Silence,
            ),
            letter("order-17", "canceled", Verdict::NotOpened, 2, ReceiverAnswer::Error),
            sealed,
            from_terminal,
        ],
        version: "9".into(),
        status_url: "/sandbox/receiver/status".into(),
    }
}

pub fn shop(language: Language) -> ShopPage {
    ShopPage {
        language,
        csrf: "token".into(),
        protocol: ShopProtocol::Latipay,
        wallets: vec![
            ShopWallet { wallet_id: "W000000001".into(), label: "Harbour Café · NZD".into() },
            ShopWallet { wallet_id: "W000000003".into(), label: "南太平洋礼品店 · CNY".into() },
        ],
        chosen_wallet: "W000000001".into(),
        chosen_method: Method::Alipay,
        amount: "12.00".into(),
        tip: String::new(),
        problem: None,
        returned: None,
    }
}

pub fn terminals(language: Language, alone: bool) -> TerminalsPage {
    let terminal = |sn: &str| TerminalView {
        sn: sn.into(),
        secret: "sandbox-terminal".into(),
        merchant: "Harbor Grill".into(),
        store: "Main Street".into(),
    };
    let card = |pan: &str, brand: &str, kind, asks_pin| CardView {
        pan: pan.into(),
        brand: brand.into(),
        kind,
        title: ["Everyday Card", "日常卡"][language as usize].into(),
        about: ["Approved.", "交易成功。"][language as usize].into(),
        asks_pin,
    };
    TerminalsPage {
        language,
        alone,
        chosen: !alone,
        terminals: match alone {
            true => vec![terminal("WPYB002248000865")],
            false => vec![terminal("WPYB002248000865"), terminal("WPYB002248000866")],
        },
        cards: vec![
            card("4111111111111111", "Visa", "credit", false),
            card("4000056655665556", "Visa", "debit", true),
            card("5555555555554444", "MasterCard", "credit", false),
            card("378282246310005", "Amex", "credit", false),
        ],
        socket: "/terminal/v1",
    }
}

pub fn shop_returns(reference: &str) -> Vec<ShopReturn> {
    let signed = |status: &str| ShopReturn::Signed {
        status: status.into(),
        amount: "12.00".into(),
        currency: "NZD".into(),
        reference: reference.into(),
    };
    let asked = |status: &str, agrees| {
        ShopReturn::Asked(Box::new(AskedReturn {
            reference: reference.into(),
            address_status: "Trade_Finished".into(),
            address_total: "1500".into(),
            status: status.into(),
            amount: "15.00".into(),
            tip: Some("3.00".into()),
            currency: "CAD".into(),
            agrees,
        }))
    };
    let others = [
        ShopReturn::Forged,
        asked("SUCCESS", true),
        asked("PROCESSING", false),
        asked("ORDERCLOSE", false),
        ShopReturn::NotKnown { reference: reference.into() },
    ];
    ["paid", "failed", "canceled", "pending"].map(signed).into_iter().chain(others).collect()
}
