//! The English words the rules know: verbs of products, roles of people, names for the product itself.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A verb: base form, the class in which verbs count as the same, past participle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verb {
    pub(super) base: &'static str,
    pub(super) class: &'static str,
    pub(super) participle: &'static str,
}

/// `base class participle`; `=` stands for the base form itself.
const VERBS: &str = "\
accept = accepted|access view accessed|activate = activated|add create added|adjust update adjusted|\
aggregate = aggregated|alert notify alerted|allocate assign allocated|amend update amended|analyse = analysed|\
analyze analyse analyzed|annotate = annotated|answer = answered|append create appended|apply = applied|\
approve = approved|archive = archived|arrange = arranged|assign = assigned|attach = attached|\
authenticate login authenticated|authorize = authorized|back = backed|bill = billed|block = blocked|\
book = booked|bookmark = bookmarked|borrow = borrowed|browse list browsed|buy = bought|calculate = calculated|\
cancel = cancelled|capture create captured|change update changed|charge = charged|chat = chatted|check = checked|\
choose select chosen|classify = classified|clear = cleared|click = clicked|close = closed|collect = collected|\
comment = commented|compare = compared|complete = completed|compute calculate computed|configure = configured|\
confirm = confirmed|connect = connected|contact = contacted|convert = converted|copy = copied|correct update corrected|\
count = counted|create = created|crop = cropped|customize = customized|deactivate = deactivated|decline reject declined|\
decrypt = decrypted|define create defined|delete = deleted|deliver = delivered|detect = detected|\
determine calculate determined|disable deactivate disabled|discard delete discarded|display view displayed|\
distribute = distributed|download = downloaded|drag = dragged|duplicate copy duplicated|edit update edited|\
email send emailed|embed = embedded|enable activate enabled|encrypt = encrypted|enrol = enrolled|enroll enrol enrolled|\
enter create entered|erase delete erased|estimate = estimated|execute run executed|extend = extended|export = exported|\
extract = extracted|favourite = favourited|favorite favourite favorited|fetch view fetched|fill = filled|\
filter = filtered|find search found|finish complete finished|flag = flagged|follow = followed|forward = forwarded|\
generate = generated|get = got|give = given|grant = granted|group = grouped|handle = handled|hide = hidden|\
highlight = highlighted|identify = identified|implement = implemented|import = imported|include = included|\
inform notify informed|insert create inserted|inspect view inspected|install = installed|integrate = integrated|\
invite = invited|invoice = invoiced|issue = issued|join = joined|keep store kept|label tag labelled|leave = left|\
lend = lent|like = liked|limit = limited|link = linked|list = listed|load = loaded|lock = locked|log = logged|\
look = looked|maintain update maintained|make create made|manage = managed|map = mapped|mark = marked|match = matched|\
measure = measured|merge = merged|message = messaged|modify update modified|monitor track monitored|move = moved|\
name = named|navigate = navigated|notify = notified|offer = offered|open = opened|order = ordered|organize = organized|\
override = overridden|park = parked|paste = pasted|pause = paused|pay = paid|perform = performed|pick select picked|\
place create placed|plan = planned|play = played|post create posted|predict = predicted|prevent = prevented|\
preview view previewed|print = printed|process = processed|produce generate produced|provide = provided|\
publish = published|purchase buy purchased|push = pushed|query search queried|rank = ranked|rate = rated|\
reactivate = reactivated|read view read|rearrange = rearranged|receive = received|recommend = recommended|\
record create recorded|recover restore recovered|redirect = redirected|refund = refunded|refuse reject refused|\
register create registered|reject = rejected|release = released|remind = reminded|remove delete removed|\
rename = renamed|render view rendered|renew = renewed|rent = rented|reopen = reopened|reorder = reordered|\
repeat = repeated|replace update replaced|reply = replied|report = reported|request = requested|reschedule = rescheduled|\
reserve book reserved|reset = reset|resize = resized|resolve = resolved|respond = responded|restore = restored|\
restrict = restricted|retrieve view retrieved|retry = retried|return = returned|reuse = reused|review = reviewed|\
revoke = revoked|rotate = rotated|run = run|save store saved|scan = scanned|schedule create scheduled|score = scored|\
search = found|see view shown|select = selected|sell = sold|send = sent|separate = separated|set update set|\
share = shared|show view shown|sign = signed|simulate = simulated|skip = skipped|sort = sorted|specify = specified|\
split = split|start = started|stop = stopped|store = stored|stream = streamed|submit create submitted|\
subscribe = subscribed|suggest = suggested|support = supported|suspend = suspended|switch = switched|sync = synced|\
synchronize sync synchronized|synchronise sync synchronised|tag = tagged|take = taken|test = tested|toggle = toggled|\
track = tracked|transfer = transferred|translate = translated|trigger = triggered|tune = tuned|type = typed|\
undo = undone|unlock = unlocked|unsubscribe = unsubscribed|update = updated|upgrade = upgraded|upload = uploaded|\
use = used|validate = validated|verify = verified|view = viewed|visit = visited|vote = voted|warn notify warned|\
watch = watched|withdraw = withdrawn|work = worked|write = written|zoom = zoomed|login = logged|logout = logged|\
register create registered|ask = asked|bring = brought|hand = handed|check-in = checked-in|hire rent hired|\
delegate assign delegated|escalate = escalated|categorize classify categorized|categorise classify categorised|\
prioritize = prioritized|prioritise = prioritised|visualize view visualized|visualise view visualised|\
summarize = summarized|summarise = summarised|exchange = exchanged|evaluate = evaluated|rebook = rebooked|\
personalize customize personalized|customise customize customised|organise organize organised|opt = opted|pin = pinned|\
mute = muted|swap = swapped|redeem = redeemed|earn = earned|donate = donated|apply = applied|solve = solved|\
recall = recalled|deduplicate = deduplicated|normalize = normalized|encode = encoded|ensure = ensured|allow = allowed";

