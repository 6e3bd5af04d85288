//! pay.checkout over HTTP: a page's address is given out, or the call is refused by the name of what is wrong.

use std::time::Duration;

use tillgate::sandbox::codepay as sandbox;
use tillgate_protocols::codepay::Method;
use tillgate_protocols::codepay::client::Answer;

use super::super::till::{Data, Said as _, Till, changed, field};
use super::{orders, shop};
use crate::harness::{Reply, TestWorld, unique};

fn detail(data: &str) -> String {
    format!(r#"{{"type":"GENERAL","data":{data}}}"#)
}

impl Till {
    pub fn page_order(&self, changes: &str) -> Data {
        let data = [
            ("merchant_no", sandbox::MERCHANT_NO),
            ("price_currency", "USD"),
            ("order_amount", "24.00"),
            ("merchant_order_no", &unique("PAGE")),
            ("description", "A lamp"),
            ("return_url", "https://shop.example/back"),
            ("notify_url", "(told)"),
            ("expires", "300"),
        ];
        let data = data.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let mut data = changed(data, changes);
        let path = format!("/told/{}", field(&data, "merchant_order_no"));
        if let Some((_, url)) = data.iter_mut().find(|(_, value)| value == "(told)") {
            self.place.receiver.answers(&path, &[Reply::Status(200, "success")]);
            *url = self.place.receiver.url(&path);
        }
        data
    }

    pub async fn sends_page(&self, data: &Data) -> Answer {
        self.sends(self.body(Method::Checkout, data)).await
    }

    /// With `order_detail` as it is, whatever stands in it.
    async fn sends_detail(&self, text: &str) -> (String, Answer) {
        let mut data = self.page_order("");
        data.push(("order_detail".into(), text.into()));
        let answer = self.sends_page(&data).await;
        (field(&data, "merchant_order_no").to_owned(), answer)
    }
}

#[tokio::test]
async fn an_address_is_given_out() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let data = shop.page_order("expires=604800&store_no=4123000005&attach=cart 7");
    let number = field(&data, "merchant_order_no").to_owned();
    let answer = shop.sends_page(&data).await;
    answer.gives("0");
    let url = answer.field("pay_url");
    assert!(url.starts_with(&world.place.url("/checkout/")), "{url}");
    assert_eq!(answer.data.iter().count(), 1);
    shop.sends_page(&data).await.gives("E04112");
    let again = shop.page_order(&format!("merchant_order_no={number}&order_amount=25"));
    shop.sends_page(&again).await.gives("E04112");
    let seen = shop.seen(&number).await;
    seen.has(&[
        ("trans_status", "9"),
        ("trans_type", "1"),
        ("order_amount", "24"),
        ("store_no", "4123000005"),
        ("attach", "cart 7"),
        ("paid_amount", ""),
        ("trans_end_time", ""),
    ]);
    assert_eq!(orders(&world).len(), 1);
    // Taken back before anybody has paid.
    shop.revokes(&number).await.gives("0");
    shop.becomes(&number, "1").await.has(&[("trans_error_code", "102")]);
    assert_eq!(shop.is_told(&number).await.get("method"), Some("pay.checkout"));
    // A number that came to nothing is free.
    let once_more = shop.page_order(&format!("merchant_order_no={number}"));
    let second = shop.sends_page(&once_more).await;
    second.gives("0");
    assert_ne!(second.field("pay_url"), url);
    shop.revokes(&number).await.gives("0");
}

#[tokio::test]
async fn it_ends_at_its_time() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let data = shop.page_order("expires=1");
    let number = field(&data, "merchant_order_no").to_owned();
    shop.sends_page(&data).await.gives("0");
    let seen = shop.becomes_within(&number, "1", Duration::from_secs(10)).await;
    seen.has(&[("trans_error_code", "107")]);
    let told = shop.is_told(&number).await;
    assert_eq!((told.get("trans_status"), told.get("method")), (Some("1"), Some("pay.checkout")));
}

#[tokio::test]
async fn fields_of_the_call() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    for (changes, code, names) in [
        ("expires=604801", "TG002", "expires"),
        ("expires=-1", "TG002", "expires"),
        ("return_url=javascript:alert(1)", "TG002", "return_url"),
        ("return_url=ftp://shop.example/", "TG002", "return_url"),
        ("notify_url=javascript:alert(1)", "TG002", "notify_url"),
        ("order_amount=0", "TG002", "order_amount"),
        ("order_amount=24.005", "TG002", "order_amount"),
        ("price_currency=GBP", "TG002", "price_currency"),
        ("store_no=4123000006", "TG002", "store_no"),
        ("-description", "TG001", "description"),
        ("merchant_order_no=a b", "TG002", "merchant_order_no"),
        ("merchant_no=302300000999", "E07303", ""),
    ] {
        println!("{changes}");
        let data = shop.page_order(changes);
        shop.sends_page(&data).await.gives(code).names(names);
    }
    assert!(orders(&world).is_empty());
}

