//! What may be kept of a card's number, and numbers of cards that stand where none should.

/// Fewer digits are no card number.
const PAN_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn is_mask(c: char) -> bool {
    matches!(c, '*' | 'x' | 'X' | '#' | '•' | '.')
}

/// First six and last four digits of a masked number, or of one in clear. What is not known of them is empty; `None`
/// for what is no card number.
pub(super) fn kept(card_no: &str) -> Option<(String, String)> {
    let card_no: String = card_no.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    if !card_no.chars().all(|c| c.is_ascii_digit() || is_mask(c)) {
        return None;
    }
    let (head, tail) = match (card_no.find(is_mask), card_no.rfind(is_mask)) {
        (Some(first), Some(last)) => {
            let between = card_no.get(first..=last).unwrap_or_default();
            if !between.chars().all(is_mask) {
                return None;
            }
            (digits(card_no.get(..first)?), digits(card_no.get(last..)?))
        }
        // The last four alone, as receipts print them.
        _ if card_no.len() == 4 => (String::new(), card_no),
        _ if PAN_DIGITS.contains(&card_no.len()) => (card_no.clone(), card_no),
        _ => return None,
    };
    let last_four = tail.len().checked_sub(4).and_then(|from| tail.get(from..));
    Some((head.get(..6).unwrap_or_default().to_owned(), last_four.unwrap_or_default().to_owned()))
}

/// Whether an identifier has a card's number in it, by length and check digit: alone or as the beginning of a track. Longer
/// runs of digits are the numbers wallets give.
pub(super) fn has_pan(text: &str) -> bool {
    let mut runs = text.split(|c: char| !c.is_ascii_digit());
    runs.any(|run| PAN_DIGITS.contains(&run.len()) && luhn(run))
}

fn luhn(digits: &str) -> bool {
    let doubled = |digit: u32| if digit < 5 { digit * 2 } else { digit * 2 - 9 };
    let values = digits.bytes().rev().map(|byte| u32::from(byte - b'0'));
    let sum: u32 =
        values.enumerate().map(|(at, digit)| if at % 2 == 1 { doubled(digit) } else { digit }).sum();
    sum.is_multiple_of(10)
}

/// A text for people with every long number in it cut to its first six and last four digits, also if blanks or hyphens
/// stand between the digits.
pub(super) fn without_numbers(text: &str) -> String {
    let mut cut = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars() {
        let goes_on = c.is_numeric() || !run.is_empty() && matches!(c, ' ' | '-');
        if goes_on {
            run.push(c);
            continue;
        }
        finish(&mut cut, &run);
        run.clear();
        cut.push(c);
    }
    finish(&mut cut, &run);
    cut
}

/// Puts a run of digits and separators behind the text.
fn finish(cut: &mut String, run: &str) {
    let digits: Vec<char> = run.chars().filter(|c| c.is_numeric()).collect();
    if digits.len() < *PAN_DIGITS.start() {
        return cut.push_str(run);
    }
    let end = run.trim_end_matches([' ', '-']);
    cut.extend(digits.iter().take(6));
    cut.push_str("****");
    cut.extend(digits.iter().skip(digits.len() - 4));
    cut.push_str(run.get(end.len()..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_number_six_and_four_digits_are_kept() {
        for (card_no, expected) in [
            ("411111****1111", Some(("411111", "1111"))),
            ("4111 11** **** 1111", Some(("411111", "1111"))),
            ("4111-11XX-XXXX-1111", Some(("411111", "1111"))),
            ("4111111111111111", Some(("411111", "1111"))),
            ("4111 1111 1111 1111", Some(("411111", "1111"))),
            ("6200000000000000003", Some(("620000", "0003"))),
            ("41111111****11111111", Some(("411111", "1111"))),
            ("************1111", Some(("", "1111"))),
            ("1111", Some(("", "1111"))),
            ("159****1234", Some(("", "1234"))),
            ("411111**********", Some(("411111", ""))),
            ("****", Some(("", ""))),
            ("411111****1111****1111", None),
            ("4111111111", None),
            ("411111111111", None),
            ("41111111111111111111", None),
            ("Visa 1111", None),
            ("４１１１****１１１１", None),
            ("", None),
        ] {
            let kept = kept(card_no);
            let seen = kept.as_ref().map(|(first, last)| (first.as_str(), last.as_str()));
            assert_eq!(seen, expected, "{card_no}");
        }
    }

    #[test]
    fn numbers_in_texts_are_cut() {
        for (text, expected) in [
            ("card 4111111111111111 refused", "card 411111****1111 refused"),
            ("4111 1111 1111 1111", "411111****1111"),
            ("4111-1111-1111-1111 - no", "411111****1111 - no"),
            ("２".repeat(16).as_str(), "２２２２２２****２２２２"),
            ("ref 123456789012, 51 left", "ref 123456789012, 51 left"),
            ("call 0800 123 456", "call 0800 123 456"),
            ("", ""),
        ] {
            assert_eq!(without_numbers(text), expected, "{text}");
        }
    }

    #[test]
    fn a_card_is_known_by_its_check_digit() {
        for (text, expected) in [
            ("4111111111111111", true),
            ("4111111111111112", false),
            ("378282246310005", true),
            ("000000000000", false),
            ("5000202008210000003301", false),
            ("411111****1111", false),
            ("4111111111111111D2512", true),
            ("R-4111111111111111", true),
            ("2024041122001111111111111111", false),
        ] {
            assert_eq!(has_pan(text), expected, "{text}");
        }
    }
}
