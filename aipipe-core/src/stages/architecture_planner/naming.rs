//! Names a program can use: singular and plural, snake case, never a reserved word.

use crate::domain::ContentHash;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

const MAX: usize = 40;

/// Singulars and plurals that follow no rule, or one that would mislead.
const IRREGULAR: &str = "
    person/people child/children man/men woman/women mouse/mice foot/feet tooth/teeth goose/geese leaf/leaves
    shelf/shelves knife/knives life/lives half/halves self/selves loaf/loaves wolf/wolves index/indices
    analysis/analyses criterion/criteria datum/data medium/media status/statuses bus/buses gas/gases lens/lenses
    bonus/bonuses virus/viruses campus/campuses menu/menus quiz/quizzes photo/photos video/videos radio/radios
    studio/studios memo/memos logo/logos movie/movies cookie/cookies tie/ties pie/pies cache/caches axe/axes
    shoe/shoes toe/toes canoe/canoes horse/horses course/courses purse/purses house/houses warehouse/warehouses
    expense/expenses license/licenses response/responses case/cases base/bases database/databases phase/phases
    purchase/purchases release/releases lease/leases disease/diseases exercise/exercises franchise/franchises
    nurse/nurses dose/doses pose/poses rose/roses size/sizes prize/prizes staff/staff series/series
    species/species news/news equipment/equipment furniture/furniture luggage/luggage software/software hardware/hardware
    clothing/clothing money/money information/information feedback/feedback sheep/sheep fish/fish
    aircraft/aircraft inventory/inventories address/addresses process/processes access/accesses class/classes
    boss/bosses business/businesses glass/glasses dress/dresses pass/passes potato/potatoes tomato/tomatoes
    hero/heroes
";

static PLURALS: LazyLock<BTreeMap<&'static str, &'static str>> =
    LazyLock::new(|| IRREGULAR.split_whitespace().filter_map(|pair| pair.split_once('/')).collect());
static SINGULARS: LazyLock<BTreeMap<&'static str, &'static str>> =
    LazyLock::new(|| PLURALS.iter().map(|(one, many)| (*many, *one)).collect());

/// The singular of an English noun in lower case.
pub(super) fn singular(word: &str) -> String {
    if let Some(one) = SINGULARS.get(word) {
        return (*one).to_owned();
    }
    if PLURALS.contains_key(word) {
        return word.to_owned();
    }
    let cut = |suffix: &str, with: &str| {
        word.strip_suffix(suffix).filter(|stem| stem.chars().count() > 1).map(|stem| format!("{stem}{with}"))
    };
    if let Some(one) = cut("ies", "y") {
        return one;
    }
    for suffix in ["sses", "shes", "ches", "xes", "zes", "oes"] {
        if word.ends_with(suffix)
            && let Some(one) = cut("es", "")
        {
            return one;
        }
    }
    if ["ss", "us", "is", "'s"].iter().any(|ending| word.ends_with(ending)) {
        return word.to_owned();
    }
    cut("s", "").unwrap_or_else(|| word.to_owned())
}

/// Whether the noun is a plural.
pub(super) fn is_plural(word: &str) -> bool {
    if let Some(one) = SINGULARS.get(word) {
        return *one != word;
    }
    singular(word) != word
}

/// The plural of a singular English noun in lower case.
pub(super) fn plural(word: &str) -> String {
    if let Some(many) = PLURALS.get(word) {
        return (*many).to_owned();
    }
    if let Some(stem) = word.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u'])) {
        return format!("{stem}ies");
    }
    if ["s", "sh", "ch", "x", "z"].iter().any(|ending| word.ends_with(ending)) {
        return format!("{word}es");
    }
    format!("{word}s")
}

/// Words a name must not be: keywords and built-ins of TypeScript and Python, members every record or model has,
/// names the frameworks and the generated files use themselves, device names.
const RESERVED: &str = "
    abstract any arguments array as async await bigint boolean break case catch class const constructor continue
    debugger declare default delete do else enum eval export extends false finally for from function get if
    implements import in infer instanceof interface is keyof let map module namespace never new null number object
    of package private promise protected prototype proto public readonly record require return set static string
    super switch symbol this throw true try type typeof undefined unique unknown var void while with yield error
    date math json global process buffer name_space window has_own_property
    is_prototype_of to_string to_locale_string value_of hasownproperty tostring valueof infinity nan exports intl
    reflect proxy partial pick omit exclude extract awaited and assert def del elif except exec lambda none
    nonlocal not or pass print raise match copy dict list tuple int float str bool bytes construct fields schema
    validate parse_obj parse_raw parse_file from_orm self cls id hash len max min sum range filter input open
    format iter next vars dir repr slice property field base_model literal optional annotated datetime time
    decimal uuid exception ellipsis basemodel typing dataclass app application express router request response
    repository route model models store main index test tests api server schema_error limit offset page items
    item zod fast_api fastapi issue_list body query params http_exception react vue component props ref key
    children con prn aux nul com1 com2 com3 lpt1 lpt2 lpt3
";

/// Names of types and files that are harmless as a member.
const ALLOWED_FIELDS: &str = "
    date time number event limit page total item key state type store server node document route model body
    element component process format unique error request response record repository application test index main
    query offset items tests api app
";

static RESERVED_NAMES: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| RESERVED.split_whitespace().collect());
static MEMBER_NAMES: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| ALLOWED_FIELDS.split_whitespace().collect());

/// What a name is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// An entity: becomes types, files and functions.
    Entity,
    /// A field: becomes a member.
    Field,
}

/// Whether `name` may not be used as it is.
pub(super) fn is_reserved(name: &str, purpose: Use) -> bool {
    // pydantic keeps every name that begins so for itself.
    name.starts_with("model_")
        || RESERVED_NAMES.contains(name) && !(purpose == Use::Field && MEMBER_NAMES.contains(name))
}