#[tokio::test]
async fn details_that_are_refused() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let image = |url: &str| detail(&format!(r#"{{"items":[{{"name":"a","image":"{url}"}}]}}"#));
    let main =
        |color: &str| detail(&format!(r#"{{"theme":{{"palette":{{"primary":{{"main":"{color}"}}}}}}}}"#));
    let payment = |rest: &str| detail(&format!(r#"{{"payment":{{{rest}}}}}"#));
    for (text, names) in [
        ("a lamp".to_owned(), "order_detail"),
        ("[]".to_owned(), "order_detail"),
        (r#"{"type":"OTHER"}"#.to_owned(), "order_detail.type"),
        (format!("{{\"type\":\"GENERAL\",\"x\":\"{}\"}}", "a".repeat(100)), "order_detail.x"),
        (detail(&format!("{{\"items\":\"{}\"}}", " ".repeat(20_000))), "order_detail"),
        (image("javascript:alert(1)"), "order_detail.data.items[0].image"),
        (image("data:image/svg+xml,<svg onload=alert(1)>"), "order_detail.data.items[0].image"),
        (image("//cdn.example/a.png"), "order_detail.data.items[0].image"),
        (image("http://a:b@cdn.example/a.png"), "order_detail.data.items[0].image"),
        (main("red"), "order_detail.data.theme"),
        (main("#12345g"), "order_detail.data.theme"),
        (main("rgb(1,2,300)"), "order_detail.data.theme"),
        (main("#fff;background:url(//x)"), "order_detail.data.theme"),
        (main("expression(alert(1))"), "order_detail.data.theme"),
        (payment(r#""allow_options":["ApplePay"]"#), "order_detail.data.payment"),
        (
            payment(r#""disallow_options":["Card","Alipay","WeChatPay","UnionPay"]"#),
            "order_detail.data.payment",
        ),
        (detail(r#"{"items":[{"name":"a","quantity":0}]}"#), "order_detail.data.items[0].quantity"),
        (detail(r#"{"items":[{"name":"a","amount":"1.005"}]}"#), "order_detail.data.items[0].amount"),
        (detail(r#"{"items":[{"name":""}]}"#), "order_detail.data.items[0].name"),
        (detail(r#"{"shipping":{"allow_regions":["QQ"]}}"#), "order_detail.data.shipping"),
    ] {
        println!("{text:.80}");
        let (number, answer) = shop.sends_detail(&text).await;
        assert!(["TG001", "TG002"].contains(&answer.code.as_str()), "{answer:?}");
        answer.names(names);
        shop.query(&number).await.gives("E04111");
    }
    // A mebibyte: more than any request may have, and said in a signed answer.
    let (number, answer) = shop.sends_detail(&"x".repeat(1 << 20)).await;
    assert!(["TG004", "TG002"].contains(&answer.code.as_str()), "{answer:?}");
    shop.query(&number).await.gives("E04111");
    assert!(orders(&world).is_empty());
}

/// Names are any text; whoever shows them escapes them.
#[tokio::test]
async fn names_that_look_like_scripts_are_names() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let items = r#"[{"name":"<script>alert(1)</script>","quantity":2,"unit_price":"12","amount":"24"},
        {"name":"\"><img src=x onerror=alert(1)>"},{"name":"{{7*7}}' OR 1=1 --","code":"</title>"}]"#;
    // As a list, and as the text of one.
    for items in [items.to_owned(), format!("{items:?}").replace("\\n", " ")] {
        let (number, answer) = shop.sends_detail(&detail(&format!("{{\"items\":{items}}}"))).await;
        answer.gives("0");
        shop.seen(&number).await.has(&[("trans_status", "9")]);
        shop.revokes(&number).await.gives("0");
    }
}

/// Neither a wallet nor an acquirer: there is nothing a payer could do on a page.
#[tokio::test]
async fn nothing_is_offered() {
    let world = TestWorld::without_wallets().await;
    let shop = shop(&world).await;
    let data = shop.page_order("");
    shop.sends_page(&data).await.gives("E07303").names("offered");
    assert!(orders(&world).is_empty());
}
