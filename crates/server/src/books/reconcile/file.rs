//! A channel's statement as a CSV file: read whole and strictly, or refused by line and column.

use std::fmt;

use tillgate_core::{Currency, MerchantId, Money, OrderNo};
use tillgate_store::{StatementKind, StatementLine};

use crate::channels::read_trade_no;
use crate::clock;

pub const COLUMNS: [&str; 9] =
    ["channel", "trade_no", "original_trade_no", "kind", "amount", "currency", "time", "reference", "batch"];
/// Characters of a cell.
const CELL_MAX: usize = 128;

/// Why a file is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// From 1.
    pub line: u64,
    pub column: Option<&'static str>,
    pub why: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": {}", self.why)
    }
}

impl std::error::Error for Refused {}

/// The lines of `channel`'s file.
pub fn read(channel: &str, bytes: &[u8]) -> Result<Vec<StatementLine>, Refused> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut record = csv::StringRecord::new();
    let mut lines = Vec::new();
    let mut is_head = true;
    loop {
        let place = reader.position().line();
        let line = |record: &csv::StringRecord| record.position().map_or(place, csv::Position::line);
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let line = error.position().map_or(place, csv::Position::line);
                return Err(Refused { line, column: None, why: "is not CSV in UTF-8".into() });
            }
        }
        let line = line(&record);
        if is_head {
            if record.iter().ne(COLUMNS) {
                let why = format!("the columns are not {}", COLUMNS.join(","));
                return Err(Refused { line, column: None, why });
            }
            is_head = false;
            continue;
        }
        if record.len() != COLUMNS.len() {
            let why = format!("has {} columns, not {}", record.len(), COLUMNS.len());
            return Err(Refused { line, column: None, why });
        }
        lines.push(read_line(channel, &record, line)?);
    }
    if is_head {
        return Err(Refused { line: 1, column: None, why: "the file is empty".into() });
    }
    Ok(lines)
}

fn read_line(channel: &str, record: &csv::StringRecord, line: u64) -> Result<StatementLine, Refused> {
    let cell = |at: usize| record.get(at).unwrap_or_default();
    let refused =
        |at: usize, why: &str| Refused { line, column: COLUMNS.get(at).copied(), why: why.to_owned() };
    for at in 0..COLUMNS.len() {
        if cell(at).chars().count() > CELL_MAX {
            return Err(refused(at, "is too long"));
        }
        if cell(at).chars().any(char::is_control) {
            return Err(refused(at, "has a character that cannot be printed"));
        }
    }
    if cell(0) != channel {
        return Err(refused(0, &format!("is not {channel}")));
    }
    if cell(1).is_empty() {
        return Err(refused(1, "is empty"));
    }
    let words = StatementKind::ALL.map(StatementKind::as_str).join(", ");
    let kind = StatementKind::from_word(cell(3)).ok_or_else(|| refused(3, &format!("is none of {words}")))?;
    let currency = Currency::from_code(cell(5)).ok_or_else(|| refused(5, "is not a currency"))?;
    let amount = Money::parse_decimal(cell(4), currency).map_err(|error| refused(4, &error.to_string()))?;
    let at =
        clock::read_iso(cell(6)).ok_or_else(|| refused(6, "is not a time such as 2026-11-26T01:02:03Z"))?;
    Ok(StatementLine {
        line_no: u32::try_from(line).map_err(|_| refused(0, "the file is too long"))?,
        order: order_of(cell(1)),
        trade_no: cell(1).to_owned(),
        original_trade_no: cell(2).to_owned(),
        kind,
        amount_minor: amount.minor,
        currency,
        at,
        reference: cell(7).to_owned(),
        batch: cell(8).to_owned(),
    })
}