/// Lower snake case of `words`, or a name derived from their hash when no letter of the Latin script is left.
pub(super) fn snake(words: &[&str]) -> String {
    let mut name = String::new();
    for c in words.join(" ").chars().flat_map(char::to_lowercase) {
        let mut latin = [0_u8; 4];
        let piece: &str = if c.is_ascii_alphanumeric() { c.encode_utf8(&mut latin) } else { transliterate(c) };
        if piece.is_empty() {
            // An apostrophe or a mark belongs to its word; anything else separates.
            if !matches!(c, '\'' | '’' | '\u{300}'..='\u{36F}') && !name.is_empty() && !name.ends_with('_') {
                name.push('_');
            }
        } else {
            name.push_str(piece);
        }
    }
    let mut name = name.trim_matches('_').to_owned();
    if name.is_empty() {
        return format!("n{}", ContentHash::of_parts(words).short(8));
    }
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        name.insert_str(0, "n_");
    }
    if name.len() > MAX {
        name.truncate(MAX - 7);
        name = format!("{}_{}", name.trim_end_matches('_'), ContentHash::of_parts(words).short(6));
    }
    name
}

fn transliterate(c: char) -> &'static str {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ä' | 'æ' => "ae",
        'ç' | 'ć' | 'č' | 'ĉ' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' | 'ĝ' | 'ģ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ł' | 'ľ' | 'ĺ' | 'ļ' => "l",
        'ñ' | 'ń' | 'ň' | 'ņ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'ō' | 'ő' => "o",
        'ö' | 'œ' => "oe",
        'ŕ' | 'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ţ' | 'ț' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'ü' => "ue",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    }
}

/// `wanted`, or the nearest free name that is not reserved; it is taken afterwards.
pub(super) fn free_name(wanted: &str, purpose: Use, taken: &mut BTreeSet<String>) -> String {
    let base = if is_reserved(wanted, purpose) {
        format!("{wanted}_{}", if purpose == Use::Entity { "entry" } else { "value" })
    } else {
        wanted.to_owned()
    };
    // A prefix that stays reserved (`model_…`) moves behind.
    let base = base.strip_prefix("model_").map_or(base.clone(), |rest| format!("the_model_{rest}"));
    let mut name = base.clone();
    let mut count = 2_u32;
    while taken.contains(&name) {
        name = format!("{base}_{count}");
        count = count.saturating_add(1);
    }
    taken.insert(name.clone());
    name
}

/// The plural of a snake-case name; always different from it.
pub(super) fn plural_name(name: &str) -> String {
    let (head, last) = name.rsplit_once('_').map_or((None, name), |(head, last)| (Some(head), last));
    let many = plural(last);
    let many = match last {
        "staff" | "crew" | "personnel" => format!("{last}_members"),
        _ if many == last => format!("{last}_items"),
        _ => many,
    };
    head.map_or(many.clone(), |head| format!("{head}_{many}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_and_singulars() {
        for (one, many) in [
            ("category", "categories"),
            ("booking", "bookings"),
            ("status", "statuses"),
            ("box", "boxes"),
            ("person", "people"),
            ("day", "days"),
            ("address", "addresses"),
            ("course", "courses"),
            ("branch", "branches"),
            ("invoice", "invoices"),
            ("potato", "potatoes"),
            ("bike", "bikes"),
            ("bus", "buses"),
            ("analysis", "analyses"),
            ("class", "classes"),
        ] {
            assert_eq!(plural(one), many);
            assert_eq!(singular(many), one);
            assert_eq!(singular(one), one);
            assert!(is_plural(many) && !is_plural(one), "{one}");
        }
        assert_eq!(plural_name("news"), "news_items");
        assert_eq!(plural_name("rented_equipment"), "rented_equipment_items");
        assert_eq!(plural_name("staff"), "staff_members");
        assert_eq!(plural_name("service_record"), "service_records");
    }

    #[test]
    fn names_are_never_reserved_and_never_taken() {
        let mut taken = BTreeSet::new();
        for word in [
            "class",
            "from",
            "import",
            "constructor",
            "__proto__",
            "model_config",
            "copy",
            "json",
            "schema",
            "delete",
            "new",
            "list",
            "id",
        ] {
            for purpose in [Use::Entity, Use::Field] {
                let name = free_name(&snake(&[word]), purpose, &mut taken);
                assert!(!is_reserved(&name, purpose), "{name}");
                assert_ne!(name, word);
            }
        }
        assert_eq!(free_name("note", Use::Field, &mut taken), "note");
        assert_eq!(free_name("note", Use::Field, &mut taken), "note_2");
    }

    #[test]
    fn names_of_other_scripts() {
        assert_eq!(snake(&["Prüfung"]), "pruefung");
        assert_eq!(snake(&["café", "crème"]), "cafe_creme");
        assert!(snake(&["予約"]).starts_with('n'));
        assert_ne!(snake(&["予約"]), snake(&["顧客"]));
        assert_eq!(snake(&["3D", "model"]), "n_3d_model");
    }

    proptest::proptest! {
        #[test]
        fn any_words_make_a_name(words in proptest::collection::vec("\\PC{0,12}", 0..4)) {
            let refs: Vec<&str> = words.iter().map(String::as_str).collect();
            let mut taken = BTreeSet::new();
            for purpose in [Use::Entity, Use::Field] {
                let name = free_name(&snake(&refs), purpose, &mut taken);
                proptest::prop_assert!(name.starts_with(|c: char| c.is_ascii_lowercase()), "{}", name);
                proptest::prop_assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
                proptest::prop_assert!(!is_reserved(&name, purpose));
                proptest::prop_assert!(name.len() <= 60);
            }
        }
    }
}
