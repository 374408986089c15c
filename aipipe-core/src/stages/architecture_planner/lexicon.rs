//! The English words the rules know: verbs by what they do to a record, and words that carry no meaning of their own.

/// Whether `word` is one of the words of `list`.
pub(super) fn is_in(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|w| w == word)
}

/// What a verb does to the records of its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// Makes one.
    Create,
    /// Shows some or one, by the number of the object.
    Show,
    /// Shows those that match.
    Search,
    /// Changes one.
    Update,
    /// Removes one.
    Delete,
    /// Sets its status to the value.
    Transition(&'static str),
    /// `mark … as …`: the value stands in the text.
    Mark,
}

/// What `verb` (in its base form) does, if a rule covers it.
pub(super) fn act(verb: &str) -> Option<Act> {
    Some(match verb {
        "create" | "add" | "register" | "book" | "reserve" | "record" | "schedule" | "submit" | "enter" | "log"
        | "save" | "make" | "order" | "place" | "request" | "define" | "file" | "capture" | "rent" | "post"
        | "write" | "plan" | "store" | "keep" => Act::Create,
        "see" | "view" | "list" | "show" | "browse" | "read" | "display" | "get" | "look" | "inspect" | "check"
        | "access" | "retrieve" | "open" => Act::Show,
        "search" | "filter" | "find" => Act::Search,
        "update" | "edit" | "change" | "rename" | "reschedule" | "modify" | "correct" | "amend" | "adjust" | "move"
        | "assign" | "set" => Act::Update,
        "delete" | "remove" | "erase" => Act::Delete,
        "cancel" => Act::Transition("cancelled"),
        "complete" | "finish" => Act::Transition("completed"),
        "approve" => Act::Transition("approved"),
        "reject" | "decline" => Act::Transition("rejected"),
        "close" => Act::Transition("closed"),
        "reopen" => Act::Transition("open"),
        "archive" => Act::Transition("archived"),
        "publish" => Act::Transition("published"),
        "unpublish" => Act::Transition("unpublished"),
        "confirm" => Act::Transition("confirmed"),
        "activate" => Act::Transition("active"),
        "deactivate" | "disable" => Act::Transition("inactive"),
        "resolve" => Act::Transition("resolved"),
        "return" => Act::Transition("returned"),
        "mark" => Act::Mark,
        _ => return None,
    })
}

/// The kind of record that a verb makes out of another one: who books a bike makes a booking.
pub(super) fn nominal(verb: &str) -> Option<&'static str> {
    Some(match verb {
        "book" => "booking",
        "reserve" => "reservation",
        "order" => "order",
        "rent" => "rental",
        _ => return None,
    })
}

/// Verbs of stories that no rule covers; known so that "and send a mail" is seen as a second act.
const OTHER_VERBS: &str = "send notify email mail pay export import upload download report calculate compute integrate sync \
    synchronise synchronize receive print share invite remind login sign generate track compare rate \
    review refund charge scan approximate sort order group manage analyse analyze choose select pick use \
    attach subscribe follow like comment chat call message reset authenticate authorise authorize verify \
    validate translate convert copy duplicate merge drag drop click navigate switch toggle configure \
    monitor predict recommend suggest ensure prevent block lock unlock link connect transfer withdraw \
    deposit play pause stop start restore undo redo backup be have know understand learn work help ask \
    tell give take apply join leave accept free limit enforce allocate count sum total";

/// Whether the word is a verb that can begin a clause.
pub(super) fn is_verb(word: &str) -> bool {
    act(word).is_some() || is_in(OTHER_VERBS, word)
}

/// The base form of a verb in the third person, past participle or gerund, when that is a verb a rule covers.
pub(super) fn base_form(word: &str) -> Option<String> {
    if act(word).is_some() {
        return Some(word.to_owned());
    }
    let known = |base: String| act(&base).is_some().then_some(base);
    match word {
        "seen" | "sees" | "saw" => return known("see".to_owned()),
        "shown" => return known("show".to_owned()),
        "found" => return known("find".to_owned()),
        "made" => return known("make".to_owned()),
        "kept" => return known("keep".to_owned()),
        "written" => return known("write".to_owned()),
        "cancelled" | "canceled" | "cancelling" => return known("cancel".to_owned()),
        _ => {}
    }
    let cut = |suffix: &str, with: &str| word.strip_suffix(suffix).and_then(|stem| known(format!("{stem}{with}")));
    cut("ies", "y")
        .or_else(|| cut("s", ""))
        .or_else(|| cut("es", ""))
        .or_else(|| cut("ed", ""))
        .or_else(|| cut("ed", "e"))
        .or_else(|| cut("ied", "y"))
        .or_else(|| cut("ing", ""))
        .or_else(|| cut("ing", "e"))
        .or_else(|| cut("tted", "t"))
        .or_else(|| cut("tting", "t"))
}

/// Whether the word only points at a noun.
pub(super) fn is_determiner(word: &str) -> bool {
    is_in(
        "a an the all any each every some this that these those one several multiple many new existing \
        specific single individual particular given another its their his her various different certain \
        other more both full complete entire whole",
        word,
    )
}

/// Whether the word ties the noun to the one who speaks.
pub(super) fn is_own(word: &str) -> bool {
    matches!(word, "my" | "our" | "own" | "your")
}

/// Whether the word picks some of the records out, which a plain list does not do.
pub(super) fn is_qualifier(word: &str) -> bool {
    const QUALIFIERS: &str = "upcoming overdue available past current open active inactive recent latest newest oldest daily \
        weekly monthly yearly free pending future previous next last first popular top expired late \
        urgent important public private incoming outgoing nearby similar related best today's tomorrow's \
        yesterday's week's month's incomplete missing unread empty low high";
    is_in(QUALIFIERS, word) || word.len() > 4 && (word.ends_with("ed") || word.ends_with("able"))
}

/// Nouns that stand for several records of what follows: a list of bookings.
pub(super) fn is_collection(word: &str) -> bool {
    is_in("list lists overview table collection catalogue catalog listing inventory index", word)
}

/// Nouns that stand for all of one record: the details of a booking.
pub(super) fn is_detail(word: &str) -> bool {
    matches!(word, "detail" | "details" | "information" | "info" | "data" | "record" | "entry" | "profile")
}

/// Whether the noun names the product itself, as in "add a bike to the system".
pub(super) fn is_product(word: &str) -> bool {
    is_in(
        "system app application database website site platform catalogue catalog inventory list fleet \
        collection registry tool software product api service",
        word,
    )
}

/// Whether the word ends a noun phrase.
pub(super) fn ends_noun(word: &str) -> bool {
    is_in(
        "with for by to of from in on at so that which who whose when where if and or as into including \
        via using per between after before without about is are was were be has have had must should can \
        cannot may might will would than then because while until unless within during through over \
        under again online only not no but having containing made plus also once against across along \
        among since up out off it them they i we you he she consisting shall does do quickly easily \
        later together like such",
        word,
    )
}

/// Whether the word adds nothing a rule would have to cover.
pub(super) fn is_filler(word: &str) -> bool {
    is_in(
        "easily quickly online simply please also again just always then here now able be to can want i \
        we up out would like need should must shall will",
        word,
    )
}
