//! Which product does a file mean that has only its name?

use std::collections::HashMap;

use crate::domain::Product;
use crate::store::{Store, StoreError};

/// Ids of the shop's products by their names; names of several are left out.
pub(super) struct ProductNames {
    ids: HashMap<String, Option<String>>,
}

impl ProductNames {
    pub(super) fn read(store: &Store) -> Result<Self, StoreError> {
        let mut ids: HashMap<String, Option<String>> = HashMap::new();
        for product in store.scan::<Product>() {
            let product = product?;
            let place = ids.entry(product.name.to_lowercase());
            place.and_modify(|id| *id = None).or_insert(Some(product.id.0));
        }
        Ok(Self { ids })
    }

    /// The product's id, else the id of the shop's product of this name, else the name.
    pub(super) fn product(&self, id: Option<&str>, name: Option<&str>) -> Option<String> {
        if let Some(id) = id {
            return Some(id.to_owned());
        }
        let name = name?;
        let known = self.ids.get(&name.to_lowercase()).cloned().flatten();
        Some(known.unwrap_or_else(|| name.to_owned()))
    }
}
