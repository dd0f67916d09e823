//! How do a few changed rows get into columns that are sorted already?
//!
//! Two sorted tables become one; where rows move, the codes that point at them move along. What lies before the first
//! change is not touched, so a day's new orders cost about what they are, not what the shop is.

use std::cmp::Ordering;

use super::{Customers, Lines, NONE, Orders, Products, Warehouse};

/// Where the rows of two tables, each sorted by name, come to lie in one.
pub(super) struct Merge {
    /// New place of each old row.
    pub(super) old_to: Vec<u32>,
    /// Place of each new row; one that is in both is the new one.
    pub(super) new_to: Vec<u32>,
    /// In order; empty where no old row moves.
    sources: Vec<Source>,
}

#[derive(Clone, Copy)]
enum Source {
    Old,
    New,
    Both,
}

impl Merge {
    pub(super) fn of(old: &[String], new: &[String]) -> Self {
        let (mut old_to, mut new_to) = (Vec::with_capacity(old.len()), Vec::with_capacity(new.len()));
        let mut sources = Vec::with_capacity(old.len() + new.len());
        while old_to.len() < old.len() || new_to.len() < new.len() {
            let source = match (old.get(old_to.len()), new.get(new_to.len())) {
                (Some(a), Some(b)) => match a.cmp(b) {
                    Ordering::Less => Source::Old,
                    Ordering::Greater => Source::New,
                    Ordering::Equal => Source::Both,
                },
                (Some(_), None) => Source::Old,
                _ => Source::New,
            };
            let row = sources.len() as u32;
            if !matches!(source, Source::New) {
                old_to.push(row);
            }
            if !matches!(source, Source::Old) {
                new_to.push(row);
            }
            sources.push(source);
        }
        if old_to.last().is_none_or(|last| *last as usize + 1 == old.len()) {
            sources.clear();
        }
        Self { old_to, new_to, sources }
    }

    /// Whether codes of old rows change.
    pub(super) fn moves(&self) -> bool {
        !self.sources.is_empty()
    }

    /// One column of the merged table.
    pub(super) fn column<T>(&self, column: &mut Vec<T>, new: Vec<T>) {
        if !self.moves() {
            for (value, row) in new.into_iter().zip(&self.new_to) {
                match column.get_mut(*row as usize) {
                    Some(place) => *place = value,
                    None => column.push(value),
                }
            }
            return;
        }
        let (mut old, mut new) = (std::mem::take(column).into_iter(), new.into_iter());
        column.extend(self.sources.iter().filter_map(|source| match source {
            Source::Old => old.next(),
            Source::New => new.next(),
            Source::Both => old.next().and_then(|_| new.next()),
        }));
    }
}

/// Where a code went; [`NONE`] stays.
pub(super) fn go(moved: &[u32], row: u32) -> u32 {
    moved.get(row as usize).copied().unwrap_or(NONE)
}

/// Codes of a column, moved.
pub(super) fn recode(column: &mut [u32], moved: &[u32]) {
    column.iter_mut().for_each(|code| *code = go(moved, *code));
}

/// Merges two dictionaries, moves the old codes in `old` and the new ones in `new`.
pub(super) fn dictionary(
    names: &mut Vec<String>,
    new_names: Vec<String>,
    old: &mut [&mut Vec<u32>],
    new: &mut [&mut Vec<u32>],
) {
    let merge = Merge::of(names, &new_names);
    if merge.moves() {
        old.iter_mut().for_each(|column| recode(column, &merge.old_to));
    }
    new.iter_mut().for_each(|column| recode(column, &merge.new_to));
    merge.column(names, new_names);
}

/// Drops names that no code means any more.
pub(super) fn drop_unused(names: &mut Vec<String>, columns: &mut [&mut Vec<u32>]) {
    let mut used = vec![false; names.len()];
    for code in columns.iter().flat_map(|column| column.iter()) {
        if let Some(used) = used.get_mut(*code as usize) {
            *used = true;
        }
    }
    let Some(moved) = closed_up(&used) else { return };
    columns.iter_mut().for_each(|column| recode(column, &moved));
    keep(names, &used);
}

/// Where each kept row goes; `None` where all are kept.
pub(super) fn closed_up(kept: &[bool]) -> Option<Vec<u32>> {
    let mut next = 0;
    let moved = kept.iter().map(|kept| {
        let row = if *kept { next } else { NONE };
        next += u32::from(*kept);
        row
    });
    let moved: Vec<u32> = moved.collect();
    (moved.len() > next as usize).then_some(moved)
}

fn keep<T>(column: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    column.retain(|_| kept.next().copied().unwrap_or(true));
}

impl Customers {
    /// Brings in rows that are new or different; `first_sale` of what is new is left open.
    pub(super) fn merge(&mut self, new: Customers) -> Merge {
        let merge = Merge::of(&self.id, &new.id);
        let Customers { id, name, email, city, joined, consent, by_id: _, first_sale: _ } = new;
        merge.column(&mut self.name, name);
        merge.column(&mut self.email, email);
        merge.column(&mut self.city, city);
        merge.column(&mut self.joined, joined);
        merge.column(&mut self.consent, consent);
        // A row in both keeps its first sale, which the orders decide.
        let known = merge.new_to.iter().map(|to| merge.old_to.binary_search(to).ok());
        let kept = known.map(|row| row.map_or(NONE, |row| self.first_sale[row])).collect();
        merge.column(&mut self.first_sale, kept);
        index(&mut self.by_id, &merge, &id);
        merge.column(&mut self.id, id);
        merge
    }

