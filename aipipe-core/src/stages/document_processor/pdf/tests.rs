use crate::domain::{DocumentFormat, DocumentName, Place, RefusalReason, SegmentKind};
use crate::stages::document_processor::{ReadDocument, ReadLimits, Unreadable, read_document};
use lopdf::{Document, Object, Stream, dictionary};

/// A PDF file with these contents of pages: `F1` plain, `F2` bold, `F3` with codes of two bytes that the file gives no
/// meaning, `F4` of TeX, which names no encoding.
fn file(pages: &[&str]) -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    let tree = document.new_object_id();
    let font = |name: &str| dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => name, "Encoding" => "WinAnsiEncoding" };
    let (plain, bold) = (document.add_object(font("Helvetica")), document.add_object(font("Helvetica-Bold")));
    let below = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "CIDFontType2", "BaseFont" => "Own", "DW" => 500,
    });
    let wide = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type0", "BaseFont" => "Own", "Encoding" => "Identity-H",
        "DescendantFonts" => vec![below.into()],
    });
    let tex = document.add_object(dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "CMR10" });
    let fonts = dictionary! { "F1" => plain, "F2" => bold, "F3" => wide, "F4" => tex };
    let resources = document.add_object(dictionary! { "Font" => fonts });
    let mut kids: Vec<Object> = Vec::new();
    for content in pages {
        let content = document.add_object(Stream::new(dictionary! {}, content.as_bytes().to_vec()));
        kids.push(
            document.add_object(dictionary! { "Type" => "Page", "Parent" => tree, "Contents" => content }).into(),
        );
    }
    let count = i64::try_from(kids.len()).unwrap();
    let pages = dictionary! {
        "Type" => "Pages", "Kids" => kids, "Count" => count, "Resources" => resources,
        "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
    };
    document.objects.insert(tree, Object::Dictionary(pages));
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

fn try_read(bytes: &[u8]) -> Result<ReadDocument, Unreadable> {
    read_document(&DocumentName::parse("brief.bin").unwrap(), bytes, &ReadLimits::default())
}

#[test]
fn pages_become_headings_paragraphs_and_items_with_their_page() {
    let one = "BT /F2 18 Tf 72 760 Td (Shop brief) Tj /F1 11 Tf 0 -40 Td (We need a web shop that lists all require-) Tj \
               0 -13 Td [(men) -10 (ts) -400 (and) -300 (more.)] TJ 0 -30 Td (- search by name) Tj 0 -13 Td (- a cart) Tj ET";
    let two = "BT /F1 11 Tf 72 760 Td (The cart keeps its items.) Tj ET";
    let found = try_read(&file(&[one, two])).unwrap();
    assert_eq!(found.format, DocumentFormat::Pdf);
    let shown: Vec<(SegmentKind, &str, Place)> =
        found.segments.iter().map(|s| (s.kind, s.span.of(&found.text).unwrap(), s.place.clone())).collect();
    let page = |number| Place::Page { number };
    assert_eq!(
        shown,
        [
            (SegmentKind::Heading, "Shop brief", page(1)),
            (SegmentKind::Paragraph, "We need a web shop that lists all requirements and more.", page(1)),
            (SegmentKind::ListItem, "search by name", page(1)),
            (SegmentKind::ListItem, "a cart", page(1)),
            (SegmentKind::Paragraph, "The cart keeps its items.", page(2)),
        ]
    );
    assert_eq!(found.segments[4].headings, ["Shop brief"]);
    assert_eq!(found.metadata.parts, Some(2));
    assert_eq!(found.metadata.title.as_deref(), Some("Shop brief"));
}

#[test]
fn running_titles_and_page_numbers_are_no_text_of_the_document() {
    let page = |n: usize, word: &str| {
        format!(
            "BT /F1 11 Tf 72 800 Td (Brief of the shop) Tj 0 -60 Td (We need {word} here.) Tj 0 -600 Td (Page {n}) Tj ET"
        )
    };
    let pages: Vec<String> = ["search", "carts", "bills"].iter().zip(1..).map(|(word, n)| page(n, word)).collect();
    let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
    let found = try_read(&file(&pages)).unwrap();
    let text: Vec<&str> = found
        .segments
        .iter()
        .filter(|s| s.kind != SegmentKind::Boilerplate)
        .map(|s| s.span.of(&found.text).unwrap())
        .collect();
    assert_eq!(text, ["We need search here.", "We need carts here.", "We need bills here."]);
    assert_eq!(found.segments.len(), 9);
}

