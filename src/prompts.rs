//! Which words do people and models read?
//!
//! All of them lie in `prompts/` and are built into the program: a file a tool (what it is for, answers, phrases,
//! follow-ups), a file a kind of refusal, vocabularies with their synonyms, single messages. Everything is parsed at
//! start-up; an unknown key or a missing section is an error that names file and line.

use std::collections::BTreeMap;

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use crate::domain::Lang;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/prompts");

/// A fault in a file of `prompts/`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("prompts/{file} line {line}: {why}")]
pub struct PromptError {
    /// File below `prompts/`.
    pub file: String,
    /// 1-based line.
    pub line: usize,
    /// What is wrong, and the mend.
    pub why: String,
}

/// The same text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Both<T> {
    en: T,
    zh: T,
}

impl<T> Both<T> {
    /// The one in this language.
    pub fn get(&self, lang: Lang) -> &T {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }

    fn get_mut(&mut self, lang: Lang) -> &mut T {
        match lang {
            Lang::En => &mut self.en,
            Lang::Zh => &mut self.zh,
        }
    }
}

/// The words of one tool, or of one kind of refusal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Topic {
    /// What it is for, for a language model.
    pub description: String,
    /// Template of the answer; its line breaks are kept.
    pub answer: Both<String>,
    /// How people ask for it: the embedded planner's training data.
    pub phrases: Both<Vec<String>>,
    /// Follow-up questions by key, as templates.
    pub next: Both<BTreeMap<String, String>>,
    /// What a figure is and how it was reckoned, by the fact's name, as templates; `*` stands for one part of a name.
    pub why: Both<BTreeMap<String, String>>,
}

/// The key that fits a fact's name best: the whole name, the name with `*` for (the rest of) parts, or its last part.
pub fn nearest<'k>(keys: &[&'k str], fact: &str) -> Option<&'k str> {
    let part = |ours: &str, theirs: &str| match ours.strip_suffix('*') {
        Some(begun) => theirs.starts_with(begun),
        None => ours == theirs,
    };
    let fits = |key: &str, fact: &str| {
        key.split('.').count() == fact.split('.').count()
            && key.split('.').zip(fact.split('.')).all(|(ours, theirs)| part(ours, theirs))
    };
    let last = fact.rsplit('.').next().unwrap_or(fact);
    let stars = |key: &&str| key.matches('*').count();
    let best = |name: &str| keys.iter().copied().filter(|key| fits(key, name)).min_by_key(stars);
    best(fact).or_else(|| best(last))
}

/// One entry of a vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// How we say it in English.
    pub en: String,
    /// How we say it in Chinese.
    pub zh: String,
    /// Other ways in which people say it in English, typos included.
    #[serde(default)]
    pub also_en: Vec<String>,
    /// Other ways in which people say it in Chinese.
    #[serde(default)]
    pub also_zh: Vec<String>,
}

impl Word {
    /// How we say it.
    pub fn say(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }

    /// Every way in which people say it in this language, ours first.
    pub fn all(&self, lang: Lang) -> impl Iterator<Item = &str> {
        let also = match lang {
            Lang::En => &self.also_en,
            Lang::Zh => &self.also_zh,
        };
        std::iter::once(self.say(lang)).chain(also.iter().map(String::as_str))
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    en: String,
    zh: String,
}

/// All words, parsed.
#[derive(Debug, Clone)]
pub struct Prompts {
    tools: BTreeMap<String, Topic>,
    refusals: BTreeMap<String, Topic>,
    words: BTreeMap<String, BTreeMap<String, Word>>,
    messages: BTreeMap<String, Message>,
    system: BTreeMap<String, BTreeMap<String, String>>,
}

impl Prompts {
    /// Parses everything that was built in.
    pub fn load() -> Result<Self, PromptError> {
        Self::parse(&FILES)
    }

