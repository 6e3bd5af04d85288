//! Every page in both languages and all states; hostile texts; nothing a strict policy would block.

use super::assets::asset_names;
use super::checkout::samples::*;
use super::samples::*;
use super::*;

/// Every page with a name to file it under. `name` and `address` stand where outsiders' texts do.
fn every_page(language: Language, name: &str, address: &str) -> Vec<(String, String)> {
    let mut pages = Vec::new();
    let mut add = |title: String, html: Result<String, askama::Error>| {
        pages.push((format!("{title}-{}", language.code()), html.unwrap()));
    };
    for method in Method::ALL {
        for state in hosted_states() {
            let mut page = hosted(language, state, method);
            page.seller = name.into();
            page.description = format!("{name} 2 × flat white");
            page.return_url = Some(address.into());
            add(format!("hosted-{}-{}", page.state.word(), method.word()), page.render());
            page.choice_failed = true;
            add(format!("hosted-{}-{}-problem", page.state.word(), method.word()), page.render());
        }
        let mut page = scan(language, method);
        page.pending[0].seller = name.into();
        page.pending[0].trade_no = name.into();
        page.pasted = name.into();
        page.problem = Some(WalletProblem::UnknownCode);
        page.status_url = address.into();
        add(format!("scan-{}", method.word()), page.render());
        let mut page = scan(language, method);
        page.pending.clear();
        add(format!("scan-empty-{}", method.word()), page.render());
        use WalletPaymentState::*;
        for state in [Open, Paid, Declined, WalkedAway, Gone] {
            let mut page = payment(language, method, state);
            page.seller = name.into();
            page.product = name.into();
            page.problem = Some(WalletProblem::PageTooOld);
            add(format!("wallet-{state:?}-{}", method.word()), page.render());
        }
        let mut page = pay_code(language, method);
        page.last_charge.as_mut().unwrap().seller = name.into();
        add(format!("code-{}", method.word()), page.render());
    }
    let mut page = home(language);
    page.merchants[0].name = name.into();
    page.latipay = ProtocolPaths { curl: name.into(), openapi_url: address.into() };
    page.tills[0].name = name.into();
    page.ottpay = page.latipay.clone();
    page.codepay.merchant_name = name.into();
    page.codepay.paths = page.latipay.clone();
    add("home".into(), page.render());
    add("rules".into(), rules(language).render());
    let mut page = receiver(language);
    page.notifications[0].reference = name.into();
    page.notifications[0].raw_body = name.into();
    page.notifications[3].opened[0] = (name.into(), name.into());
    add("receiver".into(), page.render());
    page.notifications.clear();
    add("receiver-empty".into(), page.render());
    let others = issuers(language, name).into_iter().chain(shops(language, name));
    for (title, html) in registers(language, name, address).into_iter().chain(others) {
        add(title, html);
    }
    for (title, html) in webshops(language, name) {
        add(title, html);
    }
    for (title, alone) in [("terminal", true), ("terminals", false)] {
        add(title.into(), named_terminals(language, alone, name).render());
    }
    for (title, html) in checkouts(language, name, address) {
        add(title, html);
    }
    for kind in ErrorKind::ALL {
        add(
            format!("error-{}", kind.status()),
            ErrorPage { language, kind, incident: Some(name.into()) }.render(),
        );
    }
    add("hosted-none".into(), HostedPage::not_found(language, false).render());
    pages
}

type Rendered = Result<String, askama::Error>;

/// The shop, and whoever comes back to it.
fn shops(language: Language, name: &str) -> Vec<(String, Rendered)> {
    let mut pages = Vec::new();
    let mut page = shop(language);
    page.wallets[0].label = name.into();
    page.amount = name.into();
    page.problem = Some(ShopProblem::BadAmount);
    pages.push(("shop".into(), page.render()));
    for (number, returned) in shop_returns(name).into_iter().enumerate() {
        let mut page = shop(language);
        if matches!(returned, ShopReturn::Asked(_) | ShopReturn::NotKnown { .. }) {
            page.protocol = ShopProtocol::OttPay;
            page.tip = name.into();
        }
        page.returned = Some(returned);
        pages.push((format!("shop-returned-{number}"), page.render()));
    }
    pages
}

