//! Web shops over HTTP: the payment page's pictures, the way back from the bank, and a gateway that takes no cards.

use tillgate_protocols::codepay::Method;
use tillgate_protocols::codepay::client::Answer;

use tillgate_store::OrderKey;

use super::till::{Said as _, Till, till};
use crate::harness::{Reply, TestWorld, unique};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the rest";
const GOOD: &str = r#"{"pan":"4111111111111111","holder":"Ada Lovelace","cvv":"123","expiry":"1229"}"#;
const CHALLENGED: &str = r#"{"pan":"4000000000001091","holder":"Ada Lovelace","cvv":"123","expiry":"1229"}"#;
const FORM: &str = "number=4111111111111111&expiry=1229&cvv=123&holder=Ada+Lovelace";

impl Till {
    async fn wants_page(&self, detail: &str) -> (String, String) {
        let number = unique("WEB").replace('.', "-");
        let own = format!(
            "merchant_order_no={number}&price_currency=USD&order_amount=24.00&description=Web order&order_detail={detail}"
        );
        let answer = self.calls(Method::Checkout, &own).await;
        answer.gives("0");
        (number, answer.field("pay_url").to_owned())
    }

    async fn gives_card(&self, number: &str, card: &str) -> Answer {
        let own = format!(
            "merchant_order_no={number}&price_currency=USD&order_amount=24.00&description=Web order&card={card}\
             &billing_address={{\"country\":\"NZ\"}}&term_ip=192.0.2.7&return_url=https://shop.example/thanks"
        );
        self.calls(Method::MerchantCheckout, &own).await
    }
}

async fn posts_form(till: &Till, url: &str, body: &str) -> crate::harness::Answer {
    till.place.http.post_json(url, body.to_owned()).await
}

