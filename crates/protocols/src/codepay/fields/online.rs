//! The fields of web shops' calls, and of what has a path instead of a method.

use super::{
    BILLING, CARD, ENC_TYPE, FieldSpec, Kind, MERCHANT_NO, NOTIFY_URL, ORDER_DETAIL, STORE_NO, TERMINALS,
    optional, required,
};
use crate::codepay::{address, order_detail};

const NEW_ORDER_NO: FieldSpec = required(
    "merchant_order_no",
    Kind::NewOrderNo,
    32,
    "The merchant's number of the order: letters, digits and `_-|*@`, unique per merchant.",
);
const CURRENCY: FieldSpec = required("price_currency", Kind::Currency, 8, "ISO 4217 code: `USD`.");
const ORDER_AMOUNT: FieldSpec = required(
    "order_amount",
    Kind::Amount,
    32,
    "Decimal in units of the currency (`12.34`), a number or a text, greater than zero.",
);
const EXPIRES: FieldSpec = optional(
    "expires",
    Kind::Expires,
    6,
    "Seconds until the order can no longer be paid, 1 to 604800. If absent the gateway's own time counts.",
);
const DESCRIPTION: FieldSpec = required("description", Kind::Text, 128, "What is sold.");
const TERM_IP: FieldSpec = optional("term_ip", Kind::Ip, 45, "The payer's IP address, also to the issuer.");
const LONGITUDE: FieldSpec =
    optional("longitude", Kind::Longitude, 21, "Where that is, decimal degrees; kept with the order.");
const LATITUDE: FieldSpec =
    optional("latitude", Kind::Latitude, 20, "Where that is, decimal degrees; kept with the order.");
const RETURN_URL: FieldSpec = optional(
    "return_url",
    Kind::ReturnUrl,
    256,
    "Where the payer's browser goes afterwards: an absolute http(s) URL without credentials and fragment.",
);
const ATTACH: FieldSpec =
    optional("attach", Kind::Attach, 128, "Returned unaltered in queries and callbacks.");

pub(super) const CHECKOUT: &[FieldSpec] = &[
    MERCHANT_NO,
    STORE_NO,
    NEW_ORDER_NO,
    CURRENCY,
    ORDER_AMOUNT,
    EXPIRES,
    DESCRIPTION,
    TERM_IP,
    LONGITUDE,
    LATITUDE,
    RETURN_URL,
    NOTIFY_URL,
    ATTACH,
    optional(
        ORDER_DETAIL,
        Kind::OrderDetail,
        order_detail::TEXT_BYTES,
        "Items, addresses to ask for, payment options and colours of the page; JSON text.",
    ),
];

pub(super) const MERCHANT_CHECKOUT: &[FieldSpec] = &[
    MERCHANT_NO,
    STORE_NO,
    required(CARD, Kind::Card, 4_096, "The card: encrypted JSON text in base64."),
    optional(ENC_TYPE, Kind::EncType, 3, "How `card` is encrypted: `RSA` (if absent) or `AES`."),
    required(
        BILLING,
        Kind::Address,
        address::TEXT_BYTES,
        "Where the card's holder lives; JSON text. Its country is required.",
    ),
    NEW_ORDER_NO,
    CURRENCY,
    ORDER_AMOUNT,
    EXPIRES,
    DESCRIPTION,
    TERM_IP,
    LONGITUDE,
    LATITUDE,
    RETURN_URL,
    NOTIFY_URL,
    ATTACH,
];

const ANY_MERCHANT: FieldSpec = optional(
    "merchant_no",
    Kind::MerchantNo,
    32,
    "The merchant, one of the app's; if absent any of them is meant.",
);
const OWN_NO: FieldSpec = required(
    "merchant_order_no",
    Kind::NewOrderNo,
    32,
    "The call's own number: letters, digits and `_-|*@`, unique per merchant.",
);
const AUTHORIZATION: FieldSpec =
    required("trans_no", Kind::KnownTransNo, 32, "Our number of the authorization.");
const PAYMENT: FieldSpec = required("trans_no", Kind::KnownTransNo, 32, "Our number of the payment.");

pub(super) const CAPTURE: &[FieldSpec] = &[
    OWN_NO,
    AUTHORIZATION,
    required(
        "trans_amount",
        Kind::Amount,
        32,
        "How much is taken; decimal, greater than zero, at most what is authorized.",
    ),
    ANY_MERCHANT,
];

pub(super) const INCREMENT: &[FieldSpec] = &[
    AUTHORIZATION,
    required("trans_amount", Kind::Amount, 32, "How much is authorized on top; decimal, greater than zero."),
    ANY_MERCHANT,
];

pub(super) const CANCEL: &[FieldSpec] = &[OWN_NO, AUTHORIZATION, ANY_MERCHANT];

pub(super) const REFUND: &[FieldSpec] = &[
    OWN_NO,
    PAYMENT,
    optional(
        "order_amount",
        Kind::ExtraAmount,
        32,
        "How much of the order goes back. Of the five parts one must be greater than zero.",
    ),
    optional("tip_amount", Kind::ExtraAmount, 32, "How much of the tip goes back."),
    optional("surcharge_amount", Kind::ExtraAmount, 32, "How much of the surcharge goes back."),
    optional("sales_tax_amount", Kind::ExtraAmount, 32, "How much of the sales tax goes back."),
    optional("service_charge_amount", Kind::ExtraAmount, 32, "How much of the service charge goes back."),
    ANY_MERCHANT,
];

pub(super) const TIP: &[FieldSpec] = &[
    PAYMENT,
    required(
        "tip_amount",
        Kind::ExtraAmount,
        32,
        "The tip from now on, in the payment's currency; decimal, zero allowed.",
    ),
    ANY_MERCHANT,
];

pub(super) const RECALL: &[FieldSpec] = &[
    optional(
        "trans_no",
        Kind::KnownTransNo,
        32,
        "Our number of the transaction; this or merchant_order_no, and this counts if both are sent.",
    ),
    optional("merchant_order_no", Kind::KnownOrderNo, 32, "The merchant's number of the transaction."),
    ANY_MERCHANT,
];

pub(super) const BATCH: &[FieldSpec] = &[
    MERCHANT_NO,
    optional(
        "store_no",
        Kind::Text,
        32,
        "The store whose terminals are meant; all of the merchant's if absent.",
    ),
    optional(
        TERMINALS,
        Kind::Terminals,
        4_096,
        "Serial numbers, a list or its JSON text; if absent or empty all terminals of the store.",
    ),
];
