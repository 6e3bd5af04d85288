//! The till shows a QR code, the payer scans it.

use base64::Engine as _;
use tillgate_protocols::latipay::client;

use crate::harness::{KEY, TestWorld, openssl, unique};

/// The field order of the document: tills scan the answer forward.
const DATA_FIELDS: [&str; 18] = [
    "order_id",
    "nonce",
    "payment_method",
    "amount",
    "amount_cny",
    "currency",
    "product_name",
    "organisation_id",
    "organisation_name",
    "user_id",
    "user_name",
    "wallet_id",
    "wallet_name",
    "qr_code",
    "qr_code_url",
    "currency_rate",
    "merchant_reference",
    "signature",
];

fn value<'a>(data: &'a [(String, String)], name: &str) -> &'a str {
    data.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// Grey pixels of a picture, with its width and height.
fn pixels(png: &[u8]) -> (Vec<u8>, usize, usize) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    (pixels, frame.width as usize, frame.height as usize)
}

fn read_code(picture: &str) -> String {
    let encoded = picture.strip_prefix("data:image/png;base64,").expect("a data URL");
    let png = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
    let (pixels, width, height) = pixels(&png);
    assert_eq!((width, height), (200, 200));
    let mut picture =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    picture.detect_grids().remove(0).decode().expect("a readable code").1
}