    fn parse(files: &Dir<'_>) -> Result<Self, PromptError> {
        let mut prompts = Self {
            tools: BTreeMap::new(),
            refusals: BTreeMap::new(),
            words: BTreeMap::new(),
            messages: BTreeMap::new(),
            system: BTreeMap::new(),
        };
        for folder in files.dirs() {
            for file in folder.files() {
                let name = file.path().to_string_lossy().into_owned();
                let fault = |line, why: String| PromptError { file: name.clone(), line, why };
                let text =
                    file.contents_utf8().ok_or_else(|| fault(1, "not UTF-8; save it as UTF-8".into()))?;
                let stem = file
                    .path()
                    .file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned())
                    .unwrap_or_default();
                match folder.path().to_string_lossy().as_ref() {
                    "tools" => {
                        prompts.tools.insert(stem.clone(), topic(&name, &stem, text)?);
                    }
                    "refusals" => {
                        prompts.refusals.insert(stem.clone(), topic(&name, &stem, text)?);
                    }
                    "system" => {
                        prompts.system.insert(stem.clone(), passages(&name, &stem, text)?);
                    }
                    "words" => {
                        let words = toml::from_str(text).map_err(|error| toml_fault(&name, text, &error))?;
                        prompts.words.insert(stem, words);
                    }
                    "messages" => {
                        let sections: BTreeMap<String, BTreeMap<String, Message>> =
                            toml::from_str(text).map_err(|error| toml_fault(&name, text, &error))?;
                        for (section, entries) in sections {
                            for (key, message) in entries {
                                let key = format!("{section}.{key}");
                                if prompts.messages.insert(key.clone(), message).is_some() {
                                    return Err(fault(
                                        1,
                                        format!("message {key} stands in another file too; keep one"),
                                    ));
                                }
                            }
                        }
                    }
                    other => {
                        return Err(fault(
                            1,
                            format!(
                                "no folder {other} is known; use tools, refusals, system, words, messages"
                            ),
                        ));
                    }
                }
            }
        }
        for (file, sections) in SYSTEM {
            for section in sections {
                if prompts.system(file, section).is_empty() {
                    let why =
                        format!("section ## {section} is missing or empty; a language model is told it");
                    return Err(PromptError { file: format!("system/{file}.md"), line: 1, why });
                }
            }
        }
        Ok(prompts)
    }

    /// The words of a tool.
    pub fn tool(&self, name: &str) -> Option<&Topic> {
        self.tools.get(name)
    }

    /// All tools with words.
    pub fn tools(&self) -> impl Iterator<Item = (&str, &Topic)> {
        self.tools.iter().map(|(name, topic)| (name.as_str(), topic))
    }

    /// All kinds of refusal: `out_of_scope`, `ambiguous`, `injection`.
    pub fn refusals(&self) -> impl Iterator<Item = (&str, &Topic)> {
        self.refusals.iter().map(|(name, topic)| (name.as_str(), topic))
    }

    /// The words of a kind of refusal.
    pub fn refusal(&self, name: &str) -> Option<&Topic> {
        self.refusals.get(name)
    }

    /// A vocabulary, `prompts/words/KIND.toml`: key → word.
    pub fn words(&self, kind: &str) -> impl Iterator<Item = (&str, &Word)> {
        self.words.get(kind).into_iter().flatten().map(|(key, word)| (key.as_str(), word))
    }

    /// All vocabularies by kind.
    pub fn vocabularies(&self) -> impl Iterator<Item = (&str, &BTreeMap<String, Word>)> {
        self.words.iter().map(|(kind, words)| (kind.as_str(), words))
    }

    /// How we say a key of a vocabulary; the key itself where the vocabulary lacks it.
    pub fn word<'a>(&'a self, kind: &str, key: &'a str, lang: Lang) -> &'a str {
        self.words.get(kind).and_then(|words| words.get(key)).map_or(key, |word| word.say(lang))
    }

    /// The same, with channels that move as one (`search + tv`) each in its words, however the data write them.
    pub fn said(&self, kind: &str, key: &str, lang: Lang) -> String {
        if kind != "channel" {
            return self.word(kind, key, lang).to_owned();
        }
        let part = |name: &str| {
            let lower = name.to_lowercase();
            match self.word(kind, &lower, lang) {
                same if same == lower => name.to_owned(),
                word => word.to_owned(),
            }
        };
        key.split(" + ").map(part).collect::<Vec<_>>().join(" + ")
    }

    /// Everything that a text of this kind may be called: itself, and where it is a key all words for it in any language.
    pub fn called<'a>(&'a self, kind: &str, text: &'a str) -> impl Iterator<Item = &'a str> {
        let words = self.words.get(kind).and_then(|words| words.get(&text.to_lowercase()));
        let said = words.into_iter().flat_map(|word| Lang::ALL.iter().flat_map(|lang| word.all(*lang)));
        std::iter::once(text).chain(said)
    }

