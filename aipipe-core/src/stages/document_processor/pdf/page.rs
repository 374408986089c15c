//! Follows a page's drawing operators and notes what text is put where.

use super::super::ReadLimits;
use super::font::Font;
use super::layout::Run;
use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Object, ObjectId};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Forms within forms are followed this deep.
const MAX_FORMS: usize = 6;
/// Pieces of text of one page; a form drawn again and again must not multiply without end.
const MAX_RUNS: usize = 200_000;

type Matrix = [f32; 6];
const IDENTITY: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

/// Reads pages; fonts are kept between them.
pub(super) struct PageReader<'d> {
    document: &'d Document,
    limits: &'d ReadLimits,
    fonts: BTreeMap<usize, Rc<Font<'d>>>,
}

/// What a page draws.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    /// The pieces of text, in the order they are drawn.
    pub(super) runs: Vec<Run>,
    /// How many codes of characters they were.
    pub(super) codes: usize,
    /// How many of these mean a character only by guess, because their font does not say which.
    pub(super) guessed: usize,
    /// How many of these mean none, or are taken for joined letters for want of another meaning.
    pub(super) unknown: usize,
}

/// The state that text operators work on.
struct State<'d> {
    ctm: Matrix,
    text: Matrix,
    line: Matrix,
    font: Option<Rc<Font<'d>>>,
    size: f32,
    leading: f32,
    char_space: f32,
    word_space: f32,
    scale: f32,
}

type Fonts<'d> = BTreeMap<Vec<u8>, &'d Dictionary>;

impl<'d> PageReader<'d> {
    pub(super) fn new(document: &'d Document, limits: &'d ReadLimits) -> Self {
        Self { document, limits, fonts: BTreeMap::new() }
    }

    /// What a page draws as text.
    pub(super) fn read(&mut self, page: ObjectId) -> Result<Drawn, String> {
        let fonts = self.document.get_page_fonts(page).unwrap_or_default();
        let limit = self.limits.max_unpacked_bytes;
        let content = self.document.get_page_content_with_limit(page, limit).map_err(|error| error.to_string())?;
        let content = Content::decode(&content).map_err(|error| error.to_string())?;
        let (direct, by_reference) = self.document.get_page_resources(page).unwrap_or_default();
        let mut resources: Vec<&'d Dictionary> = direct.into_iter().collect();
        resources.extend(by_reference.iter().filter_map(|id| self.document.get_dictionary(*id).ok()));
        let mut drawn = Drawn::default();
        self.draw(&content.operations, &fonts, &resources, IDENTITY, 0, &mut drawn);
        Ok(drawn)
    }

