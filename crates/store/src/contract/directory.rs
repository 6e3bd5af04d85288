//! Merchants, logins, keys and accounts.

use tillgate_core::{Account, Currency, Fee, FeePlan, MerchantId, Method, OnRefund};

use super::{Home, NOW};
use crate::directory::{Credential, NewKey};

fn account(code: &str, fees: Option<FeePlan>) -> Account {
    Account {
        code: code.into(),
        name: "NZD wallet".into(),
        currency: Currency::from_code("NZD").unwrap(),
        methods: vec![Method::new("wechat"), Method::new("alipay")],
        fees,
        payment_limit_minor: Some(1_000_000),
    }
}

fn login(merchant: MerchantId, login: &str) -> Credential {
    Credential {
        merchant,
        merchant_name: "Kiwi Coffee".into(),
        room: "latipay".into(),
        login: login.into(),
        name: "the till".into(),
        enabled: true,
        settings: r#"{"strict":true}"#.into(),
        keys: Vec::new(),
        accounts: vec![account("W1", Some(FeePlan::rate(120))), account("W2", None)],
    }
}

pub async fn logins_are_found_with_keys_and_accounts(home: Home) {
    let first = home.add_merchant("Kiwi Coffee", NOW).await.unwrap();
    let second = home.add_merchant("Kiwi Coffee", NOW).await.unwrap();
    assert_eq!((first, second), (MerchantId(1), MerchantId(2)));
    let mut credential = login(first, "U1");
    home.put_credential(credential.clone()).await.unwrap();
    assert_eq!(home.load_credential("latipay", "U1").await.unwrap(), Some(credential.clone()));
    for (room, name) in [("latipay", "U2"), ("codepay", "U1"), ("latipay", "u1"), ("latipay", "U1 ")] {
        assert_eq!(home.load_credential(room, name).await.unwrap(), None, "{room} {name}");
    }

    credential.name = "the other till".into();
    credential.enabled = false;
    credential.settings = "{}".into();
    let fee = Fee { fixed_minor: 30, rate_bp: 99, vat_bp: 1_500, on_refund: OnRefund::GiveBack };
    credential.accounts[0].fees =
        Some(FeePlan { usual: fee, by_method: [(Method::new("wechat"), Fee::rate(0))].into() });
    home.put_credential(credential.clone()).await.unwrap();
    assert_eq!(home.load_credential("latipay", "U1").await.unwrap(), Some(credential.clone()));

    let added = account("W0", Some(FeePlan::rate(1)));
    home.put_account(first, "latipay", "U1", added.clone()).await.unwrap();
    credential.accounts.insert(0, added);
    assert_eq!(home.list_credentials().await.unwrap(), [credential]);
    assert_eq!(home.list_logins(first, "latipay").await.unwrap(), ["U1"]);
    assert!(home.list_logins(first, "ottpay").await.unwrap().is_empty());
    assert!(home.list_logins(second, "latipay").await.unwrap().is_empty());

    let login_of = |merchant, code| home.load_login_of(merchant, "latipay", code);
    assert_eq!(login_of(first, "W0").await.unwrap().as_deref(), Some("U1"));
    assert_eq!(login_of(first, "W9").await.unwrap(), None);
    assert_eq!(login_of(second, "W0").await.unwrap(), None);
}

pub async fn a_rotated_key_ends_and_the_new_one_is_first(home: Home) {
    let merchant = home.add_merchant("Kiwi Coffee", NOW).await.unwrap();
    for name in ["U1", "U2"] {
        home.put_credential(Credential { accounts: Vec::new(), ..login(merchant, name) }).await.unwrap();
    }
    let add = |name, byte: u8, old_until_s| {
        let key =
            NewKey { sealed: vec![byte; 60], created_at: NOW, old_valid_until: NOW.plus_s(old_until_s) };
        home.add_key(merchant, "latipay", name, key)
    };
    add("U2", 9, 0).await.unwrap();
    add("U1", 1, 0).await.unwrap();
    add("U1", 2, 100).await.unwrap();
    add("U1", 3, 1_000).await.unwrap();
    let keys = |name| home.load_credential("latipay", name);
    let read: Vec<_> = keys("U1")
        .await
        .unwrap()
        .unwrap()
        .keys
        .into_iter()
        .map(|key| (key.number, key.sealed[0], key.valid_until.map(|until| until.since_ms(NOW) / 1_000)))
        .collect();
    // A key that was to end earlier still does.
    assert_eq!(read, [(3, 3, None), (2, 2, Some(1_000)), (1, 1, Some(100))]);
    let untouched = keys("U2").await.unwrap().unwrap().keys;
    assert_eq!((untouched.len(), untouched[0].valid_until), (1, None));

    home.put_credential(login(merchant, "U1")).await.unwrap();
    assert_eq!(keys("U1").await.unwrap().unwrap().keys.len(), 3);
}

pub async fn a_login_belongs_to_one_merchant(home: Home) {
    let first = home.add_merchant("Kiwi Coffee", NOW).await.unwrap();
    let second = home.add_merchant("Kiwi Coffee", NOW).await.unwrap();
    home.put_credential(login(first, "U1")).await.unwrap();
    let kept = home.list_credentials().await.unwrap();
    assert!(home.put_credential(login(second, "U1")).await.is_err());
    assert!(home.put_credential(login(MerchantId(77), "U7")).await.is_err());
    assert!(home.put_account(second, "latipay", "U1", account("W5", None)).await.is_err());
    let key = NewKey { sealed: vec![1], created_at: NOW, old_valid_until: NOW };
    assert!(home.add_key(second, "latipay", "U1", key).await.is_err());
    assert_eq!(home.list_credentials().await.unwrap(), kept);
}
