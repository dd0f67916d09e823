//! After a file has come in: what can be asked now, what cannot, and which file would add it?

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::domain::Lang;
use crate::prompts::Prompts;
use crate::render::{Scope, Templates};
use crate::store::Store;
use crate::tool::ability::{Ability, abilities};
use crate::warehouse::Warehouse;

/// The card of a shop, brought up to date after each file.
pub(super) struct Card {
    templates: Templates,
    lang: Lang,
    warehouse: Option<Warehouse>,
}

impl Card {
    pub(super) fn new(lang: Lang) -> anyhow::Result<Self> {
        let templates = Templates::compile(Arc::new(Prompts::load()?))?;
        Ok(Self { templates, lang, warehouse: None })
    }

    /// What the shop holds now.
    pub(super) fn read(&mut self, store: &Store) -> anyhow::Result<Vec<Ability>> {
        let warehouse = match &mut self.warehouse {
            Some(warehouse) => {
                warehouse.refresh(store)?;
                warehouse
            }
            none => none.insert(Warehouse::load(store)?),
        };
        Ok(abilities(warehouse))
    }

    /// The card in words, a line each; what lacks the same file stands together.
    pub(super) fn lines(&self, abilities: &[Ability]) -> anyhow::Result<Vec<String>> {
        let mut lines = Vec::new();
        let ready: Vec<&Ability> = abilities.iter().filter(|ability| ability.possible).collect();
        if !ready.is_empty() {
            lines.push(self.say("card.ready", json!({ "ready": ready }))?);
        }
        let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for ability in abilities {
            if let Some(lacks) = ability.lacks {
                missing.entry(lacks).or_default().push(ability.name);
            }
        }
        let between = match self.lang {
            Lang::En => ", ",
            Lang::Zh => "、",
        };
        for (lacks, names) in missing {
            let words: Vec<&str> =
                names.iter().map(|name| self.templates.prompts().word("ability", name, self.lang)).collect();
            let adds = self.say(&format!("adds.{lacks}"), json!({}))?;
            let several = names.len() > 1;
            let about = json!({ "asks": words.join(between), "adds": adds, "several": several });
            lines.push(self.say("card.missing", about)?);
        }
        lines.extend(self.foreign()?);
        Ok(lines)
    }

    /// Amounts in other currencies are in no figure, and that is said.
    fn foreign(&self) -> anyhow::Result<Option<String>> {
        let Some(warehouse) = self.warehouse.as_ref().filter(|warehouse| !warehouse.foreign.is_empty())
        else {
            return Ok(None);
        };
        let currencies: Vec<String> =
            warehouse.foreign.iter().map(|(currency, _)| currency.to_string()).collect();
        let about = json!({
            "currency": warehouse.shop.currency.to_string(),
            "currencies": currencies.join(", "),
        });
        Ok(Some(self.say("card.foreign", about)?))
    }

    fn say(&self, key: &str, about: Value) -> anyhow::Result<String> {
        let params = match about {
            Value::Object(params) => params,
            _ => Map::new(),
        };
        let scope = params
            .into_iter()
            .fold(Scope::words(self.lang, &Map::new()), |scope, (name, value)| scope.naming(&name, value));
        Ok(self.templates.message(key, &scope)?)
    }
}
