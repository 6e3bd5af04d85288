//! The enumerations of the documents, each with its word or number on the wire.

/// An enum whose values travel as small integers.
macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $number:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$about])* $variant,)+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The number on the wire.
            pub fn number(self) -> u8 {
                match self { $(Self::$variant => $number,)+ }
            }

            pub fn from_number(number: u8) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.number() == number)
            }
        }
    };
}

/// An enum whose values travel as words.
macro_rules! worded {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$about])* $variant,)+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word on the wire.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Exactly the word.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.word() == word)
            }
        }
    };
}

numbered! {
    /// What a terminal is to do. The last four are known to clients and not served.
    TransType {
        Sale = 1,
        Void = 2,
        Refund = 3,
        Authorization = 4,
        Completion = 6,
        SaleWithCashback = 11,
        AuthorizationCancel = 5,
        CompletionCancel = 7,
        CompletionRefund = 8,
        CashWithdrawal = 12,
    }
}

impl TransType {
    pub fn is_served(self) -> bool {
        match self {
            Self::Sale
            | Self::Void
            | Self::Refund
            | Self::Authorization
            | Self::Completion
            | Self::SaleWithCashback => true,
            Self::AuthorizationCancel
            | Self::CompletionCancel
            | Self::CompletionRefund
            | Self::CashWithdrawal => false,
        }
    }

    /// Whether it acts on an earlier order, named by `orig_merchant_order_no`.
    pub fn needs_original(self) -> bool {
        matches!(self, Self::Void | Self::Refund | Self::Completion)
    }

    /// Whether the payer may be asked for a tip on the screen.
    pub fn may_ask_tip(self) -> bool {
        matches!(self, Self::Sale | Self::Refund | Self::Authorization)
    }
}

numbered! {
    /// Where a transaction is.
    TransStatus {
        Processing = 0,
        /// Failed, declined, expired or closed: no money moved.
        Closed = 1,
        Successful = 2,
        /// Void or cancelled after it had been successful.
        Cancelled = 3,
        /// An authorization that was captured.
        Captured = 4,
        /// Stored; no terminal has taken it.
        Created = 9,
    }
}

numbered! {
    CardType {
        Debit = 1,
        Credit = 2,
        Ebt = 3,
        Gift = 4,
    }
}

numbered! {
    /// How the card was read.
    EntryModel {
        Swipe = 1,
        Chip = 2,
        Contactless = 3,
        Manual = 4,
    }
}

numbered! {
    ReceiptPrint {
        None = 0,
        Merchant = 1,
        Customer = 2,
        Both = 3,
    }
}

worded! {
    PayScenario {
        SwipeCard = "SWIPE_CARD",
        /// The payer scans a code the terminal shows.
        ScanQr = "SCANQR_PAY",
        /// The terminal scans the payer's code.
        BScanQr = "BSCANQR_PAY",
    }
}

impl PayScenario {
    pub fn is_qr(self) -> bool {
        self != Self::SwipeCard
    }
}

worded! {
    PayMethod {
        Visa = "Visa",
        MasterCard = "MasterCard",
        Amex = "Amex",
        Discover = "Discover",
        Jcb = "JCB",
        DinersClub = "DinersClub",
        UnionPay = "UnionPay",
        Alipay = "Alipay",
        /// In the document's answer sample only.
        AlipayPlus = "Alipay+",
        WeChatPay = "WeChatPay",
        PayPal = "PayPal",
        Venmo = "Venmo",
        CashPay = "CashPay",
    }
}

worded! {
    /// Which of several waiting orders a terminal gets first.
    QueueMode {
        Fifo = "FIFO",
        Filo = "FILO",
    }
}

worded! {
    OnlineStatus {
        Online = "online",
        Offline = "offline",
    }
}

/// Number and meaning of what a terminal says of a transaction; for `trans_error_code` and `trans_error_msg`.
pub const TERMINAL_CODES: &[(u16, &str)] = &[
    (0, "success"),
    (101, "in progress"),
    (102, "cancelled"),
    (104, "does not exist"),
    (106, "failed"),
    (107, "timeout"),
    (108, "unknown"),
    (109, "network"),
    (110, "operator cancelled"),
    (111, "card timeout"),
    (112, "QR timeout"),
    (113, "duplicate number"),
    (114, "type unsupported"),
    (115, "rejected"),
    (117, "scenario unsupported"),
    (119, "cannot void"),
    (120, "amount limit"),
    (121, "amount format"),
    (201, "close failed"),
    (202, "parameter error"),
    (999, "unknown"),
];