    /// The template of a message, `section.key` of `prompts/messages/*.toml`.
    pub fn message(&self, key: &str, lang: Lang) -> Option<&str> {
        self.messages.get(key).map(|message| match lang {
            Lang::En => message.en.as_str(),
            Lang::Zh => message.zh.as_str(),
        })
    }

    /// What a language model is told, section `section` of `prompts/system/NAME.md`; empty where there is none.
    pub fn system(&self, name: &str, section: &str) -> &str {
        self.system.get(name).and_then(|sections| sections.get(section)).map_or("", String::as_str)
    }

    /// The same with values in the places of `{name}`, in one pass: what is put in is never read again.
    pub fn told(&self, name: &str, section: &str, values: &[(&str, &str)]) -> String {
        let mut told = String::new();
        let mut rest = self.system(name, section);
        while let Some((before, after)) = rest.split_once('{') {
            told.push_str(before);
            let named = after.split_once('}').and_then(|(name, behind)| {
                let value = values.iter().find(|(known, _)| *known == name)?.1;
                Some((value, behind))
            });
            match named {
                Some((value, behind)) => {
                    told.push_str(value);
                    rest = behind;
                }
                None => {
                    told.push('{');
                    rest = after;
                }
            }
        }
        told + rest
    }

    /// Every message's key and both templates, for tests.
    pub fn messages(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.messages.iter().map(|(key, message)| (key.as_str(), message.en.as_str(), message.zh.as_str()))
    }
}

/// What language models are told: the files of `prompts/system/` and their sections.
const SYSTEM: [(&str, &[&str]); 2] = [
    (
        "manager",
        &[
            "role",
            "meeting",
            "json",
            "ask_back",
            "refuse",
            "hand_over",
            "days",
            "earlier_questions",
            "earlier_calls",
            "figures",
            "draft",
            "question",
            "curtailed",
            "again",
        ],
    ),
    ("composer", &["role", "question", "interval_en", "interval_zh", "template"]),
];

/// Front matter between `---` lines, then free text under `## section` after `## section`.
fn passages(file: &str, stem: &str, text: &str) -> Result<BTreeMap<String, String>, PromptError> {
    let fault = |line: usize, why: String| PromptError { file: file.into(), line: line + 1, why };
    let mut parts = text.splitn(3, "---\n");
    let (Some(""), Some(front), Some(body)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(fault(0, "the file must begin with front matter between two lines ---".into()));
    };
    if !front.lines().any(|line| line.trim() == format!("name: {stem}")) {
        return Err(fault(1, format!("the front matter must say name: {stem}")));
    }
    let mut sections: BTreeMap<String, String> = BTreeMap::new();
    let mut current = None;
    for line in body.lines() {
        match (line.strip_prefix("## "), &current) {
            (Some(title), _) => current = Some(title.trim().to_owned()),
            (None, Some(title)) => push_line(sections.entry(title.clone()).or_default(), line),
            (None, None) if line.trim().is_empty() => {}
            (None, None) => {
                return Err(fault(front.lines().count() + 2, "text before the first section".into()));
            }
        }
    }
    for text in sections.values_mut() {
        text.truncate(text.trim_end().len());
    }
    Ok(sections)
}

fn toml_fault(file: &str, text: &str, error: &toml::de::Error) -> PromptError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    PromptError { file: file.into(), line: before.matches('\n').count() + 1, why: error.message().into() }
}

