//! QR codes as small one-bit pictures.

use fast_qr::qr::QRBuilder;
use fast_qr::{ECL, Mask};

/// Width and height of the picture a till shows (Latipay merchant hosted offline: 200 x 200).
pub const TILL_PIXELS: u32 = 200;
/// Modules of white around the code that scanners want.
const QUIET: u32 = 4;

/// `None` if the text is too long for a QR code of that size.
pub fn png(text: &str, pixels: u32) -> Option<Vec<u8>> {
    // A fixed mask: choosing the best one costs four times the rest, and readers do not mind.
    let code = QRBuilder::new(text).ecl(ECL::M).mask(Mask::Checkerboard).build().ok()?;
    let modules = u32::try_from(code.size).ok()?;
    let scale = pixels / (modules + 2 * QUIET);
    if scale == 0 {
        return None;
    }
    let margin = (pixels - modules * scale) / 2;
    let row_bytes = pixels.div_ceil(8) as usize;
    let mut image = vec![0xff_u8; row_bytes * pixels as usize];
    for y in 0..modules * scale {
        for x in 0..modules * scale {
            if code[(y / scale) as usize][(x / scale) as usize].value() {
                let (column, row) = ((x + margin) as usize, (y + margin) as usize);
                image[row * row_bytes + column / 8] &= !(0x80 >> (column % 8));
            }
        }
    }
    encode(&image, pixels)
}

fn encode(image: &[u8], pixels: u32) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixels, pixels);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(image).ok()?;
    writer.finish().ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_the_right_size() {
        let picture = png("https://qr.alipay.com/bax08151zdenrj3nltzi80a9", TILL_PIXELS).unwrap();
        assert!(picture.starts_with(b"\x89PNG"));
        let mut reader = png::Decoder::new(std::io::Cursor::new(&picture)).read_info().unwrap();
        assert_eq!((reader.info().width, reader.info().height), (200, 200));
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels[0], 0xff, "a white corner");
        assert!(png(&"x".repeat(4_000), TILL_PIXELS).is_none());
    }
}