/// The issuer's page with each thing that can be wrong, and with one try left.
fn issuers(language: Language, name: &str) -> Vec<(String, Rendered)> {
    use IssuerProblem::*;
    let problems = [None, Some(WrongCode), Some(NoCode), Some(NotUnderstood)];
    let tries = [3, 1].into_iter().flat_map(|tries| problems.map(|problem| (tries, problem)));
    let page = |(tries_left, problem)| {
        let page = IssuerPage { seller: name.into(), tries_left, ..issuer(language, problem) };
        (format!("issuer-{problem:?}-{tries_left}"), page.render())
    };
    tries.map(page).collect()
}

/// The register with each end an order can have.
fn registers(language: Language, name: &str, address: &str) -> Vec<(String, Rendered)> {
    let mut pages = Vec::new();
    use RegisterStatus::*;
    for status in [None, Some(Created), Some(Processing), Some(Successful), Some(Closed), Some(NotKnown)] {
        let mut page = register(language, status);
        page.terminals[0].name = name.into();
        page.filled.amount = name.into();
        page.problem = status.is_none().then(|| RegisterProblem::Refused(name.into()));
        if let Some(order) = &mut page.order {
            (order.paid_with, order.why) = (Some(name.into()), Some(name.into()));
            (order.reference, order.signature_path) = (name.into(), Some(address.into()));
        }
        pages.push((format!("register-{}", status.map_or("new", RegisterStatus::word)), page.render()));
    }
    pages
}

/// The web shop before an order and with each end of one.
fn webshops(language: Language, name: &str) -> Vec<(String, Rendered)> {
    use RegisterStatus::*;
    let states = [None, Some(Created), Some(Successful), Some(Closed), Some(Cancelled), Some(NotKnown)];
    let page = |status: Option<RegisterStatus>| {
        let mut page = webshop(language, register(language, status).order);
        page.wares[0].quantity = name.into();
        page.filled.ending = name.into();
        page.problem = status.is_none().then(|| WebShopProblem::Refused(name.into()));
        if let Some(order) = &mut page.order {
            (order.paid_with, order.why, order.reference) =
                (Some(name.into()), Some(name.into()), name.into());
        }
        (format!("webshop-{}", status.map_or("new", RegisterStatus::word)), page.render())
    };
    states.into_iter().map(page).collect()
}

/// The payment page in each state, with each problem, and with everything wrong.
fn checkouts(language: Language, name: &str, address: &str) -> Vec<(String, Rendered)> {
    let mut pages = Vec::new();
    for state in checkout_states() {
        let mut page = checkout(language, state);
        (page.seller, page.description) = (name.into(), name.into());
        (page.reference, page.items[0].name) = (name.into(), name.into());
        page.return_url = Some(address.into());
        if let CheckoutState::Challenge { url } = &mut page.state {
            *url = address.into();
        }
        pages.push((format!("checkout-{}", page.state.word()), page.render()));
    }
    for problem in CheckoutProblem::ALL {
        let mut page = checkout(language, CheckoutState::Open);
        (page.problem, page.waiting_wallet) = (Some(problem), Some(Method::Alipay));
        pages.push((format!("checkout-{problem:?}"), page.render()));
    }
    pages.push(("checkout-asking".into(), checkout_asking(language).render()));
    pages.push(("checkout-mistaken".into(), checkout_mistaken(language).render()));
    pages.push(("checkout-wrong".into(), checkout_wrong(language, name).render()));
    pages.push(("checkout-none".into(), CheckoutPage::not_found(language, false).render()));
    pages
}

fn named_terminals(language: Language, alone: bool, name: &str) -> TerminalsPage {
    let mut page = terminals(language, alone);
    page.terminals[0].merchant = name.into();
    page.terminals[0].store = name.into();
    page.cards[0].about = name.into();
    if let Some(second) = page.terminals.get_mut(1) {
        second.sn = name.into();
    }
    page
}

/// The opening tags of a page. A text that got out of its place would show up as one.
fn tags(html: &str) -> Vec<&str> {
    html.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect()
}

