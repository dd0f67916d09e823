//! What time is it, for the wall and for the shop?

use jiff::Timestamp;
use rand::RngCore as _;
use rand::rngs::OsRng;
use sha2::{Digest as _, Sha256};

use super::Day;

/// Two hands: `now` is the wall clock (expiry, audit, new orders), `today` the shop's day
/// (periods, models): the data's last day unless the configuration gives one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    fixed_now: Option<Timestamp>,
    today: Option<Day>,
}

impl Clock {
    /// The machine's clock; `today` where the configuration names the shop's day.
    pub fn system(today: Option<Day>) -> Self {
        Self { fixed_now: None, today }
    }

    /// A clock that stands still, for tests and replays.
    pub fn fixed(now: Timestamp, today: Option<Day>) -> Self {
        Self { fixed_now: Some(now), today }
    }

    /// The instant on the wall.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> Timestamp {
        self.fixed_now.unwrap_or_else(Timestamp::now)
    }

    /// Bytes that nobody can guess; those of a fixed clock are always the same.
    pub fn secret(&self) -> [u8; 32] {
        if let Some(now) = self.fixed_now {
            return Sha256::digest(now.as_second().to_be_bytes()).into();
        }
        let mut bytes = [0; 32];
        OsRng.fill_bytes(&mut bytes);
        bytes
    }

    /// The shop's day: as configured, else the last local day with data.
    pub fn today(&self, last_day_with_data: Day) -> Day {
        self.today.unwrap_or(last_day_with_data)
    }

    /// Whether a day was configured (only then can data lag behind it).
    pub fn is_live(&self) -> bool {
        self.today.is_some()
    }
}
