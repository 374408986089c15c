//! Takes out of questions what no model should see, and puts back in answers what can be put back.

use crate::ports::{
    LanguageModel, ModelEvent, ModelProfile, ModelRequest, ModelResponse, OutputFormat, PromptPart, TokenCount,
};
use crate::redaction::{DataKind, Pseudonyms, Redactor, Restorer, Spelling, Treatment, secrets};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};

/// Redacts every text of a question before anything inside sees it, and turns pseudonyms back in the answer.
///
/// What the redactor masks stays masked in the answer: it is not kept anywhere. Values that come back into an answer in JSON
/// are written as JSON writes strings. In a stream a pseudonym may be cut anywhere; its beginning is held back until it is
/// whole.
///
/// The same question under the same policy becomes the same redacted question, so its idempotency key stays its name. Whoever
/// changes the policy between two tries of one call asks something else under the same key.
///
/// A schema and stop sequences are sent as they are: with a mask in it, a schema would ask for another answer. A question
/// that has a token or a key there, where secrets are not kept, is `InvalidInput` and is not asked.
#[derive(Debug)]
pub struct Redaction<M> {
    inner: M,
    redactor: Redactor,
}

impl<M: LanguageModel> Redaction<M> {
    /// Redacts what is asked of `inner`.
    #[must_use]
    pub fn new(inner: M, redactor: Redactor) -> Self {
        Self { inner, redactor }
    }

    fn redacted(&self, request: &ModelRequest) -> Result<(ModelRequest, Pseudonyms)> {
        self.refuse_secrets_in_form(request)?;
        let mut redacted = request.clone();
        let mut pseudonyms = Pseudonyms::default();
        let mut replaced = 0;
        let mut redact = |part: &mut PromptPart| {
            let (text, found) = self.redactor.redact_with(&part.text, &mut pseudonyms);
            part.text = text;
            replaced += found.len();
        };
        redacted.system.iter_mut().for_each(&mut redact);
        redacted.messages.iter_mut().flat_map(|message| &mut message.parts).for_each(&mut redact);
        if replaced > 0 {
            tracing::debug!(model = request.model, replaced, "a question was redacted");
        }
        Ok((redacted, pseudonyms))
    }

    fn refuse_secrets_in_form(&self, request: &ModelRequest) -> Result<()> {
        if self.redactor.policy().treatment(DataKind::Secret) == Treatment::Keep {
            return Ok(());
        }
        let schema = match &request.output {
            OutputFormat::Json { schema, .. } => schema.to_string(),
            _ => String::new(),
        };
        let places = [("the schema", schema), ("a stop sequence", request.stop_sequences.join("\n"))];
        for (place, text) in places {
            if let Some(secret) = secrets::of_known_form(&text).first() {
                let message = format!("{place} holds what looks like {}", secret.says);
                return Err(Error::new(ErrorKind::InvalidInput, "redaction.request", message));
            }
        }
        Ok(())
    }
}

fn spelling(request: &ModelRequest) -> Spelling {
    match request.output {
        OutputFormat::Json { .. } => Spelling::Json,
        _ => Spelling::Plain,
    }
}

/// What becomes of one event of a stream.
fn restored(
    event: Result<ModelEvent>,
    restorer: &mut Restorer,
    whole: &impl Fn(&str) -> String,
) -> Vec<Result<ModelEvent>> {
    let more = match &event {
        Ok(ModelEvent::TextDelta(text)) => restorer.push(text),
        _ => restorer.finish(),
    };
    let last = match event {
        Ok(ModelEvent::TextDelta(_)) => None,
        Ok(ModelEvent::Finished(mut response)) => {
            response.text = whole(&response.text);
            Some(Ok(ModelEvent::Finished(response)))
        }
        error => Some(error),
    };
    let more = Some(more).filter(|more| !more.is_empty()).map(|more| Ok(ModelEvent::TextDelta(more)));
    more.into_iter().chain(last).collect()
}

#[async_trait]
impl<M: LanguageModel> LanguageModel for Redaction<M> {
    fn profile(&self, model: &str) -> Option<ModelProfile> {
        self.inner.profile(model)
    }

    async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse> {
        let (redacted, pseudonyms) = self.redacted(request)?;
        let mut response = self.inner.generate(&redacted).await?;
        response.text = pseudonyms.restore_as(&response.text, spelling(request));
        Ok(response)
    }

    async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>> {
        let (redacted, pseudonyms) = self.redacted(request)?;
        let inner = self.inner.stream(&redacted).await?;
        if pseudonyms.is_empty() {
            return Ok(inner);
        }
        let spelling = spelling(request);
        let mut restorer = pseudonyms.clone().restorer(spelling);
        let whole = move |text: &str| pseudonyms.restore_as(text, spelling);
        Ok(inner.flat_map(move |event| stream::iter(restored(event, &mut restorer, &whole))).boxed())
    }

    async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount> {
        let (redacted, _) = self.redacted(request)?;
        self.inner.count_tokens(&redacted).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Cache, MemoryAnswers, block_on};
    use super::*;
    use crate::ports::{Message, MessageRole};
    use crate::redaction::RedactionPolicy;
    use crate::testing::ScriptedModel;
    use secrecy::SecretString;
    use std::sync::Arc;

    const MAIL: &str = "o'clerk@example.org";

    fn token() -> String {
        ["gh", "p_", &"a1B2".repeat(9)].concat()
    }

    fn redactor() -> Redactor {
        let kinds = [DataKind::Email, DataKind::PersonName];
        Redactor::new(RedactionPolicy::default().with_pseudonyms(SecretString::from("key"), kinds))
    }