/// Verbs that are as often nouns: they count as verbs only where a verb must stand.
const NOUN_TOO: &[&str] = &[
    "access",
    "alert",
    "answer",
    "back",
    "bill",
    "block",
    "book",
    "bookmark",
    "change",
    "charge",
    "chat",
    "check",
    "comment",
    "contact",
    "copy",
    "count",
    "crop",
    "display",
    "download",
    "email",
    "estimate",
    "exchange",
    "export",
    "favorite",
    "favourite",
    "filter",
    "flag",
    "group",
    "hand",
    "import",
    "invoice",
    "issue",
    "label",
    "leave",
    "like",
    "limit",
    "link",
    "list",
    "load",
    "lock",
    "log",
    "login",
    "logout",
    "look",
    "map",
    "mark",
    "match",
    "measure",
    "message",
    "name",
    "offer",
    "open",
    "order",
    "park",
    "pause",
    "pay",
    "pick",
    "pin",
    "place",
    "plan",
    "play",
    "post",
    "preview",
    "print",
    "process",
    "produce",
    "purchase",
    "push",
    "query",
    "rank",
    "rate",
    "read",
    "record",
    "refund",
    "release",
    "rent",
    "repeat",
    "reply",
    "report",
    "request",
    "reserve",
    "reset",
    "return",
    "review",
    "run",
    "scan",
    "schedule",
    "score",
    "search",
    "set",
    "share",
    "show",
    "sign",
    "sort",
    "split",
    "start",
    "stop",
    "store",
    "stream",
    "support",
    "switch",
    "sync",
    "tag",
    "test",
    "toggle",
    "track",
    "transfer",
    "trigger",
    "tune",
    "type",
    "update",
    "upgrade",
    "upload",
    "use",
    "view",
    "visit",
    "vote",
    "watch",
    "work",
    "zoom",
    "separate",
    "complete",
    "duplicate",
    "correct",
    "clear",
    "close",
    "live",
    "make",
    "hire",
    "swap",
    "escalate",
    "recall",
    "mute",
];

static BASE: LazyLock<HashMap<&'static str, Verb>> = LazyLock::new(|| {
    VERBS
        .split('|')
        .filter_map(|entry| {
            let mut words = entry.split_whitespace();
            let (base, class, participle) = (words.next()?, words.next()?, words.next()?);
            Some((base, Verb { base, class: if class == "=" { base } else { class }, participle }))
        })
        .collect()
});

static PARTICIPLES: LazyLock<HashMap<&'static str, Verb>> =
    LazyLock::new(|| BASE.values().filter(|v| v.participle != v.base).map(|v| (v.participle, *v)).collect());

