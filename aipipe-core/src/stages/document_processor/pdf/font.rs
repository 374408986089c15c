//! A font of a page: codes to characters, and how wide they are.

use lopdf::{Dictionary, Document, Encoding, Object};
use std::cell::RefCell;
use std::collections::HashMap;

/// A font as far as reading needs it.
pub(super) struct Font<'d> {
    encoding: Option<Encoding<'d>>,
    /// What the file says its codes mean; surer than the encoding, which `lopdf` prefers.
    unicode: Option<Encoding<'static>>,
    /// Characters by code, decoded once.
    known: RefCell<HashMap<u32, Character>>,
    /// Widths in thousandths of the font size by code.
    widths: HashMap<u32, f32>,
    default_width: f32,
    /// Two bytes a code.
    wide: bool,
    /// Whether the codes are numbers of glyphs in the font, or of characters: the file does not say which.
    pub(super) identity: bool,
    /// Bold by its name.
    pub(super) bold: bool,
}

/// What a code stands for.
struct Character {
    text: Box<str>,
    /// Whether the file says so.
    told: bool,
}

impl<'d> Font<'d> {
    pub(super) fn new(document: &'d Document, font: &'d Dictionary, max_unpacked: usize) -> Self {
        let encoding = font.get_font_encoding_with_limit(document, max_unpacked).ok();
        let wide = font.get(b"Subtype").and_then(Object::as_name).is_ok_and(|name| name == b"Type0");
        let name = font.get(b"BaseFont").and_then(Object::as_name).unwrap_or_default();
        let bold = ["Bold", "bold", "Black", "Heavy", "Semibold"]
            .iter()
            .any(|w| name.windows(w.len()).any(|n| n == w.as_bytes()));
        let unicode = unicode_map(document, font, max_unpacked);
        let named = font.get_deref(b"Encoding", document).and_then(Object::as_name).unwrap_or_default();
        let identity = wide && unicode.is_none() && named.starts_with(b"Identity");
        let known = RefCell::new(HashMap::new());
        let mut made =
            Self { encoding, unicode, known, widths: HashMap::new(), default_width: 500.0, wide, identity, bold };
        if wide {
            made.default_width = 1000.0;
            made.wide_widths(document, font);
        } else {
            made.simple_widths(document, font);
        }
        made
    }

    /// The characters of a string, nothing for codes the font gives no meaning, and how many of its codes mean a character
    /// only by guess or none at all.
    pub(super) fn text(&self, bytes: &[u8]) -> (String, usize) {
        if let Some(encoding) = self.whole_strings() {
            let text = Document::decode_text(encoding, bytes).unwrap_or_default();
            let untold = if text.is_empty() { bytes.len() } else { 0 };
            return (text, untold);
        }
        let mut known = self.known.borrow_mut();
        let (mut text, mut untold) = (String::new(), 0);
        for bytes in bytes.chunks(self.code_size()) {
            let character = known.entry(code_of(bytes)).or_insert_with(|| self.character(bytes));
            text.push_str(&character.text);
            untold += usize::from(!character.told && character.text.as_ref() != " ");
        }
        (text, untold)
    }

    /// The encoding of whole strings, whose codes have one or two bytes.
    fn whole_strings(&self) -> Option<&Encoding<'d>> {
        self.encoding.as_ref().filter(|encoding| {
            self.unicode.is_none() && !self.identity && matches!(encoding, Encoding::SimpleEncoding(_))
        })
    }

    fn code_size(&self) -> usize {
        if self.wide { 2 } else { 1 }
    }

    fn character(&self, code: &[u8]) -> Character {
        if self.identity {
            // Numbers of characters are the better guess: numbers of glyphs would not read as text at all.
            let guess = char::from_u32(code_of(code)).filter(|c| !c.is_control());
            return Character { text: guess.map(String::from).unwrap_or_default().into_boxed_str(), told: false };
        }
        let decode = |encoding: &Encoding<'_>| Document::decode_text(encoding, code).unwrap_or_default();
        let found = self.unicode.as_ref().map(decode).filter(|text| !text.contains('\u{FFFD}') && !text.is_empty());
        let text = found.or_else(|| self.encoding.as_ref().map(decode)).unwrap_or_default();
        let told = !text.is_empty() && !text.chars().all(|c| c.is_control() || c == '\u{FFFD}');
        let text = match (code, text.as_str()) {
            // A code without a character: joined letters in the fonts of TeX, which name no encoding.
            (&[byte @ (0x0B..=0x0F | 0x1B..=0x1F)], "") => spell_out(String::new(), char::from(byte)),
            _ => text.chars().fold(String::new(), spell_out),
        };
        Character { text: text.into_boxed_str(), told }
    }

    /// The width of a string in thousandths of the font size, and the numbers of its codes and its spaces.
    pub(super) fn width(&self, bytes: &[u8]) -> (f32, usize, usize) {
        let (mut width, mut codes, mut spaces) = (0.0, 0, 0);
        for bytes in bytes.chunks(self.code_size()) {
            let code = code_of(bytes);
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

fn code_of(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |code, byte| code << 8 | u32::from(*byte))
}

/// The font's own table from codes to characters, read as if it had no encoding beside it.
fn unicode_map(document: &Document, font: &Dictionary, max_unpacked: usize) -> Option<Encoding<'static>> {
    let mut alone = Dictionary::new();
    alone.set("Type", Object::Name(b"Font".to_vec()));
    alone.set("ToUnicode", font.get(b"ToUnicode").ok()?.clone());
    match alone.get_font_encoding_with_limit(document, max_unpacked).ok()? {
        Encoding::UnicodeMapEncoding(map) => Some(Encoding::UnicodeMapEncoding(map)),
        _ => None,
    }
}

/// Appends a character, joined letters as single ones. The codes below 32 are where the fonts of TeX keep them.
fn spell_out(mut text: String, c: char) -> String {
    match c {
        '\u{0B}' | '\u{1B}' | '\u{FB00}' => text.push_str("ff"),
        '\u{0C}' | '\u{1C}' | '\u{FB01}' => text.push_str("fi"),
        '\u{0D}' | '\u{1D}' | '\u{FB02}' => text.push_str("fl"),
        '\u{0E}' | '\u{1E}' | '\u{FB03}' => text.push_str("ffi"),
        '\u{0F}' | '\u{1F}' | '\u{FB04}' => text.push_str("ffl"),
        '\u{FB05}' | '\u{FB06}' => text.push_str("st"),
        c => text.push(c),
    }
    text
}

/// A number, itself or by reference.
pub(super) fn number(document: &Document, object: &Object) -> Option<f32> {
    let (_, object) = document.dereference(object).ok()?;
    object.as_float().ok().filter(|number| number.is_finite())
}