    /// A model that says what it was asked.
    fn echo() -> Arc<ScriptedModel> {
        Arc::new(ScriptedModel::by(|request| {
            let parts = request.system.iter().chain(request.messages.iter().flat_map(|message| &message.parts));
            Ok(parts.map(|part| part.text.as_str()).collect::<Vec<_>>().join(" | "))
        }))
    }

    fn request() -> ModelRequest {
        let mut request = ModelRequest::new("m", format!("Write to {MAIL}, the token is {}", token()), 10)
            .with_system(vec![PromptPart::text(format!("You are {MAIL}")).cached()]);
        request.messages.push(Message::new(MessageRole::User, vec![PromptPart::text(format!("From {MAIL}"))]));
        request
    }

    #[test]
    fn nothing_inside_sees_what_is_redacted_and_answers_have_pseudonyms_turned_back() {
        let model = echo();
        let asked = Redaction::new(model.clone(), redactor());
        let answer = block_on(asked.generate(&request())).unwrap();
        assert_eq!(answer.text.matches(MAIL).count(), 3, "{}", answer.text);
        assert!(answer.text.contains("[secret: github-token]"), "{}", answer.text);
        let seen = serde_json::to_string(&model.requests()).unwrap();
        assert!(!seen.contains("clerk@") && !seen.contains(&token()), "{seen}");
        assert!(model.requests()[0].system[0].cache_until_here);
        // The control: without the layer it is all there.
        block_on(model.generate(&request())).unwrap();
        let seen = serde_json::to_string(&model.requests()).unwrap();
        assert!(seen.contains("clerk@") && seen.contains(&token()));
    }

    #[test]
    fn a_kept_answer_holds_pseudonyms_and_is_turned_back_each_time() {
        let (model, answers) = (echo(), Arc::new(MemoryAnswers::default()));
        let asked = Redaction::new(Cache::new(model.clone(), answers.clone(), "test"), redactor());
        let first = block_on(asked.generate(&request())).unwrap();
        let second = block_on(asked.generate(&request())).unwrap();
        assert_eq!((first.text == second.text, model.calls()), (true, 1));
        assert!(second.text.contains(MAIL));
        assert!(!format!("{answers:?}").contains("clerk@"));
    }

    #[derive(Debug)]
    struct Pieces(usize);

    #[async_trait]
    impl LanguageModel for Pieces {
        fn profile(&self, _: &str) -> Option<ModelProfile> {
            None
        }

        async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse> {
            echo().generate(request).await
        }

        async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>> {
            let response = self.generate(request).await?;
            let chars: Vec<char> = response.text.chars().collect();
            let pieces = chars.chunks(self.0).map(|piece| Ok(ModelEvent::TextDelta(piece.iter().collect())));
            let events: Vec<_> = pieces.chain([Ok(ModelEvent::Finished(Box::new(response)))]).collect();
            Ok(stream::iter(events).boxed())
        }

        async fn count_tokens(&self, _: &ModelRequest) -> Result<TokenCount> {
            Ok(TokenCount::exact(1))
        }
    }

    #[test]
    fn a_pseudonym_cut_anywhere_in_a_stream_comes_back_whole() {
        let whole = block_on(Redaction::new(echo(), redactor()).generate(&request())).unwrap().text;
        for size in 1..40 {
            let asked = Redaction::new(Pieces(size), redactor());
            let events: Vec<_> = block_on(block_on(asked.stream(&request())).unwrap().collect());
            let mut text = String::new();
            for event in events {
                match event.unwrap() {
                    ModelEvent::TextDelta(more) => {
                        assert!(!more.is_empty());
                        text.push_str(&more);
                    }
                    ModelEvent::Finished(response) => assert_eq!(response.text, whole, "{size}"),
                }
            }
            assert_eq!(text, whole, "{size}");
        }
    }

    #[test]
    fn values_in_json_answers_are_spelled_as_json() {
        let model = Arc::new(ScriptedModel::by(|request| {
            Ok(serde_json::json!({ "said": request.messages[0].parts[0].text }).to_string())
        }));
        let schema = OutputFormat::Json { name: "said".to_owned(), schema: serde_json::json!({}) };
        let request = ModelRequest::new("m", "My name is Ann \"Al\" and I'm here. Dear Ann D'Or, hello", 10);
        let asked = Redaction::new(model, redactor());
        let answer = block_on(asked.generate(&request.clone().with_output(schema))).unwrap();
        let value: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(value["said"], request.messages[0].parts[0].text.as_str());
        let pseudonyms = {
            let mut pseudonyms = Pseudonyms::default();
            pseudonyms.add("[name 0123456789]", "two\nlines \"quoted\"");
            pseudonyms
        };
        assert_eq!(pseudonyms.restore_as("\"[name 0123456789]\"", Spelling::Json), r#""two\nlines \"quoted\"""#);
        assert_eq!(pseudonyms.restore("[name 0123456789]"), "two\nlines \"quoted\"");
    }

    #[test]
    fn a_secret_in_the_form_of_the_answer_is_refused() {
        let model = echo();
        let schema = serde_json::json!({ "enum": [token()] });
        let output = OutputFormat::Json { name: "n".to_owned(), schema };
        let with_schema = ModelRequest::new("m", "q", 10).with_output(output);
        let mut with_stop = ModelRequest::new("m", "q", 10);
        with_stop.stop_sequences = vec![token()];
        for request in [&with_schema, &with_stop] {
            let error = block_on(Redaction::new(model.clone(), redactor()).generate(request)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(!format!("{error:?}").contains(&token()));
            let keeps = Redactor::new(RedactionPolicy::keep_all());
            assert!(block_on(Redaction::new(model.clone(), keeps).generate(request)).is_ok());
        }
        assert_eq!(model.calls(), 2);
    }
}
