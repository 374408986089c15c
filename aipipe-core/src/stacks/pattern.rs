//! Text with blanks, such as `src/models/{entity}.ts`.

use super::definition::FileNames;
use super::naming::{kebab, pascal, python_identifier, type_name, with_article, words};
use serde::Deserialize;
use std::fmt;

/// Text with blanks that names fill in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Blank(Blank),
}

/// What a blank stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blank {
    Entity,
    Entities,
    SnakeEntities,
    PascalEntity,
    PascalEntities,
    Record,
    EntityWords,
    CapitalEntityWords,
    EntitiesWords,
    AnEntity,
    Unchecked,
    Story,
    CriterionTests,
    UsualTests,
    Folder,
}

impl Blank {
    const ALL: [(&'static str, Self); 15] = [
        ("entity", Self::Entity),
        ("entities", Self::Entities),
        ("snake_entities", Self::SnakeEntities),
        ("Entity", Self::PascalEntity),
        ("Entities", Self::PascalEntities),
        ("Record", Self::Record),
        ("entity_words", Self::EntityWords),
        ("Entity_words", Self::CapitalEntityWords),
        ("entities_words", Self::EntitiesWords),
        ("an_entity", Self::AnEntity),
        ("unchecked", Self::Unchecked),
        ("story", Self::Story),
        ("criterion_tests", Self::CriterionTests),
        ("usual_tests", Self::UsualTests),
        ("folder", Self::Folder),
    ];

    /// Whether a kind of record fills it.
    pub(crate) fn is_of_entity(self) -> bool {
        !matches!(self, Self::Unchecked | Self::Story | Self::CriterionTests | Self::UsualTests | Self::Folder)
    }
}

impl Pattern {
    pub(crate) fn blanks(&self) -> impl Iterator<Item = Blank> {
        self.0.iter().filter_map(|part| match part {
            Part::Blank(blank) => Some(*blank),
            Part::Text(_) => None,
        })
    }

    /// The text with every blank filled in.
    pub(crate) fn fill(&self, value: impl Fn(Blank) -> String) -> String {
        let filled = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Blank(blank) => value(*blank),
        };
        self.0.iter().map(filled).collect()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |blank: Blank| Blank::ALL.iter().find(|(_, known)| *known == blank).map_or("", |(name, _)| name);
        f.write_str(&self.fill(|blank| format!("{{{}}}", name(blank))))
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or_else(|| format!("{text} has an open blank"))?;
            let known = Blank::ALL.iter().find(|(known, _)| *known == name);
            let (_, blank) = known.ok_or_else(|| format!("{text} has the blank {name}, which nothing fills"))?;
            parts.extend([Part::Text(before.to_owned()), Part::Blank(*blank)]);
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        parts.retain(|part| *part != Part::Text(String::new()));
        Ok(Self(parts))
    }
}

/// The names of a kind of record, for the blanks it fills.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EntityNames<'a> {
    pub(crate) file_names: FileNames,
    /// Lower snake case.
    pub(crate) name: &'a str,
    /// Lower snake case.
    pub(crate) plural: &'a str,
}

impl EntityNames<'_> {
    /// What fills `blank`; empty for a blank that no kind of record fills.
    pub(crate) fn fill(&self, blank: Blank) -> String {
        let Self { name, plural, .. } = self;
        match blank {
            Blank::Entity => self.file_name(name),
            Blank::Entities => self.file_name(plural),
            Blank::SnakeEntities => (*plural).to_owned(),
            Blank::PascalEntity => pascal(name),
            Blank::PascalEntities => pascal(plural),
            Blank::Record => type_name(name),
            Blank::EntityWords => words(name),
            Blank::CapitalEntityWords => capital(&words(name)),
            Blank::EntitiesWords => words(plural),
            Blank::AnEntity => with_article(name),
            Blank::Unchecked | Blank::Story | Blank::CriterionTests | Blank::UsualTests | Blank::Folder => {
                String::new()
            }
        }
    }

    fn file_name(&self, name: &str) -> String {
        match self.file_names {
            FileNames::Kebab => kebab(name),
            FileNames::Snake => python_identifier(name),
        }
    }
}

/// The text with its first letter in upper case.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_filled_and_unknown_ones_refused() {
        let pattern = Pattern::try_from("src/{entity}/{Entity}Form.tsx".to_owned()).unwrap();
        let names = EntityNames { file_names: FileNames::Kebab, name: "map_tile", plural: "map_tiles" };
        assert_eq!(pattern.fill(|blank| names.fill(blank)), "src/map-tile/MapTileForm.tsx");
        assert_eq!(pattern.to_string(), "src/{entity}/{Entity}Form.tsx");
        for bad in ["{", "{entity", "{}", "{nothing}"] {
            assert!(Pattern::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
