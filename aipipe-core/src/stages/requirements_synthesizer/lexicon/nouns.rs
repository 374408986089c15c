//! Nouns: people, the product itself, singular and plural.

use std::sync::LazyLock;

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
pub(in crate::stages::requirements_synthesizer) fn is_role(noun: &str) -> bool {
    ROLE_SET.contains(noun)
}

/// Whether this singular noun names the product or an acting part of it.
pub(in crate::stages::requirements_synthesizer) fn is_system(noun: &str) -> bool {
    in_list(SYSTEMS, noun)
}

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
pub(in crate::stages::requirements_synthesizer) fn singular(word: &str) -> String {
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

/// The plural of a lower-case noun phrase by its last word.
pub(in crate::stages::requirements_synthesizer) fn plural(phrase: &str) -> String {
    let last = phrase.rsplit(' ').next().unwrap_or(phrase);
    if let Some((many, _)) = IRREGULAR.iter().find(|(many, one)| *one == last && many != one) {
        return format!("{}{many}", phrase.strip_suffix(last).unwrap_or(""));
    }
    if singular(last) != last || last == "data" || last.ends_with("ment") && last.len() < 5 {
        return phrase.to_owned();
    }
    format!("{}{}", phrase.strip_suffix(last).unwrap_or(""), super::third(last))
}
