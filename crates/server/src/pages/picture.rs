//! Codes as pictures: QR as SVG or PNG, payment codes as Code 128 bars.

use std::fmt::Write;

use barcoders::sym::code128::Code128;
use base64::Engine;
use fast_qr::{ECL, Mask, QRBuilder, QRCode};

/// Light modules around a QR code, as its standard asks.
const QUIET: usize = 4;
/// Pixels of one module in the PNG: large enough that a phone's picture viewer does not blur it.
const PIXELS: usize = 8;

/// With a fixed mask: choosing the best one costs four times the rest, and readers do not mind.
fn qr(text: &str) -> Option<QRCode> {
    QRBuilder::new(text).ecl(ECL::M).mask(Mask::Checkerboard).build().ok()
}

/// A QR code as an inline SVG of one path; empty for a text too long for any code. It is decoration to a
/// screen reader: the page says in words what it is.
pub fn qr_svg(text: &str) -> String {
    let Some(code) = qr(text) else { return String::new() };
    let side = code.size + 2 * QUIET;
    let mut path = String::new();
    for y in 0..code.size {
        let row: Vec<bool> = (0..code.size).map(|x| code[y][x].value()).collect();
        append_runs(&mut path, &row, QUIET, y + QUIET, 1);
    }
    svg("qr", "xMidYMid", side, side, &path)
}

/// The same code as a PNG in a `data:` address, for an image that a phone can save.
pub fn qr_png_data_url(text: &str) -> Option<String> {
    let code = qr(text)?;
    let side = (code.size + 2 * QUIET) * PIXELS;
    let stride = side.div_ceil(8);
    let mut bits = vec![0xff_u8; stride * side];
    for (y, line) in bits.chunks_mut(stride).enumerate() {
        for x in 0..side {
            let (column, row) = ((x / PIXELS).wrapping_sub(QUIET), (y / PIXELS).wrapping_sub(QUIET));
            if column < code.size && row < code.size && code[row][column].value() {
                line[x / 8] &= !(0x80 >> (x % 8));
            }
        }
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side as u32, side as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&bits).ok()?;
    writer.finish().ok()?;
    Some(format!("data:image/png;base64,{}", base64::engine::general_purpose::STANDARD.encode(file)))
}

/// A payment code as bars (Code 128): pairs of digits in set C, a last single one in set B.
/// Empty for anything but digits.
pub fn bar_code_svg(digits: &str) -> String {
    const SET_B: char = '\u{0181}';
    const SET_C: char = '\u{0106}';
    const HEIGHT: usize = 44;
    const MARGIN: usize = 10;
    if digits.len() < 2 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return String::new();
    }
    let (pairs, single) = digits.split_at(digits.len() / 2 * 2);
    let mut data = format!("{SET_C}{pairs}");
    if !single.is_empty() {
        data.push(SET_B);
        data.push_str(single);
    }
    let Ok(code) = Code128::new(data) else { return String::new() };
    let bars: Vec<bool> = code.encode().into_iter().map(|bar| bar == 1).collect();
    let mut path = String::new();
    append_runs(&mut path, &bars, MARGIN, 0, HEIGHT);
    svg("bars", "none", bars.len() + 2 * MARGIN, HEIGHT, &path)
}

/// Draws the dark runs of a row as rectangles.
fn append_runs(path: &mut String, row: &[bool], left: usize, top: usize, height: usize) {
    let mut x = 0;
    for run in row.chunk_by(|a, b| a == b) {
        if run[0] {
            // Writing to a String cannot fail.
            let _ = write!(path, "M{} {top}h{}v{height}h-{}z", left + x, run.len(), run.len());
        }
        x += run.len();
    }
}

fn svg(class: &str, fit: &str, width: usize, height: usize, path: &str) -> String {
    format!(
        r##"<svg class="{class}" viewBox="0 0 {width} {height}" preserveAspectRatio="{fit}" aria-hidden="true" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{width}v{height}H0z"/><path fill="#000" d="{path}"/></svg>"##
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_of_an_even_and_an_odd_code() {
        // 11 modules for start, each symbol and the check, 13 for stop, 20 of margin.
        let even = bar_code_svg("134567890123456789");
        assert!(even.contains(&format!("viewBox=\"0 0 {} 44\"", 11 * (1 + 9 + 1) + 13 + 20)), "{even}");
        let odd = bar_code_svg("6212345678901234567");
        assert!(odd.contains(&format!("viewBox=\"0 0 {} 44\"", 11 * (1 + 9 + 1 + 1 + 1) + 13 + 20)), "{odd}");
        assert_eq!(bar_code_svg("12<3"), "");
        assert_eq!(bar_code_svg(""), "");
    }

    #[test]
    fn qr_pictures() {
        assert!(qr_svg("weixin://wxpay/bizpayurl?pr=abc").starts_with("<svg class=\"qr\""));
        assert_eq!(qr_svg(&"x".repeat(5000)), "");
        assert_eq!(qr_png_data_url(&"x".repeat(5000)), None);
        let url = qr_png_data_url("https://qr.alipay.com/bax").unwrap();
        assert!(url.starts_with("data:image/png;base64,iVBOR") && url.len() < 4000, "{}", url.len());
    }
}
