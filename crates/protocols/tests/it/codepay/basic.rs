//! Apps that do not sign, and that nobody can choose the weaker way.

use super::*;

fn basic_app() -> App {
    let secret = BasicSecret::new("shop", "pass:word").unwrap();
    App { access: Access::Basic(secret), ..app() }
}

fn header() -> String {
    // printf 'shop:pass:word' | base64
    "Basic c2hvcDpwYXNzOndvcmQ=".to_owned()
}

fn ask(app: &App, changes: &[Raw<'_>], header: Option<&str>) -> String {
    let fields = request(Method::OrderQuery, changes);
    let pairs: Vec<String> = fields.iter().map(|(name, raw)| format!("{name:?}:{raw}")).collect();
    let body = format!("{{{}}}", pairs.join(","));
    let opened = room::read_body(Route::Entry, body.as_bytes()).unwrap().open(Some(app), header, NOW);
    opened.and_then(|opened| opened.decode(app)).map_or_else(|reject| reject.msg(), |_| "ok".to_owned())
}

const WRONG: &str = "[SYS002]Signature verification failed";
const NONE: Raw<'_> = ("sign_type", "\"NONE\"");

#[test]
fn the_header_decides() {
    let app = basic_app();
    assert_eq!(*BasicSecret::new("shop", "pass:word").unwrap().header(), header());
    assert_eq!(ask(&app, &[NONE], Some(&header())), "ok");
    assert_eq!(ask(&app, &[NONE], Some("basic  c2hvcDpwYXNzOndvcmQ= ")), "ok");
    for wrong in [
        "",
        "Basic",
        "Basic ",
        "Bearer c2hvcDpwYXNzOndvcmQ=",
        "Basic c2hvcDpwYXNz",
        "Basic c2hvcDpwYXNzOndvcmRz",
        "Basic shop:pass:word",
    ] {
        assert_eq!(ask(&app, &[NONE], Some(wrong)), WRONG, "{wrong}");
    }
    assert_eq!(ask(&app, &[NONE], None), WRONG);
    assert_eq!(ask(&app, &[], Some(&header())), WRONG);
    assert_eq!(ask(&app, &[("sign_type", "")], Some(&header())), "[TG001]sign_type is missing or empty");
    assert_eq!(ask(&app, &[("sign_type", "\"RSA\"")], Some(&header())), WRONG);
}

#[test]
fn an_app_that_signs_cannot_stop_signing() {
    assert_eq!(ask(&app(), &[NONE], Some(&header())), WRONG);
    assert_eq!(ask(&app(), &[NONE], None), WRONG);
    assert_eq!(said(Method::OrderQuery, &[NONE]), WRONG);
}

#[test]
fn time_and_ambiguity_count_here_too() {
    let app = basic_app();
    let late = ask(&app, &[NONE, ("timestamp", "1709100000000")], Some(&header()));
    assert_eq!(late, "[TG003]timestamp is more than 15 minutes from the gateway's time");
    // Would stand in a text of ours that reads otherwise.
    let attach = ("attach", "\"x&merchant_order_no=A&trans_status=2&u=\"");
    assert_eq!(
        ask(&app, &[NONE, attach], Some(&header())),
        "[SYS002]The signed text can be read as other fields; see & in values"
    );
}

#[test]
fn a_user_has_no_colon() {
    for (user, password) in [("a:b", "c"), ("", "c"), ("a", "")] {
        assert!(BasicSecret::new(user, password).is_none());
    }
}