/// The verb whose base form this word is.
pub(super) fn verb(word: &str) -> Option<Verb> {
    BASE.get(word).copied()
}

/// The verb whose base form this word is and which is seldom a noun.
pub(super) fn pure_verb(word: &str) -> Option<Verb> {
    verb(word).filter(|v| !NOUN_TOO.contains(&v.base))
}

/// The verb whose past participle this word is.
pub(super) fn participle(word: &str) -> Option<Verb> {
    PARTICIPLES.get(word).copied().or_else(|| match word {
        "canceled" => verb("cancel"),
        "labeled" => verb("label"),
        "set" | "read" | "run" | "reset" | "split" => verb(word),
        _ => None,
    })
}

/// The verb of which this word is any form: base, third person, participle or -ing.
pub(super) fn any_form(word: &str) -> Option<Verb> {
    verb(word)
        .or_else(|| participle(word))
        .or_else(|| third_person(word))
        .or_else(|| word.strip_suffix("ing").and_then(|stem| stem_verb(stem)))
}

/// The verb whose third person this word is (`cancels`, `notifies`, `searches`).
pub(super) fn third_person(word: &str) -> Option<Verb> {
    let stem = word.strip_suffix('s')?;
    verb(stem)
        .or_else(|| stem.strip_suffix('e').and_then(verb))
        .or_else(|| stem.strip_suffix("ie").and_then(|s| verb(&format!("{s}y"))))
}

fn stem_verb(stem: &str) -> Option<Verb> {
    verb(stem).or_else(|| verb(&format!("{stem}e"))).or_else(|| {
        let last = stem.chars().last()?;
        let shorter = stem.strip_suffix(last)?;
        shorter.ends_with(last).then(|| verb(shorter)).flatten()
    })
}

/// The verb whose -ing form this word is.
pub(super) fn gerund(word: &str) -> Option<Verb> {
    word.strip_suffix("ing").and_then(stem_verb)
}

/// Nouns for people.
const ROLES: &str = "\
accountant actor admin administrator agent analyst anyone applicant architect attendee auditor author barber bidder \
bookkeeper boss broker builder buyer caller candidate caretaker carer cashier chef child citizen clerk client clinician \
coach collaborator colleague consultant consumer contractor contributor coordinator courier creator customer \
dealer dentist developer director dispatcher doctor donor driver editor employee employer engineer everybody everyone \
examiner farmer friend gardener guest hairdresser host inspector instructor insurer investigator investor journalist \
judge landlord lawyer learner lecturer librarian maintainer man manager marketer mechanic member merchant moderator \
musician neighbour nurse officer operator organiser organizer owner parent participant partner passenger patient \
payer people person pharmacist photographer physician planner player principal producer professor programmer provider \
publisher purchaser reader receptionist recipient recruiter registrar renter reporter researcher resident reviewer \
rider salesperson scientist secretary sender seller shopper somebody someone speaker specialist sponsor staff \
stakeholder student subscriber superuser supervisor supplier supporter teacher team technician tenant tester therapist \
tourist trainee trainer translator traveler traveller treasurer tutor user vendor vet veterinarian viewer visitor \
volunteer voter waiter worker writer freelancer steward archivist contestant coworker crew archaeologist curator";

/// Names for the product as a whole or for a part that acts on its own.
const SYSTEMS: &str = "\
api app application backend back-end bot client-side component dashboard engine form framework frontend front-end gui \
homepage interface library module page platform portal prd product program programme script server service shop site \
software solution store system tool ui webapp website webshop web-app widget project package plugin cli";

fn in_list(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == word)
}

static ROLE_SET: LazyLock<std::collections::HashSet<&'static str>> =
    LazyLock::new(|| ROLES.split_ascii_whitespace().collect());

/// Whether this singular noun names a person.
pub(super) fn is_role(noun: &str) -> bool {
    ROLE_SET.contains(noun)
}

/// Whether this singular noun names the product or an acting part of it.
pub(super) fn is_system(noun: &str) -> bool {
    in_list(SYSTEMS, noun)
}

pub(super) const ARTICLES: &[&str] = &["a", "an", "the"];

/// Words before a noun that say which or how many.
pub(super) const DETERMINERS: &[&str] = &[
    "a", "an", "the", "this", "that", "these", "those", "my", "our", "your", "his", "her", "its", "their", "each",
    "every", "all", "any", "some", "no", "both", "only", "other", "another", "such",
];