    fn draw(
        &mut self,
        operations: &[Operation],
        fonts: &Fonts<'d>,
        resources: &[&'d Dictionary],
        ctm: Matrix,
        depth: usize,
        drawn: &mut Drawn,
    ) {
        let mut state = State {
            ctm,
            text: IDENTITY,
            line: IDENTITY,
            font: None,
            size: 1.0,
            leading: 0.0,
            char_space: 0.0,
            word_space: 0.0,
            scale: 1.0,
        };
        let mut saved: Vec<(Matrix, Option<Rc<Font<'d>>>, f32)> = Vec::new();
        for operation in operations {
            if drawn.runs.len() >= MAX_RUNS {
                return;
            }
            let operands = operation.operands.as_slice();
            let numbers: Vec<f32> =
                operands.iter().filter_map(|o| o.as_float().ok()).filter(|n| n.is_finite()).collect();
            match (operation.operator.as_str(), numbers.as_slice()) {
                ("q", _) if saved.len() < 1000 => saved.push((state.ctm, state.font.clone(), state.size)),
                ("Q", _) => {
                    if let Some((ctm, font, size)) = saved.pop() {
                        (state.ctm, state.font, state.size) = (ctm, font, size);
                    }
                }
                ("cm", &[a, b, c, d, e, f]) => state.ctm = times([a, b, c, d, e, f], state.ctm),
                ("BT", _) => (state.text, state.line) = (IDENTITY, IDENTITY),
                ("Tf", _) => {
                    state.size = numbers.last().copied().unwrap_or(1.0);
                    let name = operands.first().and_then(|name| name.as_name().ok());
                    state.font = name.and_then(|name| fonts.get(name)).map(|font| self.font(font));
                }
                ("TL", &[leading]) => state.leading = leading,
                ("Tc", &[space]) => state.char_space = space,
                ("Tw", &[space]) => state.word_space = space,
                ("Tz", &[scale]) => state.scale = scale / 100.0,
                ("Td", &[x, y]) => state.next_line(x, y),
                ("TD", &[x, y]) => {
                    state.leading = -y;
                    state.next_line(x, y);
                }
                ("Tm", &[a, b, c, d, e, f]) => {
                    state.line = [a, b, c, d, e, f];
                    state.text = state.line;
                }
                ("T*", _) => state.next_line(0.0, -state.leading),
                ("Tj", _) => state.show(operands, drawn),
                ("TJ", _) => {
                    if let Some(Ok(pieces)) = operands.first().map(Object::as_array) {
                        state.show(pieces, drawn);
                    }
                }
                ("'", _) => {
                    state.next_line(0.0, -state.leading);
                    state.show(operands, drawn);
                }
                ("\"", _) => {
                    state.next_line(0.0, -state.leading);
                    state.show(operands.get(2..).unwrap_or_default(), drawn);
                }
                ("Do", _) if depth < MAX_FORMS => {
                    if let Some(Ok(name)) = operands.first().map(Object::as_name) {
                        self.form(name, resources, fonts, state.ctm, depth, drawn);
                    }
                }
                _ => {}
            }
        }
    }

    /// Draws a form, a piece of page of its own with its own fonts.
    fn form(
        &mut self,
        name: &[u8],
        resources: &[&'d Dictionary],
        fonts: &Fonts<'d>,
        ctm: Matrix,
        depth: usize,
        drawn: &mut Drawn,
    ) {
        let document = self.document;
        let form = resources.iter().find_map(|dictionary| {
            document.get_dict_in_dict(dictionary, b"XObject").ok()?.get_deref(name, document).ok()?.as_stream().ok()
        });
        let Some(form) =
            form.filter(|form| form.dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|s| s == b"Form"))
        else {
            return;
        };
        let Ok(content) = form.decompressed_content_with_limit(self.limits.max_unpacked_bytes) else { return };
        let Ok(content) = Content::decode(&content) else { return };
        let own = document.get_dict_in_dict(&form.dict, b"Resources").ok();
        let mut form_fonts = fonts.clone();
        let named = own.and_then(|own| document.get_dict_in_dict(own, b"Font").ok());
        for (name, font) in named.into_iter().flat_map(Dictionary::iter) {
            if let Ok((_, Object::Dictionary(font))) = document.dereference(font) {
                form_fonts.insert(name.clone(), font);
            }
        }
        let matrix: Vec<f32> = match form.dict.get_deref(b"Matrix", document).and_then(Object::as_array) {
            Ok(numbers) => numbers.iter().filter_map(|number| super::font::number(document, number)).collect(),
            Err(_) => Vec::new(),
        };
        let ctm = match matrix.as_slice() {
            &[a, b, c, d, e, f] => times([a, b, c, d, e, f], ctm),
            _ => ctm,
        };
        let own: Vec<&'d Dictionary> = own.into_iter().chain(resources.iter().copied()).take(MAX_FORMS).collect();
        self.draw(&content.operations, &form_fonts, &own, ctm, depth + 1, drawn);
    }

    /// The font read from this dictionary, read once.
    fn font(&mut self, font: &'d Dictionary) -> Rc<Font<'d>> {
        let key = std::ptr::from_ref(font).addr();
        let (document, limit) = (self.document, self.limits.max_unpacked_bytes);
        Rc::clone(self.fonts.entry(key).or_insert_with(|| Rc::new(Font::new(document, font, limit))))
    }
}

impl State<'_> {
    fn next_line(&mut self, x: f32, y: f32) {
        self.line = times([1.0, 0.0, 0.0, 1.0, x, y], self.line);
        self.text = self.line;
    }

    fn advance(&mut self, x: f32) {
        self.text = times([1.0, 0.0, 0.0, 1.0, x, 0.0], self.text);
    }

    /// Shows strings, moving by the numbers between them.
    fn show(&mut self, pieces: &[Object], drawn: &mut Drawn) {
        for piece in pieces {
            match piece {
                Object::String(bytes, _) => self.show_string(bytes, drawn),
                other => {
                    if let Ok(by) = other.as_float() {
                        self.advance(-by / 1000.0 * self.size * self.scale);
                    }
                }
            }
        }
    }

    fn show_string(&mut self, bytes: &[u8], drawn: &mut Drawn) {
        let Some(font) = self.font.clone() else { return };
        let (width, codes, spaces) = font.width(bytes);
        let count = |n: usize| f32::from(u16::try_from(n).unwrap_or(u16::MAX));
        let spacing = count(codes) * self.char_space + count(spaces) * self.word_space;
        let before = times(self.text, self.ctm);
        self.advance((width / 1000.0 * self.size + spacing) * self.scale);
        let after = times(self.text, self.ctm);
        let (text, untold) = font.text(bytes);
        drawn.codes += codes;
        if font.identity {
            drawn.guessed += untold;
        } else {
            drawn.unknown += untold;
        }
        if drawn.runs.len() < MAX_RUNS && !text.is_empty() {
            let [a, b, c, d, x, y] = before;
            let [.., end_x, end_y] = after;
            let height = c.hypot(d) * self.size.abs();
            drawn.runs.push(Run::new(text, [x, y], [end_x, end_y], [a, b], height).bold(font.bold));
        }
    }
}

/// First `a`, then `b`.
fn times(a: Matrix, b: Matrix) -> Matrix {
    let [a0, a1, a2, a3, a4, a5] = a;
    let [b0, b1, b2, b3, b4, b5] = b;
    [
        a0 * b0 + a1 * b2,
        a0 * b1 + a1 * b3,
        a2 * b0 + a3 * b2,
        a2 * b1 + a3 * b3,
        a4 * b0 + a5 * b2 + b4,
        a4 * b1 + a5 * b3 + b5,
    ]
}