/// Front matter between `---` lines, then `## section` by `## section`.
fn topic(file: &str, stem: &str, text: &str) -> Result<Topic, PromptError> {
    let fault = |line: usize, why: String| PromptError { file: file.into(), line: line + 1, why };
    let mut lines = text.lines().enumerate();
    if lines.next().map(|(_, line)| line.trim()) != Some("---") {
        return Err(fault(0, "the first line must be ---, the start of the front matter".into()));
    }
    let mut named = false;
    for (number, line) in lines.by_ref() {
        if line.trim() == "---" {
            break;
        }
        match line.split_once(':').map(|(key, value)| (key.trim(), value.trim())) {
            Some(("name", name)) if name == stem => named = true,
            Some(("name", name)) => {
                return Err(fault(number, format!("name is {name}, the file is {stem}; make them equal")));
            }
            Some(("purpose" | "inputs" | "output", _)) => {}
            _ => {
                return Err(fault(
                    number,
                    "only name, purpose, inputs, output may stand in the front matter".into(),
                ));
            }
        }
    }
    if !named {
        return Err(fault(0, "the front matter has no name".into()));
    }
    let mut topic = Topic::default();
    let mut section = None;
    let mut seen = Vec::new();
    for (number, line) in lines {
        if let Some(title) = line.strip_prefix("## ") {
            let title = title.trim();
            let known = ["description", "answer", "phrases", "next", "why"].into_iter().find(|known| {
                title == *known
                    || title.strip_prefix(known).is_some_and(|rest| rest == " en" || rest == " zh")
            });
            let Some(kind) = known else {
                return Err(fault(number, format!("no section {title} is known")));
            };
            seen.push(title.to_owned());
            section = Some((kind, if title.ends_with("zh") { Lang::Zh } else { Lang::En }));
            continue;
        }
        match section {
            None if line.trim().is_empty() => {}
            None => return Err(fault(number, "text before the first section".into())),
            Some(("description", _)) => push_line(&mut topic.description, line),
            Some(("answer", lang)) => push_line(topic.answer.get_mut(lang), line),
            Some(_) if line.trim().is_empty() => {}
            Some((kind, lang)) => {
                let Some(item) = line.strip_prefix("- ").map(str::trim) else {
                    return Err(fault(number, "a list line starts with \"- \"".into()));
                };
                if kind == "phrases" {
                    topic.phrases.get_mut(lang).push(item.to_owned());
                } else if let Some((key, template)) = item.split_once(": ") {
                    let lines = if kind == "why" { &mut topic.why } else { &mut topic.next };
                    lines.get_mut(lang).insert(key.to_owned(), template.to_owned());
                } else {
                    return Err(fault(number, "write \"- key: text\"".into()));
                }
            }
        }
    }
    for needed in ["description", "answer en", "answer zh", "phrases en", "phrases zh"] {
        if !seen.iter().any(|title| title == needed) {
            return Err(fault(0, format!("the section \"## {needed}\" is missing")));
        }
    }
    for (title, lines) in [("next", &topic.next), ("why", &topic.why)] {
        let alone = Lang::ALL
            .into_iter()
            .flat_map(|lang| lines.get(lang).keys())
            .find(|key| Lang::ALL.iter().any(|lang| !lines.get(*lang).contains_key(*key)));
        if let Some(key) = alone {
            return Err(fault(0, format!("{title}: {key} stands in one language only; add the other")));
        }
    }
    Ok(topic)
}

fn push_line(text: &mut String, line: &str) {
    if text.is_empty() && line.trim().is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
    if line.trim().is_empty() && text.ends_with("\n\n\n") {
        text.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_into_a_prompt_is_never_read_again() {
        let prompts = Prompts::load().unwrap();
        let told = prompts.told("composer", "question", &[("question", "{language} {x"), ("language", "en")]);
        assert_eq!(told, "Question: {language} {x\nLanguage of the answer: en");
    }

    #[test]
    fn what_is_built_in_parses() {
        let prompts = Prompts::load().unwrap();
        assert!(prompts.words("segment").count() == 11, "a word for each RFM segment");
    }

    #[track_caller]
    fn check_fault(text: &str, line: usize, why: &str) {
        let error = topic("tools/x.md", "x", text).unwrap_err();
        assert_eq!((error.line, error.why.contains(why)), (line, true), "{error}");
    }

    #[test]
    fn the_nearest_key_explains_a_fact() {
        let keys = ["clv", "tier.*.clv", "backtest.capture", "month_*"];
        for (fact, key) in [
            ("clv", Some("clv")),
            ("r3.clv", Some("clv")),
            ("tier.top.clv", Some("tier.*.clv")),
            ("backtest.capture", Some("backtest.capture")),
            ("naive.capture", None),
            ("r1.month_3", Some("month_*")),
        ] {
            assert_eq!(nearest(&keys, fact), key, "{fact}");
        }
    }

    #[test]
    fn faults_name_file_and_line() {
        check_fault("name: x", 1, "first line");
        check_fault("---\nname: y\n---", 2, "the file is x");
        check_fault("---\nname: x\n---\n## surprise", 4, "no section surprise");
        check_fault("---\nname: x\n---\n## phrases en\nhello", 5, "starts with");
        check_fault("---\nname: x\n---\n## description\nhi", 1, "answer en");
        let whole = ["description", "answer en", "answer zh", "phrases en", "phrases zh"]
            .map(|s| format!("## {s}\n"));
        check_fault(
            &format!("---\nname: x\n---\n{}## why en\n- clv: x", whole.concat()),
            1,
            "one language only",
        );
    }
}