#[tokio::test]
async fn pictures_come_through_the_gateway_or_not_at_all() {
    let world = TestWorld::with(|config| {
        config.outbound.allow_networks = vec!["127.0.0.0/29".parse().unwrap()];
    })
    .await;
    let (till, shop) = (till(&world).await, &world.place.receiver);
    let big = [PNG, &vec![0; 2 * 1024 * 1024][..]].concat();
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec();
    for (path, reply) in [
        ("/good.png", Reply::File("text/html", PNG.to_vec())),
        ("/big.png", Reply::File("image/png", big)),
        ("/drawn.svg", Reply::File("image/svg+xml", svg)),
        ("/page.png", Reply::Status(200, "<!doctype html>")),
        ("/moved.png", Reply::Redirect(shop.url("/good.png"))),
        ("/gone.png", Reply::Status(404, "no")),
        ("/endless.png", Reply::Endless),
    ] {
        shop.answers(path, &[reply]);
    }
    let outside = format!("http://127.0.0.9:{}/good.png", shop.address.port());
    let paths =
        ["/good.png", "/big.png", "/drawn.svg", "/page.png", "/moved.png", "/gone.png", "/endless.png"];
    let images: Vec<String> = paths.iter().map(|path| shop.url(path)).chain([outside]).collect();
    let items: Vec<String> =
        images.iter().map(|image| format!(r#"{{"name":"Tea","image":"{image}"}}"#)).collect();
    let (_, url) =
        till.wants_page(&format!(r#"{{"type":"GENERAL","data":{{"items":[{}]}}}}"#, items.join(","))).await;
    let page = till.place.http.page(&url).await.text();
    assert!(!page.contains(&shop.address.to_string()), "no browser hears of the shop's server");
    for (number, image) in images.iter().enumerate() {
        let picture = till.place.http.get(&format!("{url}/image/{number}")).await;
        let is_good = number == 0;
        assert_eq!(picture.status, 200, "{image}");
        assert_eq!(picture.body == PNG, is_good, "{image}");
        let kind = if is_good { "image/png" } else { "image/svg+xml" };
        assert_eq!(picture.header("content-type"), kind, "{image}");
        assert!(!picture.text().contains("script"), "{image}");
        assert_eq!(picture.header("x-content-type-options"), "nosniff");
    }
    // One fetch for many looks, and none for what a redirect named.
    till.place.http.get(&format!("{url}/image/0")).await;
    assert_eq!(shop.received_at("/good.png").len(), 1);
    assert_eq!(till.place.http.get(&format!("{url}/image/{}", images.len())).await.status, 404);
}

#[tokio::test]
async fn a_shops_own_card_form_sends_the_payer_to_the_bank_and_back_over_our_page() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let number = unique("OWN").replace('.', "-");
    let asked = till.gives_card(&number, CHALLENGED).await;
    asked.gives("0").has(&[("trans_status", "0")]);
    let bank = asked.field("redirect_url_3dsecure").to_owned();
    assert!(bank.contains("/sandbox/3ds/"), "{bank}");
    let page = till.place.http.page(&bank).await.text();
    assert!(page.contains("24.00") && page.contains("1091") && !page.contains("4000000000001091"), "{page}");

    // Whoever comes back without having been asked has said nothing.
    let order = till.seen(&number).await;
    let back = back_of(&world, &number).await;
    let early = till.place.http.get(&format!("{back}?lang=en&trans_status=2&status=paid")).await;
    assert_eq!((early.status, early.header("location").ends_with("?lang=en")), (303, true), "{early:?}");
    order.has(&[("trans_status", "0")]);
    till.seen(&number).await.has(&[("trans_status", "0")]);

    let said = posts_form(&till, &bank, "code=1234&action=confirm").await;
    assert_eq!(said.status, 303, "{}", said.text());
    let location = said.header("location").to_owned();
    assert!(location.starts_with(&back), "{location} is not {back}");
    let returned = till.place.http.get(&location).await;
    assert_eq!(returned.status, 303, "{}", returned.text());
    // The acquirer was asked, so it is known by now, and the page says so and leads to the shop.
    till.seen(&number).await.has(&[("trans_status", "2"), ("pay_user_account_id", "400000****1091")]);
    let page = till.place.http.page(&till.place.url(returned.header("location"))).await.text();
    assert!(page.contains("data-state=\"paid\"") && page.contains("https://shop.example/thanks"), "{page}");
    assert!(!page.contains("id=\"number\""), "no card is asked for here");
}

/// `/checkout/{nonce}/return` of an order, as the bank was given it.
async fn back_of(world: &TestWorld, number: &str) -> String {
    let store = world.store();
    let credential = store
        .load_credential("codepay.merchant", tillgate::sandbox::codepay::MERCHANT_NO)
        .await
        .unwrap()
        .unwrap();
    let key = OrderKey::Reference { room: "codepay", reference: number };
    let order = store.load_order(credential.merchant, key).await.unwrap().unwrap();
    world.app().codepay.return_from_issuer(&order)
}

#[tokio::test]
async fn a_gateway_that_takes_no_cards_takes_none() {
    let mut world = TestWorld::new().await;
    let till = till(&world).await;
    let (number, url) = till.wants_page("").await;
    let path = url.split_once("/checkout/").unwrap().1.to_owned();
    world.stop().await;
    world.loses_its_sandbox();
    world.start().await;
    let url = till.place.url(&format!("/checkout/{path}"));
    let page = till.place.http.page(&format!("{url}?lang=en")).await;
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("id=\"number\""), "{}", page.text());
    let before = till.seen(&number).await;
    let refused = posts_form(&till, &format!("{url}/card"), FORM).await;
    assert_eq!((refused.status, refused.header("location").starts_with("/checkout/")), (303, true));
    assert_eq!(till.seen(&number).await.data, before.data, "nothing was stored");
    before.has(&[("trans_status", "9")]);
    let own = unique("OWN").replace('.', "-");
    let refused = till.gives_card(&own, GOOD).await;
    refused.gives("E07303");
    till.calls(Method::OrderQuery, &format!("merchant_order_no={own}")).await.gives("E04111");
}