pub(super) const PRONOUNS: &[&str] = &[
    "i",
    "we",
    "you",
    "he",
    "she",
    "it",
    "they",
    "me",
    "us",
    "him",
    "her",
    "them",
    "this",
    "that",
    "these",
    "those",
    "there",
    "who",
    "which",
    "what",
    "i'm",
    "we're",
    "you're",
    "they're",
    "it's",
    "that's",
    "you'll",
    "we'll",
    "i'll",
    "they'll",
    "it'll",
    "you've",
    "we've",
    "i've",
    "they've",
    "you'd",
    "they'd",
    "he's",
    "she's",
    "myself",
    "themselves",
];

pub(super) const PREPOSITIONS: &[&str] = &[
    "of",
    "in",
    "on",
    "at",
    "by",
    "for",
    "with",
    "from",
    "to",
    "into",
    "onto",
    "over",
    "under",
    "about",
    "as",
    "than",
    "via",
    "per",
    "within",
    "without",
    "during",
    "between",
    "through",
    "against",
    "after",
    "before",
    "until",
    "till",
    "since",
    "when",
    "while",
    "if",
    "unless",
    "once",
    "because",
    "so",
    "that",
    "who",
    "which",
    "where",
    "whose",
    "using",
    "based",
    "according",
    "including",
    "such",
    "up",
    "like",
    "whenever",
    "and",
    "or",
    "but",
    "upon",
    "across",
    "near",
];

/// Adverbs that may stand between a modal and its verb.
pub(super) const ADVERBS: &[&str] = &[
    "also",
    "always",
    "automatically",
    "only",
    "then",
    "easily",
    "just",
    "still",
    "at",
    "immediately",
    "quickly",
    "ever",
    "simply",
    "both",
    "later",
    "even",
    "manually",
    "really",
    "definitely",
    "probably",
    "only",
    "separately",
    "either",
    "directly",
    "instantly",
    "additionally",
    "correctly",
    "clearly",
    "securely",
    "exactly",
    "successfully",
    "therefore",
];

/// Words that tell nothing about what is asked for.
pub(super) const STOPWORDS: &[&str] = &[
    "a",
    "an",
    "the",
    "this",
    "that",
    "these",
    "those",
    "my",
    "our",
    "your",
    "his",
    "her",
    "its",
    "their",
    "each",
    "every",
    "all",
    "any",
    "some",
    "i",
    "we",
    "you",
    "he",
    "she",
    "it",
    "they",
    "me",
    "us",
    "him",
    "them",
    "is",
    "are",
    "be",
    "been",
    "was",
    "were",
    "being",
    "am",
    "do",
    "does",
    "did",
    "has",
    "have",
    "had",
    "having",
    "will",
    "would",
    "shall",
    "should",
    "can",
    "could",
    "may",
    "might",
    "must",
    "need",
    "needs",
    "to",
    "of",
    "in",
    "on",
    "at",
    "for",
    "by",
    "with",
    "from",
    "as",
    "and",
    "or",
    "so",
    "also",
    "then",
    "please",
    "want",
    "wants",
    "able",
    "possible",
    "there",
    "which",
    "who",
    "required",
    "ought",
    "just",
    "only",
    "like",
    "into",
    "via",
    "system",
    "app",
    "application",
    "software",
    "user",
    "one",
    "own",
];