#[tokio::test]
async fn a_sale_from_the_code_to_the_money_back() {
    let world = TestWorld::new().await;
    for (method, scheme) in [("alipay", "https://qr.alipay.com/"), ("wechat", "weixin://wxpay/bizpayurl?pr=")]
    {
        let order = world.merchant().sells("12.00").with(method).at_the_till().await;
        assert!(order.host_url.ends_with("/v2/merchanthosted/gatewaydata"), "{}", order.host_url);
        let data = order.shown().await;
        let names: Vec<&str> = data.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, DATA_FIELDS);
        let text = value(&data, "qr_code_url");
        assert!(text.starts_with(scheme), "{text}");
        assert_eq!(read_code(value(&data, "qr_code")), text);
        assert_eq!((value(&data, "amount"), value(&data, "amount_cny")), ("12.00", "55.74"));
        assert_eq!((value(&data, "currency"), value(&data, "currency_rate")), ("NZD", "4.64490"));
        assert_eq!(value(&data, "payment_method"), method);

        // The payer's phone knows the text of the code.
        let scanned = world.place.post("/sandbox/api/scan", format!(r#"{{"code":"{text}"}}"#)).await;
        assert_eq!(scanned.json["payer_amount"], "55.74");
        order.is("pending").await.wallet_pays().await.becomes("paid").await;

        order.is_notified("paid").await;
        order.refunds("12.00").await.gives(0);
        order.is("paid").await;
        assert_eq!(order.wallet_moved().await, (1200, 1200));
        order.gatewaydata().await.gives(900);
    }
}

#[tokio::test]
async fn the_query_and_the_notification_say_the_same() {
    let world = TestWorld::new().await;
    let order = world.merchant().sells("120.5").with("wechat").at_the_till().await;
    let shown = order.shown().await;
    let pending = order.query().await;
    assert_eq!(pending["status"], "pending");
    assert_eq!(pending["pay_time"].as_str().unwrap().len(), "2017-07-07 10:53:50".len());
    order.wallet_pays().await.becomes("paid").await;
    let paid = order.query().await;
    let received = order.is_notified("paid").await;
    assert!(!received.body.contains('+') && received.query.is_empty(), "{}", received.body);
    let fields = client::check_notification(&received.body, &order.merchant.api_key()).unwrap();
    for name in [
        "merchant_reference",
        "order_id",
        "currency",
        "amount",
        "payment_method",
        "status",
        "pay_time",
        "signature",
    ] {
        assert_eq!(fields.get(name), paid[name].as_str(), "{name}");
    }
    assert_eq!(paid["order_id"], value(&shown, "order_id"));
    assert_eq!(paid["transaction_id"], paid["order_id"]);
    assert_eq!((&paid["amount"], &paid["amount_cny"]), (&"120.50".into(), &"559.71".into()));
    assert_eq!((&paid["code"], &paid["messageCN"]), (&0.into(), &"操作成功".into()));
}

#[tokio::test]
async fn a_code_can_be_fetched_twice_and_each_wallet_has_its_currency() {
    let world = TestWorld::new().await;
    for (wallet, currency, yuan) in
        [("W00000001", "NZD", "46.45"), ("W00000002", "AUD", "47.53"), ("W00000003", "CNY", "10.00")]
    {
        let order = world.merchant().with_wallet(wallet).sells("10").at_the_till().await;
        let (first, again) = (order.shown().await, order.shown().await);
        assert_eq!(first, again);
        assert_eq!((value(&first, "currency"), value(&first, "amount_cny")), (currency, yuan));
        order.cancels().await.gives(0);
    }
}

/// Nothing of ours signs or checks here: only the command line of OpenSSL and the documents.
#[tokio::test]
async fn a_client_that_signs_with_openssl() {
    let world = TestWorld::new().await;
    let (place, reference) = (&world.place, unique("openssl"));
    let callback = place.receiver.url(&format!("/paid/{reference}"));
    let fields = [
        ("user_id", "U000334333"),
        ("wallet_id", "W00000001"),
        ("amount", "120.00"),
        ("payment_method", "alipay"),
        ("merchant_reference", &reference),
        ("return_url", ""),
        ("callback_url", &callback),
        ("ip", "122.122.122.1"),
        ("version", "2.0"),
        ("product_name", "茶 & Milk"),
        ("host_type", "1"),
    ];
    let signed = |fields: &[(&str, &str)]| {
        let mut body: serde_json::Map<_, _> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        body.insert("signature".into(), openssl::sign_sorted(fields, KEY).into());
        serde_json::Value::from(body).to_string()
    };
    let created = place.post("/v2/transaction", signed(&fields)).await.gives(0).json;
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let (nonce, host_url) = (text(&created["nonce"]), text(&created["host_url"]));
    assert_eq!(text(&created["signature"]), openssl::hmac(KEY, &format!("{nonce}{host_url}")));

    let shown = place.http.get(&format!("{host_url}/{nonce}")).await.gives(0).json;
    let data: Vec<(String, String)> = shown["data"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().map_or(value.to_string(), str::to_owned)))
        .collect();
    let unsigned: Vec<(&str, &str)> = data
        .iter()
        .filter(|(name, _)| name != "signature")
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(value(&data, "signature"), openssl::sign_sorted(&unsigned, KEY));

    let order_id = value(&data, "order_id").to_owned();
    let payment = place.get(&format!("/sandbox/api/orders/{order_id}")).await.json;
    place.post(&format!("/sandbox/api/payments/{}/pay", text(&payment["trade_no"])), "{}").await;
    let signature = openssl::hmac(KEY, &format!("{reference}U000334333"));
    let query = format!("/v2/transaction/{reference}?user_id=U000334333&is_block=1&signature={signature}");
    let paid = place.get(&query).await.gives(0).json;
    let said = openssl::hmac(KEY, &format!("{reference}alipaypaidNZD120.00"));
    assert_eq!((text(&paid["status"]), text(&paid["signature"])), ("paid".to_owned(), said.clone()));
    let path = format!("/paid/{reference}");
    let told = crate::harness::eventually("a notification", std::time::Duration::from_secs(5), async || {
        place.receiver.received_at(&path).pop()
    })
    .await;
    assert!(told.body.ends_with(&format!("&signature={said}")), "{}", told.body);

    let refund =
        [("user_id", "U000334333"), ("order_id", &order_id), ("refund_amount", "120.00"), ("reference", "")];
    place.post("/refund", signed(&refund)).await.gives(0);
    let cancel = [("user_id", "U000334333"), ("merchant_reference", reference.as_str())];
    place.post("/v2/cancel", signed(&cancel)).await.gives(900);
}
