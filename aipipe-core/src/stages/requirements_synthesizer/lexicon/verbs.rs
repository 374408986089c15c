//! Verbs of products, with the classes in which they count as the same.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A verb: base form, the class in which verbs count as the same, past participle.
#[derive(Debug, Clone, Copy)]
pub(in crate::stages::requirements_synthesizer) struct Verb {
    pub(in crate::stages::requirements_synthesizer) base: &'static str,
    pub(in crate::stages::requirements_synthesizer) class: &'static str,
    pub(in crate::stages::requirements_synthesizer) participle: &'static str,
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

static PARTICIPLES: LazyLock<HashMap<&'static str, Verb>> = LazyLock::new(|| {
    let mut verbs: Vec<Verb> = BASE.values().filter(|v| v.participle != v.base).copied().collect();
    verbs.sort_unstable_by_key(|v| v.base);
    let mut participles = HashMap::new();
    for known in verbs {
        // "found" is the participle of both "find" and "search": the same one in every run
        participles.entry(known.participle).or_insert(known);
    }
    participles
});

/// The verb whose base form this word is.
pub(in crate::stages::requirements_synthesizer) fn verb(word: &str) -> Option<Verb> {
    BASE.get(word).copied()
}

/// The verb whose base form this word is and which is seldom a noun.
pub(in crate::stages::requirements_synthesizer) fn pure_verb(word: &str) -> Option<Verb> {
    verb(word).filter(|v| !NOUN_TOO.contains(&v.base))
}

/// The verb whose past participle this word is.
pub(in crate::stages::requirements_synthesizer) fn participle(word: &str) -> Option<Verb> {
    PARTICIPLES.get(word).copied().or_else(|| match word {
        "canceled" => verb("cancel"),
        "labeled" => verb("label"),
        "set" | "read" | "run" | "reset" | "split" => verb(word),
        _ => None,
    })
}

/// The verb of which this word is any form: base, third person, participle or -ing.
pub(in crate::stages::requirements_synthesizer) fn any_form(word: &str) -> Option<Verb> {
    verb(word)
        .or_else(|| participle(word))
        .or_else(|| third_person(word))
        .or_else(|| word.strip_suffix("ing").and_then(stem_verb))
}

/// The verb whose third person this word is (`cancels`, `notifies`, `searches`).
pub(in crate::stages::requirements_synthesizer) fn third_person(word: &str) -> Option<Verb> {
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
pub(in crate::stages::requirements_synthesizer) fn gerund(word: &str) -> Option<Verb> {
    word.strip_suffix("ing").and_then(stem_verb)
}

/// The third person singular of a base verb.
pub(in crate::stages::requirements_synthesizer) fn third(base: &str) -> String {
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
