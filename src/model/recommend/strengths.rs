//! How much does each customer care for each product, and when did they first buy it?

use serde::{Deserialize, Serialize};

/// Strengths of interest, customer by customer: a sparse matrix.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Strengths {
    /// Customer `i` has the cells `first[i] .. first[i + 1]`.
    first: Vec<u32>,
    /// Ordered by product within a customer.
    cells: Vec<Cell>,
    /// Days on which each customer ordered anything, ascending.
    days: Vec<Vec<i32>>,
    /// First day on which each product was sold; the largest number where it never was.
    launched: Vec<i32>,
}

/// One customer's interest in one product.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The product; of a column, the customer.
    pub at: u32,
    /// At least 0.
    pub strength: f64,
    /// Day of the first purchase; `None` where it was only looked at.
    pub first: Option<i32>,
}

impl Cell {
    /// Whether it was ever bought.
    pub fn bought(&self) -> bool {
        self.first.is_some()
    }
}

impl Strengths {
    /// From rows of each customer, ordered by product, and the days on which each ordered anything, ascending.
    pub fn new(products: usize, rows: Vec<Vec<Cell>>, days: Vec<Vec<i32>>) -> Self {
        let mut launched = vec![i32::MAX; products];
        for cell in rows.iter().flatten() {
            if let (Some(launched), Some(first)) = (launched.get_mut(cell.at as usize), cell.first) {
                *launched = first.min(*launched);
            }
        }
        let mut first = vec![0];
        let mut cells = Vec::with_capacity(rows.iter().map(Vec::len).sum());
        for row in rows {
            cells.extend(row);
            first.push(cells.len() as u32);
        }
        Self { first, cells, days, launched }
    }

    /// How many customers there are.
    pub fn customers(&self) -> usize {
        self.first.len().saturating_sub(1)
    }

    /// How many products there are.
    pub fn products(&self) -> usize {
        self.launched.len()
    }

    /// What a customer cares for; nothing beyond the last customer.
    pub fn of(&self, customer: u32) -> &[Cell] {
        let customer = customer as usize;
        match (self.first.get(customer), self.first.get(customer + 1)) {
            (Some(from), Some(to)) => self.cells.get(*from as usize..*to as usize).unwrap_or_default(),
            _ => &[],
        }
    }

    /// Whether a customer ever bought a product.
    pub fn bought(&self, customer: u32, product: u32) -> bool {
        let row = self.of(customer);
        row.binary_search_by_key(&product, |cell| cell.at).is_ok_and(|at| row[at].bought())
    }

    /// Days on which a customer ordered anything.
    pub fn order_days(&self, customer: u32) -> &[i32] {
        self.days.get(customer as usize).map_or(&[], Vec::as_slice)
    }

    /// First day on which a product was sold.
    pub fn launched(&self, product: u32) -> i32 {
        self.launched.get(product as usize).copied().unwrap_or(i32::MAX)
    }

    /// The same matrix, product by product: who cares for each.
    pub fn by_product(&self) -> Vec<Vec<Cell>> {
        let mut columns = vec![Vec::new(); self.products()];
        for customer in 0..self.customers() as u32 {
            for cell in self.of(customer) {
                if let Some(column) = columns.get_mut(cell.at as usize) {
                    column.push(Cell { at: customer, ..*cell });
                }
            }
        }
        columns
    }
}