#[test]
fn what_has_no_text_is_damaged_or_has_too_many_pages_is_refused() {
    assert_eq!(try_read(&file(&["0 0 100 100 re f"])).unwrap_err().reason, RefusalReason::NoText);
    let whole = file(&["BT /F1 11 Tf 72 760 Td (text) Tj ET"]);
    assert_eq!(try_read(&whole[..200]).unwrap_err().reason, RefusalReason::Damaged);
    let limits = ReadLimits::default().with_max_pages(1);
    let two = file(&["BT ET", "BT ET"]);
    let error = read_document(&DocumentName::parse("a.pdf").unwrap(), &two, &limits).unwrap_err();
    assert_eq!(error.reason, RefusalReason::TooLarge);
}

#[test]
fn a_page_that_unpacks_beyond_the_limit_is_named() {
    let filler = format!("BT /F1 11 Tf 72 760 Td (text) Tj ET {}", " ".repeat(100_000));
    let limits = ReadLimits::default().with_max_unpacked_bytes(10_000);
    let mut document = Document::load_mem(&file(&["BT /F1 11 Tf 72 760 Td (first) Tj ET", &filler])).unwrap();
    document.compress();
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    let found = read_document(&DocumentName::parse("a.pdf").unwrap(), &bytes, &limits).unwrap();
    assert_eq!(found.text, "first");
    assert!(found.warnings[0].starts_with("page 2 could not be read"), "{:?}", found.warnings);
}

#[test]
fn locked_files_say_that_they_need_a_password() {
    use lopdf::{EncryptionState, EncryptionVersion, Permissions};
    let mut document = Document::load_mem(&file(&["BT /F1 11 Tf 72 760 Td (secret) Tj ET"])).unwrap();
    document
        .trailer
        .set("ID", vec![Object::string_literal("abcdefghabcdefgh"), Object::string_literal("abcdefghabcdefgh")]);
    let version = EncryptionVersion::V2 {
        document: &document,
        owner_password: "owner",
        user_password: "user",
        key_length: 128,
        permissions: Permissions::all(),
    };
    let state = EncryptionState::try_from(version).unwrap();
    document.encrypt(&state).unwrap();
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    let error = try_read(&bytes).unwrap_err();
    assert_eq!(error.reason, RefusalReason::Encrypted, "{error}");
}

#[test]
fn a_damaged_byte_anywhere_ends_in_a_result() {
    let whole = file(&["BT /F1 11 Tf 72 760 Td (We need a shop.) Tj ET"]);
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        let _ = try_read(&bytes);
        let _ = try_read(&whole[..at]);
    }
}

/// A string of codes of two bytes.
fn wide(codes: impl IntoIterator<Item = u32>) -> String {
    codes.into_iter().map(|code| format!("{code:04x}")).collect()
}

#[test]
fn a_page_whose_fonts_do_not_say_what_they_show_is_told() {
    let plain = "BT /F1 11 Tf 72 760 Td (Members must be able to renew a loan in the library.) Tj ET";
    let shown = |codes: String| format!("BT /F3 11 Tf 72 760 Td <{codes}> Tj ET");
    let sentence = "Termin płatności musi być widoczny dla każdego klienta";
    let characters = shown(wide(sentence.chars().map(u32::from)));
    // numbers of glyphs are near those of letters, and mean others
    let glyphs = shown(wide(sentence.chars().map(|c| u32::from(c).saturating_sub(61) % 90 + 3)));
    let joined = format!("BT /F4 11 Tf 72 760 Td <{}> Tj ET", "0b0c0e0f0d20".repeat(12));

    let found = try_read(&file(&[plain])).unwrap();
    assert_eq!(found.warnings, Vec::<String>::new());
    let found = try_read(&file(&[plain, &characters])).unwrap();
    assert!(found.text.contains(sentence), "{}", found.text);
    assert_eq!(
        found.warnings,
        ["the fonts of page 2 do not say for sure which characters they show; the text may be wrong"]
    );
    for garbage in [&glyphs, &joined] {
        let found = try_read(&file(&[plain, garbage])).unwrap();
        assert_eq!(found.text, "Members must be able to renew a loan in the library.");
        assert_eq!(found.warnings, ["page 2 could not be read: its fonts do not say which characters it shows"]);
        assert_eq!(try_read(&file(&[garbage])).unwrap_err().reason, RefusalReason::Damaged);
    }
}

#[test]
fn words_with_odd_marks_are_told() {
    let odd = "BT /F1 11 Tf 72 760 Td (hX\\140qM~q^x J^h;v?ow {qmwhMpb Ks|ws sqM~t dx~Xdx U|T[h TTt{qmn Lv?ow q]m[w x{Th|jh) Tj ET";
    let found = try_read(&file(&[odd])).unwrap();
    assert!(found.warnings.iter().any(|warning| warning.contains("page 1 do not say for sure")), "{found:?}");
    let code = "BT /F1 11 Tf 72 760 Td (See https://example.org/a?b=c or write to ann@example.org: the date is 2026-03-09, e.g. at 10:30; it's C++ and/or R&D.) Tj ET";
    assert_eq!(try_read(&file(&[code])).unwrap().warnings, Vec::<String>::new());
}
