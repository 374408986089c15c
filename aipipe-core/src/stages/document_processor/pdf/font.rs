//! A font of a page: codes to characters, and how wide they are.

use lopdf::{Dictionary, Document, Encoding, Object};
use std::collections::HashMap;

/// A font as far as reading needs it.
pub(super) struct Font<'d> {
    encoding: Option<Encoding<'d>>,
    /// Widths in thousandths of the font size by code.
    widths: HashMap<u32, f32>,
    default_width: f32,
    /// Two bytes a code.
    wide: bool,
}

impl<'d> Font<'d> {
    pub(super) fn new(document: &'d Document, font: &'d Dictionary, max_unpacked: usize) -> Self {
        let encoding = font.get_font_encoding_with_limit(document, max_unpacked).ok();
        let wide = font.get(b"Subtype").and_then(Object::as_name).is_ok_and(|name| name == b"Type0");
        let mut made = Self { encoding, widths: HashMap::new(), default_width: 500.0, wide };
        if wide {
            made.default_width = 1000.0;
            made.wide_widths(document, font);
        } else {
            made.simple_widths(document, font);
        }
        made
    }

    /// The characters of a string, when the font says what they are.
    pub(super) fn text(&self, bytes: &[u8]) -> Option<String> {
        let encoding = self.encoding.as_ref()?;
        Document::decode_text(encoding, bytes).ok()
    }

    /// The width of a string in thousandths of the font size, and the numbers of its codes and its spaces.
    pub(super) fn width(&self, bytes: &[u8]) -> (f32, usize, usize) {
        let code = |bytes: &[u8]| bytes.iter().fold(0u32, |code, byte| code << 8 | u32::from(*byte));
        let size = if self.wide { 2 } else { 1 };
        let (mut width, mut codes, mut spaces) = (0.0, 0, 0);
        for bytes in bytes.chunks(size) {
            let code = code(bytes);
            width += self.widths.get(&code).copied().unwrap_or(self.default_width);
            codes += 1;
            spaces += usize::from(!self.wide && code == 32);
        }
        (width, codes, spaces)
    }

    fn simple_widths(&mut self, document: &Document, font: &Dictionary) {
        let first = font.get_deref(b"FirstChar", document).and_then(Object::as_i64).unwrap_or(0);
        let Ok(widths) = font.get_deref(b"Widths", document).and_then(Object::as_array) else { return };
        let first = u32::try_from(first).unwrap_or(0);
        for (code, width) in (first..).zip(widths.iter().take(256)) {
            if let Some(width) = number(document, width) {
                self.widths.insert(code, width);
            }
        }
    }

    /// `W` holds `first [w w w]` and `first last w`.
    fn wide_widths(&mut self, document: &Document, font: &Dictionary) {
        let below = font.get_deref(b"DescendantFonts", document).and_then(Object::as_array).ok();
        let below = below.and_then(|fonts| fonts.first()).and_then(|font| document.dereference(font).ok());
        let Some(Ok(below)) = below.map(|(_, font)| font.as_dict()) else { return };
        if let Ok(width) = below.get_deref(b"DW", document) {
            self.default_width = number(document, width).unwrap_or(1000.0);
        }
        let Ok(list) = below.get_deref(b"W", document).and_then(Object::as_array) else { return };
        let mut rest = list.iter();
        let code = |object: &Object| object.as_i64().ok().and_then(|code| u32::try_from(code).ok());
        while let Some(first) = rest.next().and_then(code) {
            let Some(next) = rest.next() else { break };
            match document.dereference(next).map(|(_, object)| object) {
                Ok(Object::Array(widths)) => {
                    for (code, width) in (first..).zip(widths.iter().take(1 << 16)) {
                        self.widths.extend(number(document, width).map(|width| (code, width)));
                    }
                }
                Ok(last) => {
                    let Some(width) = rest.next().and_then(|width| number(document, width)) else { break };
                    let last = code(last).unwrap_or(first).min(first.saturating_add(0xFFFF)).min(0xFFFF);
                    // A hostile list could name the same range again and again.
                    if self.widths.len() < 1 << 17 {
                        self.widths.extend((first..=last).map(|code| (code, width)));
                    }
                }
                Err(_) => break,
            }
        }
    }
}

/// A number, itself or by reference.
pub(super) fn number(document: &Document, object: &Object) -> Option<f32> {
    let (_, object) = document.dereference(object).ok()?;
    object.as_float().ok().filter(|number| number.is_finite())
}