#[test]
fn every_page_says_its_language_and_keeps_to_the_policy() {
    for language in Language::ALL {
        for (title, html) in every_page(language, &hostile(), "javascript:alert(1)") {
            assert!(html.starts_with("<!doctype html>"), "{title}: {}", &html[..60]);
            assert!(html.contains(&format!("<html lang=\"{}\">", language.tag())), "{title}");
            assert!(!html.contains("javascript:"), "{title} links a script");
            assert_eq!(
                html.matches("<h1").count(),
                usize::from(html.contains("<h1")),
                "{title}: one headline"
            );
            for tag in tags(&html) {
                let lower = tag.to_ascii_lowercase();
                assert!(!lower.starts_with("style"), "{title}: {tag}");
                assert!(!lower.starts_with("script") || lower.contains("src=\"/static/"), "{title}: {tag}");
                for attribute in lower.split_ascii_whitespace().skip(1) {
                    assert!(!attribute.starts_with("style="), "{title}: {tag}");
                    let handler = attribute.starts_with("on") && attribute.contains('=');
                    assert!(!handler, "{title}: {tag}");
                }
            }
        }
    }
}

#[test]
fn a_chinese_page_has_no_english_sentence_left() {
    for (title, html) in every_page(Language::Chinese, "名", "/x") {
        let html = html.replace("OTT Pay", "").replace("CodePay", "").replace("UnionPay", "");
        for word in [
            "Return to",
            "Waiting",
            "Signature",
            "Scan ",
            "shop<",
            "Pay<",
            "Tip",
            "tip ",
            "another",
            "Opened",
        ] {
            assert!(!html.contains(word), "{title} says {word}");
        }
    }
}

#[test]
fn the_way_back_is_shown_only_at_the_end_and_only_to_the_web() {
    for state in hosted_states() {
        let html = hosted(Language::English, state.clone(), Method::Alipay).render().unwrap();
        let ended = state.is_final();
        assert_eq!(html.contains("href=\"https://shop.example/thanks?"), ended, "{state:?}");
        assert_eq!(html.contains("http-equiv=\"refresh\""), !ended, "{state:?}");
    }
}

#[test]
fn the_code_is_shown_only_while_it_can_be_paid() {
    for state in hosted_states() {
        let mut page = hosted(Language::English, state.clone(), Method::Wechat);
        page.is_sandbox = false;
        let html = page.render().unwrap();
        let payable = state == HostedState::Waiting;
        assert_eq!(html.contains("data:image/png;base64,"), payable, "{state:?}");
        assert_eq!(html.contains("href=\"weixin://wxpay"), payable, "{state:?}");
    }
}

#[test]
fn a_payer_chooses_and_chooses_again_while_it_is_open() {
    for state in hosted_states() {
        let page = hosted(Language::English, state.clone(), Method::Wechat);
        let html = page.render().unwrap();
        let buttons = html.matches("<button").count();
        let (expected, counts) = match state {
            HostedState::Choosing => (3, true),
            HostedState::Waiting => (2, true),
            HostedState::TryAgain => (2, false),
            _ => (0, false),
        };
        assert_eq!(buttons, expected, "{state:?}");
        assert_eq!(html.contains("class=\"clock\""), counts, "{state:?}");
        assert_eq!(html.contains("method=\"post\" action=\"/pay/nonce?lang=en\""), expected > 0, "{state:?}");
        assert_eq!(html.contains("aria-current=\"true\""), expected == 2, "{state:?}");
        assert_eq!(html.contains("includes tip 3.00"), state != HostedState::NotFound, "{state:?}");
        // A problem is said only to somebody who can try again.
        let html = HostedPage { choice_failed: true, ..page.clone() }.render().unwrap();
        assert_eq!(html.contains("role=\"alert\""), expected > 0, "{state:?}");
        // The shop has chosen.
        let html = HostedPage { choices: Vec::new(), ..page }.render().unwrap();
        assert_eq!(html.matches("<button").count(), 0, "{state:?}");
    }
}