const IRREGULAR: &[(&str, &str)] = &[
    ("people", "person"),
    ("children", "child"),
    ("men", "man"),
    ("women", "woman"),
    ("feet", "foot"),
    ("teeth", "tooth"),
    ("mice", "mouse"),
    ("geese", "goose"),
    ("criteria", "criterion"),
    ("indices", "index"),
    ("vertices", "vertex"),
    ("matrices", "matrix"),
    ("analyses", "analysis"),
    ("leaves", "leaf"),
    ("shelves", "shelf"),
    ("lives", "life"),
    ("wives", "wife"),
    ("knives", "knife"),
    ("halves", "half"),
    ("thieves", "thief"),
    ("movies", "movie"),
    ("cookies", "cookie"),
    ("addresses", "address"),
    ("buses", "bus"),
    ("statuses", "status"),
    ("quizzes", "quiz"),
    ("bases", "base"),
    ("databases", "database"),
    ("courses", "course"),
    ("purchases", "purchase"),
    ("houses", "house"),
    ("caches", "cache"),
    ("invoices", "invoice"),
    ("data", "data"),
    ("series", "series"),
    ("species", "species"),
    ("ties", "tie"),
    ("pies", "pie"),
    ("calories", "calorie"),
    ("heroes", "hero"),
    ("photos", "photo"),
    ("axes", "axis"),
    ("aircraft", "aircraft"),
    ("sheep", "sheep"),
    ("news", "news"),
    ("lens", "lens"),
    ("atlas", "atlas"),
    ("canvas", "canvas"),
    ("always", "always"),
    ("sales", "sale"),
    ("gps", "gps"),
    ("sms", "sms"),
    ("https", "https"),
    ("css", "css"),
    ("nurses", "nurse"),
    ("expenses", "expense"),
    ("licenses", "license"),
    ("licences", "licence"),
    ("warehouses", "warehouse"),
    ("responses", "response"),
    ("uses", "use"),
    ("causes", "cause"),
    ("cases", "case"),
    ("phases", "phase"),
    ("releases", "release"),
    ("exercises", "exercise"),
    ("senses", "sense"),
    ("doses", "dose"),
    ("roses", "rose"),
    ("employees", "employee"),
    ("committees", "committee"),
    ("employees'", "employee"),
    ("aches", "ache"),
    ("axe", "axe"),
];

/// The singular of a lower-case English noun; the word itself when it is none.
pub(super) fn singular(word: &str) -> String {
    let word = word.strip_suffix("'s").or_else(|| word.strip_suffix('\'')).unwrap_or(word);
    if let Some((_, one)) = IRREGULAR.iter().find(|(many, _)| *many == word) {
        return (*one).to_owned();
    }
    if word.chars().count() < 4 || word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
        return match word {
            "ids" => "id".to_owned(),
            _ => word.to_owned(),
        };
    }
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    for ending in ["sses", "xes", "zes", "ches", "shes", "uses"] {
        if word.ends_with(ending) {
            return word.strip_suffix("es").unwrap_or(word).to_owned();
        }
    }
    word.strip_suffix('s').unwrap_or(word).to_owned()
}

/// A number written as a word, as digits.
pub(super) fn number_word(word: &str) -> Option<&'static str> {
    const WORDS: &[(&str, &str)] = &[
        ("zero", "0"),
        ("two", "2"),
        ("three", "3"),
        ("four", "4"),
        ("five", "5"),
        ("six", "6"),
        ("seven", "7"),
        ("eight", "8"),
        ("nine", "9"),
        ("ten", "10"),
        ("eleven", "11"),
        ("twelve", "12"),
        ("fifteen", "15"),
        ("twenty", "20"),
        ("thirty", "30"),
        ("fifty", "50"),
        ("hundred", "100"),
        ("thousand", "1000"),
    ];
    WORDS.iter().find(|(w, _)| *w == word).map(|(_, n)| *n)
}

/// The third person singular of a base verb.
pub(super) fn third(base: &str) -> String {
    match base {
        "be" => "is".to_owned(),
        "have" => "has".to_owned(),
        _ if base.ends_with(['s', 'x', 'z', 'o']) || base.ends_with("ch") || base.ends_with("sh") => {
            format!("{base}es")
        }
        _ => match base.strip_suffix('y') {
            Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
            _ => format!("{base}s"),
        },
    }
}

/// Whether a word is written in capitals throughout, such as `PDF`.
pub(super) fn is_acronym(word: &str) -> bool {
    word.chars().filter(|c| c.is_alphabetic()).count() > 1 && word.chars().skip(1).any(char::is_uppercase)
}

/// `text` with its first letter in lower case.
pub(super) fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// `text` with its first letter in upper case.
pub(super) fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The plural of a lower-case noun phrase by its last word.
pub(super) fn plural(phrase: &str) -> String {
    let last = phrase.rsplit(' ').next().unwrap_or(phrase);
    if let Some((many, _)) = IRREGULAR.iter().find(|(many, one)| *one == last && many != one) {
        return format!("{}{many}", phrase.strip_suffix(last).unwrap_or(""));
    }
    if singular(last) != last || last == "data" || last.ends_with("ment") && last.len() < 5 {
        return phrase.to_owned();
    }
    format!("{}{}", phrase.strip_suffix(last).unwrap_or(""), third(last))
}
