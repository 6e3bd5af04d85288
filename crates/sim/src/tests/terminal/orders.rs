//! Orders that nobody disturbs.

use serde_json::json;

use super::{Counter, START_MS, approval, refusal, sale, sale_with};

#[test]
fn a_sale_is_taken_charged_and_told() {
    let mut counter = Counter::open("pay");
    assert_eq!(counter.orders(sale("7-1")), "101");
    assert_eq!(
        counter.asked,
        [json!({
            "trade_no": "7-1", "action": "authorize", "is_capture": true, "amount": "12.00", "tip": "0.00",
            "cashback": "0.00", "currency": "USD", "entry": "contactless", "pan": "4111111111111111",
        })]
    );
    counter.approves("7-1");
    assert_eq!(
        counter.sent,
        [json!({
            "topic": "ecrhub.pay.order", "request_id": "7-1", "response_code": "000", "response_msg": "success",
            "biz_data": {
                "trade_no": "7-1", "trans_amount": "12.00", "pay_method_id": "Visa", "card_type": 2,
                "card_no": "411111****1111", "auth_code": "A12345", "ref_no": "000000000001", "entry_mode": 3,
                "trans_end_time": "2026-01-01 00:00:00",
            },
        })]
    );
    assert!(!counter.terminal.is_idle());
    counter.confirms("7-1", 2);
    assert!(counter.terminal.is_idle());
    assert_eq!(counter.terminal.settled(), 1);
    assert_eq!(counter.now_ms, START_MS);
}
