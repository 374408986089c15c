//! What a service answers, as its README tells it.

use super::super::view::EntityView;
use crate::stacks::Language;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct Endpoint {
    method: &'static str,
    path: String,
    does: String,
    stories: Vec<String>,
}

/// The endpoints of an entity.
pub(super) fn endpoints(entity: &EntityView, language: Language) -> Vec<Endpoint> {
    let id = if language == Language::Python { "{record_id}" } else { ":id" };
    let mut endpoints = Vec::new();
    let (path, an) = (format!("/{}", entity.plural_kebab), &entity.with_article);
    let one = format!("{path}/{id}");
    let filters: Vec<&str> = entity.filters.iter().map(|field| field.parameter.as_str()).collect();
    let filters = if filters.is_empty() { String::new() } else { format!("; filters: {}", filters.join(", ")) };
    let operations = &entity.operations;
    let mut add = |method, path: &str, does: String, stories: &[String]| {
        if !stories.is_empty() {
            endpoints.push(Endpoint { method, path: path.to_owned(), does, stories: stories.to_vec() });
        }
    };
    add("POST", &path, format!("makes {an}"), &operations.create);
    let list = format!("lists {}: page, limit (20, at most 100){filters}", entity.plural_words);
    add("GET", &path, list, &operations.list);
    add("GET", &one, format!("reads {an}"), &operations.view);
    add("PATCH", &one, format!("changes {an}"), &operations.update);
    let by: Vec<&str> = entity.referrers.iter().map(|referrer| referrer.plural_words.as_str()).collect();
    let unless = if by.is_empty() { String::new() } else { format!("; 409 while {} refer to it", by.join(" or ")) };
    add("DELETE", &one, format!("removes {an}{unless}"), &operations.delete);
    for transition in &entity.transitions {
        let does = format!("sets {} to {}", transition.field_words, transition.to);
        add("POST", &format!("{one}/{}", transition.slug), does, &transition.stories);
    }
    endpoints
}
