//! Was this model fitted before on the same data with the same settings?

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Serialize, de::DeserializeOwned};

use crate::domain::Day;

/// Where fitted models outlive the process; implemented over the store by the composition root, since a model
/// itself never touches the store.
pub trait Shelf: Send + Sync {
    /// The bytes kept under this key for these data; `None` where there are none.
    fn load(&self, key: &str, data_version: u64) -> Option<Vec<u8>>;
    /// Which data the bytes under this key were fitted on.
    fn version(&self, key: &str) -> Option<u64>;
    /// Keeps the bytes, and drops what older data or another day left in their place ([`undated`]).
    fn save(&self, key: &str, data_version: u64, bytes: &[u8]);
}

/// Fitted models by model and settings, each for the newest data it was fitted on, in this process and on a [`Shelf`]
/// where there is one. Two questions that need the same fit wait for one.
#[derive(Default)]
pub struct Models {
    shelf: Option<Arc<dyn Shelf>>,
    // std mutex: nothing awaits or fits while it is held
    kept: Mutex<HashMap<String, Place>>,
}

/// Where a model is kept.
#[derive(Clone, Default)]
struct Place {
    /// Held while it is fitted.
    fitting: Arc<Mutex<()>>,
    kept: Option<(u64, Arc<dyn Any + Send + Sync>)>,
}

/// Under which key a model and its settings (`bg_nbd`) are kept; raise the number when a type's fields change. The same
/// data as of another day are another fit.
pub fn key(what: &str, as_of: Option<Day>) -> String {
    as_of.map_or_else(|| format!("{what}/1"), |day| format!("{what}/1@{day}"))
}

/// The key without its day: a fit as of a newer day takes the place of the one before.
pub fn undated(key: &str) -> &str {
    key.split_once('@').map_or(key, |(what, _)| what)
}

impl Models {
    /// Models that outlive the process.
    pub fn on(shelf: Arc<dyn Shelf>) -> Self {
        Self { shelf: Some(shelf), kept: Mutex::default() }
    }

    /// The fitted model kept under this [`key`] for these data, or the one `fit` makes.
    pub fn get_or_fit<T, E>(
        &self,
        key: &str,
        data_version: u64,
        fit: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E>
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        if let Some(model) = self.kept(key, data_version) {
            return Ok(model);
        }
        let fitting = self.places().entry(key.to_owned()).or_default().fitting.clone();
        let _one_at_a_time = fitting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = self.kept(key, data_version) {
            return Ok(model);
        }
        let shelved = self.shelf.as_ref().and_then(|shelf| shelf.load(key, data_version));
        let model = match shelved.and_then(|bytes| postcard::from_bytes(&bytes).ok()) {
            Some(model) => Arc::new(model),
            None => {
                let model = Arc::new(fit()?);
                if let (Some(shelf), Ok(bytes)) = (&self.shelf, postcard::to_stdvec(model.as_ref())) {
                    shelf.save(key, data_version, &bytes);
                }
                model
            }
        };
        let mut places = self.places();
        places.retain(|other, _| other == key || undated(other) != undated(key));
        let place = places.entry(key.to_owned()).or_default();
        // a question that began before an import leaves the newer fit where it is
        if place.kept.as_ref().is_none_or(|(version, _)| *version <= data_version) {
            place.kept = Some((data_version, model.clone()));
        }
        Ok(model)
    }

    fn places(&self) -> MutexGuard<'_, HashMap<String, Place>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept<T: Send + Sync + 'static>(&self, key: &str, data_version: u64) -> Option<Arc<T>> {
        let kept = self.places().get(key)?.kept.clone();
        kept.filter(|(version, _)| *version == data_version)?.1.downcast::<T>().ok()
    }

    /// The data version of the fit that was kept last under this key.
    pub fn version(&self, key: &str) -> Option<u64> {
        let here = self.places().get(key).and_then(|place| Some(place.kept.as_ref()?.0));
        here.max(self.shelf.as_ref().and_then(|shelf| shelf.version(key)))
    }

    /// Whether a model is at hand without fitting.
    pub fn has(&self, key: &str, data_version: u64) -> bool {
        self.places().get(key).and_then(|place| Some(place.kept.as_ref()?.0)) == Some(data_version)
            || self.shelf.as_ref().is_some_and(|shelf| shelf.load(key, data_version).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Drawer(Mutex<HashMap<String, (u64, Vec<u8>)>>);
    impl Shelf for Drawer {
        fn load(&self, key: &str, data_version: u64) -> Option<Vec<u8>> {
            self.0
                .lock()
                .unwrap()
                .get(key)
                .filter(|(version, _)| *version == data_version)
                .map(|(_, bytes)| bytes.clone())
        }
        fn version(&self, key: &str) -> Option<u64> {
            self.0.lock().unwrap().get(key).map(|(version, _)| *version)
        }
        fn save(&self, key: &str, data_version: u64, bytes: &[u8]) {
            self.0.lock().unwrap().insert(key.into(), (data_version, bytes.to_vec()));
        }
    }

    #[test]
    fn a_model_is_fitted_once_for_the_same_data() {
        let drawer = Arc::new(Drawer::default());
        let mut fits = 0;
        for _process in 0..2 {
            let models = Models::on(drawer.clone());
            for data_version in [1, 1] {
                let model = models.get_or_fit("m/1", data_version, || {
                    fits += 1;
                    Ok::<_, ()>(vec![0.1_f64, 1.0 / 3.0])
                });
                assert_eq!(*model.unwrap(), vec![0.1, 1.0 / 3.0]);
            }
        }
        assert_eq!(fits, 1);
        let models = Models::on(drawer);
        assert!(!models.has("m/1", 2));
        assert_eq!((models.version("m/1"), models.version("n/1")), (Some(1), None));
        let refit = models.get_or_fit("m/1", 2, || Ok::<_, ()>(vec![2.0]));
        assert_eq!(*refit.unwrap(), vec![2.0], "other data, another fit");
        assert_eq!(models.places().len(), 1, "the older fit is gone");
        for day in ["a/1@2026-06-29", "a/1@2026-06-30"] {
            models.get_or_fit(day, 2, || Ok::<_, ()>(vec![3.0])).unwrap();
        }
        assert_eq!(models.places().len(), 2, "a day takes the place of the one before");
    }

    #[test]
    fn two_that_need_the_same_fit_wait_for_one() {
        let models = Models::default();
        let fits = std::sync::atomic::AtomicU32::new(0);
        let both = std::sync::Barrier::new(2);
        let ask = || {
            both.wait();
            let fit = || {
                fits.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                std::thread::sleep(std::time::Duration::from_millis(20));
                Ok::<_, ()>(7_u32)
            };
            assert_eq!(*models.get_or_fit("m/1", 1, fit).unwrap(), 7);
        };
        std::thread::scope(|scope| {
            scope.spawn(ask);
            scope.spawn(ask);
        });
        assert_eq!(fits.into_inner(), 1);
    }
}