    /// Keeps only these rows.
    pub(super) fn retain(&mut self, kept: &[bool], moved: &[u32]) {
        let Customers { id, name, email, city, joined, consent, by_id, first_sale } = self;
        by_id.retain(|_, row| {
            *row = go(moved, *row);
            *row != NONE
        });
        keep(id, kept);
        keep(name, kept);
        keep(email, kept);
        keep(city, kept);
        keep(joined, kept);
        keep(consent, kept);
        keep(first_sale, kept);
    }
}

impl Products {
    /// Brings in rows that are new or different.
    pub(super) fn merge(&mut self, new: Products) -> Merge {
        let merge = Merge::of(&self.id, &new.id);
        let Products { id, name, category, margin_rate, stock, by_id: _ } = new;
        merge.column(&mut self.name, name);
        merge.column(&mut self.category, category);
        merge.column(&mut self.margin_rate, margin_rate);
        merge.column(&mut self.stock, stock);
        index(&mut self.by_id, &merge, &id);
        merge.column(&mut self.id, id);
        merge
    }
}

fn index(by_id: &mut std::collections::HashMap<String, u32>, merge: &Merge, new: &[String]) {
    if merge.moves() {
        by_id.values_mut().for_each(|row| *row = go(&merge.old_to, *row));
    }
    by_id.extend(new.iter().cloned().zip(merge.new_to.iter().copied()));
}

impl Warehouse {
    /// Brings sorted new orders in and leaves out the rows in `gone` (ascending); gives the first row that is not
    /// as it was.
    pub(super) fn splice_orders(&mut self, new: Orders, new_lines: Lines, gone: &[usize]) -> usize {
        let at = if new.id.is_empty() { self.orders.id.len() } else { self.lower_bound(key(&new, 0)) };
        let from = gone.first().map_or(at, |row| at.min(*row));
        let (mut tail, mut tail_lines) = self.split_off(from);
        let mut gone = gone.iter().map(|row| row - from).peekable();
        let (mut new, mut new_lines) = (new, new_lines);
        let (mut old_row, mut new_row) = (0, 0);
        while old_row < tail.id.len() || new_row < new.id.len() {
            if gone.next_if_eq(&old_row).is_some() {
                old_row += 1;
                continue;
            }
            let old_first = new_row >= new.id.len()
                || (old_row < tail.id.len() && key(&tail, old_row) <= key(&new, new_row));
            if old_first {
                self.push_order(&mut tail, &mut tail_lines, old_row);
                old_row += 1;
            } else {
                self.push_order(&mut new, &mut new_lines, new_row);
                new_row += 1;
            }
        }
        from
    }

    /// First row whose (day, instant, id) is not before this.
    fn lower_bound(&self, wanted: (i32, i64, &str)) -> usize {
        let (mut low, mut high) = (0, self.orders.id.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if key(&self.orders, middle) < wanted {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Row of the order with this id, day and instant.
    pub(super) fn order_at(&self, day: i32, placed_at: i64, id: &str) -> Option<usize> {
        let row = self.lower_bound((day, placed_at, id));
        let found = row < self.orders.id.len() && key(&self.orders, row) == (day, placed_at, id);
        found.then_some(row)
    }

    fn split_off(&mut self, at: usize) -> (Orders, Lines) {
        let first = self.lines_of(at).start;
        let own = &mut self.orders;
        let orders = Orders {
            id: own.id.split_off(at),
            customer: own.customer.split_off(at),
            day: own.day.split_off(at),
            placed_at: own.placed_at.split_off(at),
            sale: own.sale.split_off(at),
            net: own.net.split_off(at),
            discount: own.discount.split_off(at),
            city: own.city.split_off(at),
            open_return: own.open_return.split_off(at),
            return_lag: own.return_lag.split_off(at),
            lines_unknown: own.lines_unknown.split_off(at),
            tax_included: own.tax_included.split_off(at),
            first_line: own
                .first_line
                .get(at..)
                .unwrap_or_default()
                .iter()
                .map(|n| n - first as u32)
                .collect(),
        };
        own.first_line.truncate(at + 1);
        let own = &mut self.lines;
        let lines = Lines {
            product: own.product.split_off(first),
            qty: own.qty.split_off(first),
            returned: own.returned.split_off(first),
            net: own.net.split_off(first),
            discount: own.discount.split_off(first),
        };
        (orders, lines)
    }

    fn push_order(&mut self, from: &mut Orders, from_lines: &mut Lines, row: usize) {
        let lines = from.first_line[row] as usize..from.first_line[row + 1] as usize;
        let Lines { product, qty, returned, net, discount } = &mut self.lines;
        product.extend_from_slice(&from_lines.product[lines.clone()]);
        qty.extend_from_slice(&from_lines.qty[lines.clone()]);
        returned.extend_from_slice(&from_lines.returned[lines.clone()]);
        net.extend_from_slice(&from_lines.net[lines.clone()]);
        discount.extend_from_slice(&from_lines.discount[lines]);
        let end = product.len() as u32;
        let Orders {
            id,
            customer,
            day,
            placed_at,
            sale,
            net,
            discount,
            city,
            open_return,
            return_lag,
            lines_unknown,
            tax_included,
            first_line,
        } = &mut self.orders;
        id.push(std::mem::take(&mut from.id[row]));
        customer.push(from.customer[row]);
        day.push(from.day[row]);
        placed_at.push(from.placed_at[row]);
        sale.push(from.sale[row]);
        net.push(from.net[row]);
        discount.push(from.discount[row]);
        city.push(from.city[row]);
        open_return.push(from.open_return[row]);
        return_lag.push(from.return_lag[row]);
        lines_unknown.push(from.lines_unknown[row]);
        tax_included.push(from.tax_included[row]);
        first_line.push(end);
    }
}

/// What orders are sorted by.
fn key(orders: &Orders, row: usize) -> (i32, i64, &str) {
    (orders.day[row], orders.placed_at[row], orders.id.get(row).map_or("", String::as_str))
}
