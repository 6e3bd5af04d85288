//! Messages that were computed and signed elsewhere, sent to a gateway that knows their key: the signature holds, so what
//! is wrong with them is something else.

use serde_json::Value;
use tillgate::rooms::new_key;
use tillgate::sandbox::codepay as sandbox;

use super::till::{Said as _, till};
use crate::harness::TestWorld;

#[tokio::test]
async fn signatures_of_others_hold() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../../../../protocols/src/codepay/vectors.json")).unwrap();
    let mut held = 0;
    for vector in vectors {
        let Some(app_id) = vector["fields"]["app_id"].as_str() else { continue };
        let mut app = world.store().load_credential("codepay", sandbox::APP_ID).await.unwrap().unwrap();
        (app.login, app.keys) = (app_id.to_owned(), Vec::new());
        // Its key for cards is sealed for the other app.
        let mut settings: Value = serde_json::from_str(&app.settings).unwrap();
        settings.as_object_mut().unwrap().remove("card_key");
        app.settings = settings.to_string();
        world.store().put_credential(app.clone()).await.unwrap();
        let key =
            new_key(&world.app().vault, "codepay", app_id, vector["public_key"].as_str().unwrap()).unwrap();
        world.store().add_key(app.merchant, "codepay", app_id, key).await.unwrap();
        world.app().codepay.apps.forget(app_id);
        let mut message = vector["fields"].clone();
        message["sign"] = vector["sign"].clone();
        // Years old, or about a transaction that is not here.
        let (path, code) = match message["method"].is_string() {
            true => ("/api/entry", "TG003"),
            false => ("/api/payments/capture", "E04110"),
        };
        till.sends_to(path, "application/json", message.to_string()).await.gives(code);
        message["merchant_order_no"] = "another".into();
        let changed = till.sends_to(path, "application/json", message.to_string()).await;
        changed.gives("SYS002");
        held += 1;
    }
    assert_eq!(held, 2);
}
