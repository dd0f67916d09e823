//! Was this model fitted before on the same data with the same settings?

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Fitted models of this process by (model, settings, data version). The composition root may seed and save it;
/// a model itself never touches the store.
#[derive(Default)]
pub struct Models {
    // std mutex: nothing awaits or fits while it is held
    kept: Mutex<HashMap<String, Arc<dyn Any + Send + Sync>>>,
}

impl Models {
    /// The fitted model kept under this key, or the one `fit` makes.
    pub fn get_or_fit<T, E>(&self, key: &str, fit: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E>
    where
        T: Send + Sync + 'static,
    {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        if let Some(model) = kept.and_then(|model| model.downcast::<T>().ok()) {
            return Ok(model);
        }
        let model = Arc::new(fit()?);
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), model.clone());
        Ok(model)
    }
}
