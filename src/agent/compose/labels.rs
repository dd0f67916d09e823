//! What is a figure called?

use crate::domain::{Cell, Lang, Table};
use crate::render::numbers::Style;
use crate::render::{Templates, cells};

/// The label of a fact: a word of its own, else its column's or metric's, with the row's name before it.
pub(in crate::agent) struct Labels<'a> {
    pub(in crate::agent) templates: &'a Templates,
    pub(in crate::agent) lang: Lang,
    pub(in crate::agent) table: Option<&'a Table>,
}

impl Labels<'_> {
    pub(in crate::agent) fn of(&self, name: &str) -> String {
        let prompts = self.templates.prompts();
        let last = name.rsplit('.').next().unwrap_or(name);
        // `channel.n1.today` is a channel's, whichever
        let of_kind = name.split_once('.').map_or_else(String::new, |(kind, _)| format!("{kind}.{last}"));
        let known = [("fact", name), ("fact", &of_kind), ("fact", last), ("column", last), ("metric", last)]
            .into_iter()
            .find_map(|(kind, key)| Some(prompts.word(kind, key, self.lang)).filter(|word| *word != key));
        let label = known.map_or_else(|| last.replace('_', " "), str::to_owned);
        match self.row(name).or_else(|| self.group(name).map(str::to_owned)) {
            Some(group) if self.lang == Lang::Zh => format!("{group}：{label}"),
            Some(group) => format!("{group}: {label}"),
            None => label,
        }
    }

    /// The segment or tier that a name such as `segment.loyal.share` speaks of.
    fn group(&self, name: &str) -> Option<&str> {
        let (kind, rest) = name.split_once('.')?;
        let kind = ["segment", "tier"].into_iter().find(|known| *known == kind)?;
        let key = rest.split_once('.')?.0;
        let known = self.templates.prompts().words(kind).find(|(known, _)| *known == key)?;
        Some(known.1.say(self.lang))
    }

    /// What the row that `r<row>.<column>` or `channel.n<row>.<what>` names is called: its name, else its first text,
    /// else its day.
    fn row(&self, name: &str) -> Option<String> {
        let place = name.strip_prefix("channel.n").or_else(|| name.strip_prefix('r'))?;
        let row: usize = place.split_once('.')?.0.parse().ok()?;
        let table = self.table?;
        let row = table.rows.get(row.checked_sub(1)?)?;
        let named = |test: &dyn Fn(&str, &Cell) -> bool| {
            table.columns.iter().zip(row).position(|(column, cell)| test(&column.key, cell))
        };
        let at = named(&|key, cell| key == "name" && matches!(cell, Cell::Text(_)))
            .or_else(|| named(&|_, cell| matches!(cell, Cell::Text(_))))
            .or_else(|| named(&|_, cell| matches!(cell, Cell::Day(_))))?;
        let texts = cells(self.templates.prompts(), &table.columns, row, self.lang, Style::Sentence);
        texts.into_iter().nth(at)
    }
}