/// The merchant and the order in our number of a payment, or of a refund (`1-33-2`, `1-33.2-1`).
fn order_of(number: &str) -> Option<(MerchantId, OrderNo)> {
    let of_refund = || {
        let (trade_no, refund) = number.rsplit_once('-')?;
        refund.parse::<u32>().ok()?;
        read_trade_no(trade_no)
    };
    let (merchant, order, _) = read_trade_no(number).or_else(of_refund)?;
    let is_possible = (1..=MerchantId::MAX).contains(&merchant.0) && order.0 > 0;
    is_possible.then_some((merchant, order))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "channel,trade_no,original_trade_no,kind,amount,currency,time,reference,batch\n";
    const LINE: &str = "alipay,1-2018071000000033,,sale,120.00,NZD,2026-11-26T01:02:03Z,A1,\n";

    fn refused(text: &str) -> String {
        read("alipay", text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn lines_are_read() {
        let refund = "alipay,1-2018071000000033.2-1,1-2018071000000033.2,refund,500,JPY,2026-11-26T01:02:03Z,\"A,\"\"2\",7\n";
        let strange = "alipay,somebody's,,sale,1.00,NZD,2026-11-26T01:02:03Z,,\n";
        let lines = read("alipay", format!("{HEAD}{LINE}{refund}{strange}").as_bytes()).unwrap();
        let ours = Some((MerchantId(1), OrderNo(2_018_071_000_000_033)));
        assert_eq!([lines[0].order, lines[1].order, lines[2].order], [ours, ours, None]);
        assert_eq!([lines[0].line_no, lines[1].line_no, lines[2].line_no], [2, 3, 4]);
        assert_eq!((lines[0].amount_minor, lines[1].amount_minor), (12_000, 500));
        assert_eq!((lines[1].reference.as_str(), lines[1].batch.as_str()), ("A,\"2", "7"));
        assert_eq!((lines[1].kind, lines[1].currency.code()), (StatementKind::Refund, "JPY"));
        assert_eq!(read("alipay", HEAD.as_bytes()).unwrap(), []);
    }

    #[test]
    fn what_is_malformed_is_named() {
        for (from, to, said) in [
            ("alipay,", "wechat,", "line 2, column channel: is not alipay"),
            ("1-2018071000000033", "", "line 2, column trade_no: is empty"),
            ("sale", "Sale", "line 2, column kind: is none of sale, authorization, capture, refund, void"),
            ("120.00", "-120.00", "line 2, column amount: is not a plain decimal number"),
            ("120.00", "1e2", "line 2, column amount: is not a plain decimal number"),
            ("120.00", "120.001", "line 2, column amount: has more digits after the point than the currency"),
            ("120.00", "=1+1", "line 2, column amount: is not a plain decimal number"),
            ("NZD", "XXX", "line 2, column currency: is not a currency"),
            (
                "2026-11-26T01:02:03Z",
                "2026-11-26 01:02:03",
                "line 2, column time: is not a time such as 2026-11-26T01:02:03Z",
            ),
            (
                "2026-11-26T01:02:03Z",
                "2026-11-31T01:02:03Z",
                "line 2, column time: is not a time such as 2026-11-26T01:02:03Z",
            ),
            (",A1,", ",", "line 2: has 8 columns, not 9"),
            (",A1,", ",A1,,", "line 2: has 10 columns, not 9"),
            ("A1", "A\u{7}1", "line 2, column reference: has a character that cannot be printed"),
        ] {
            assert_eq!(refused(&format!("{HEAD}{}", LINE.replacen(from, to, 1))), said);
        }
        let long = LINE.replacen("A1", &"x".repeat(CELL_MAX + 1), 1);
        assert_eq!(refused(&format!("{HEAD}{LINE}{long}")), "line 3, column reference: is too long");
        assert_eq!(refused(""), "line 1: the file is empty");
        assert!(refused(LINE).starts_with("line 1: the columns are not channel,trade_no"));
        let broken = [HEAD.as_bytes(), b"alipay,\xff\xfe,,sale,1,NZD,2026-11-26T01:02:03Z,,\n"].concat();
        assert_eq!(read("alipay", &broken).unwrap_err().to_string(), "line 2: is not CSV in UTF-8");
    }

    /// Whatever is in a file, it is read or refused.
    #[test]
    fn no_file_is_too_strange() {
        let mut state = 7_u64;
        let text = format!("{HEAD}{LINE}{LINE}");
        for _ in 0..5_000 {
            let mut bytes = text.clone().into_bytes();
            for _ in 0..3 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = (state >> 33) as usize % bytes.len();
                bytes[at] = (state >> 20) as u8;
            }
            if let Ok(lines) = read("alipay", &bytes) {
                assert!(lines.iter().all(|line| line.amount_minor >= 0 && line.line_no > 1));
            }
        }
    }
}