#[test]
fn the_issuers_page_says_what_was_wrong_to_everyone() {
    let shown = |problem, tries_left| {
        IssuerPage { tries_left, ..issuer(Language::English, problem) }.render().unwrap()
    };
    for (problem, tries_left, text) in [
        (IssuerProblem::WrongCode, 2, "You can try 2 more times."),
        (IssuerProblem::WrongCode, 1, "You can try once more."),
        (IssuerProblem::NoCode, 3, "Type in the code first."),
    ] {
        let html = shown(Some(problem), tries_left);
        assert!(html.contains(text) && html.contains("role=\"alert\" id=\"problem\""), "{problem:?}");
        assert!(html.contains("aria-describedby=\"problem code-hint test-code\" aria-invalid=\"true\""));
    }
    let html = shown(None, 3);
    assert!(!html.contains("role=\"alert\"") && !html.contains("aria-invalid"));
    assert!(html.contains("<label for=\"code\">") && html.contains("the code is 1234."));
    assert_eq!(html.matches("<button").count(), 3);
    assert!(!html.contains("<script"), "works without scripts");
}

#[test]
fn a_trade_number_stays_one_part_of_a_path() {
    let mut page = payment(Language::English, Method::Alipay, WalletPaymentState::Open);
    for (trade_no, part) in [("4-2026031400000033.2", "4-2026031400000033.2"), ("../../x", "x"), ("..", "")] {
        page.trade_no = trade_no.into();
        let html = page.render().unwrap();
        assert!(
            html.contains(&format!("action=\"/sandbox/wallet/alipay/pay/{part}?lang=en\"")),
            "{trade_no}"
        );
    }
}

#[test]
fn the_time_left_is_the_servers() {
    let page = hosted(Language::English, HostedState::Waiting, Method::Alipay);
    let html = page.render().unwrap();
    assert!(html.contains("<time class=\"clock\">11:20</time>"));
    assert!(html.contains("stroke-dasharray=\"75 100\"") && html.contains("data-left-ms=\"680000\""));
}

#[test]
fn languages_are_chosen() {
    use Language::*;
    let cases = [
        (None, None, English),
        (Some("zh"), Some("en"), Chinese),
        (Some("xx"), Some("zh-CN,zh;q=0.9,en;q=0.8"), Chinese),
        (None, Some("en-NZ,en;q=0.9,zh;q=0.8"), English),
        (None, Some("fr, zh-TW;q=0.5, en;q=0.4"), Chinese),
        (None, Some("fr"), English),
        (None, Some("zh;q=0, en;q=0.001"), English),
    ];
    for (query, header, expected) in cases {
        assert_eq!(Language::choose(query, header), expected, "{query:?} {header:?}");
    }
}

#[test]
fn the_files_a_page_links_exist() {
    for (title, html) in every_page(Language::English, "n", "/x") {
        for link in html.split("/static/").skip(1) {
            let (name, rest) = link.split_once("?v=").unwrap();
            let asset = asset(name).unwrap_or_else(|| panic!("{title} links {name}"));
            assert_eq!(asset.etag, format!("\"{}\"", &rest[..16]));
            assert!(!asset.bytes.is_empty());
        }
    }
    assert_eq!(asset("../Cargo.toml"), None);
}

/// Writes every page to the folder in PAGES_PREVIEW, to be looked at: `cargo test preview -- --ignored`.
#[test]
#[ignore = "for people"]
fn preview() {
    let folder = std::path::PathBuf::from(std::env::var("PAGES_PREVIEW").unwrap());
    std::fs::create_dir_all(folder.join("static")).unwrap();
    for language in Language::ALL {
        for (title, html) in every_page(language, "Harbour Café", "https://shop.example/thanks") {
            std::fs::write(folder.join(format!("{title}.html")), html).unwrap();
        }
        for (title, html) in every_page(language, &long(), "https://shop.example/thanks") {
            std::fs::write(folder.join(format!("long-{title}.html")), html).unwrap();
        }
        std::fs::write(
            folder.join(format!("plain-scan-{}.html", language.code())),
            scan(language, Method::Alipay).render().unwrap(),
        )
        .unwrap();
        for protocol in ShopProtocol::ALL {
            let name = format!("plain-shop-{protocol:?}-{}.html", language.code());
            let page = ShopPage { protocol, ..shop(language) };
            std::fs::write(folder.join(name), page.render().unwrap()).unwrap();
        }
    }
    for name in asset_names() {
        std::fs::write(folder.join("static").join(name), asset(name).unwrap().bytes).unwrap();
    }
}
