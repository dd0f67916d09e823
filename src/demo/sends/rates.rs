//! How likely is a message to be opened and clicked?
//!
//! A channel's own rate times what the segment, the hour and the copy make of it. Shares over all messages lie near the
//! channel's rate, since the factors are around 1.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::Segment;

/// Hours at which messages go out.
pub(super) const HOURS: [u32; 8] = [8, 10, 12, 15, 17, 19, 20, 22];
const EMAIL: [f64; 8] = [0.85, 0.9, 1.0, 0.85, 0.95, 1.3, 1.3, 0.9];
const PUSH: [f64; 8] = [0.9, 1.0, 1.4, 0.95, 1.0, 1.05, 1.0, 0.7];
const SMS: [f64; 8] = [0.8, 1.0, 1.1, 1.0, 1.1, 1.1, 1.05, 0.85];
/// Who has not bought yet.
const PROSPECT: f64 = 0.6;

/// What is true of all messages.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SendRates {
    /// E-mail.
    pub email: ChannelRates,
    /// Text messages; nobody knows whether they are opened.
    pub sms: ChannelRates,
    /// Push messages.
    pub push: ChannelRates,
    /// Factor of a segment, held at the start of the month.
    pub segments: BTreeMap<String, f64>,
    /// Factor of a copy, on clicks.
    pub copies: [(String, f64); 3],
}

/// What is true of a channel.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ChannelRates {
    /// Its name in the data.
    pub name: String,
    /// Share opened where all factors are 1.
    pub open: f64,
    /// Share clicked where all factors are 1.
    pub click: f64,
    /// Whether the shop learns who opened.
    pub opens_known: bool,
    /// Factor by hour.
    pub hours: BTreeMap<u32, f64>,
}

impl Default for SendRates {
    fn default() -> Self {
        let channel = |name: &str, open, click, opens_known, hours: [f64; 8]| ChannelRates {
            name: name.to_owned(),
            open,
            click,
            opens_known,
            hours: HOURS.into_iter().zip(hours).collect(),
        };
        let segments = [
            (Segment::Champions, 1.35),
            (Segment::Loyal, 1.25),
            (Segment::New, 1.2),
            (Segment::PotentialLoyalists, 1.1),
            (Segment::Promising, 1.0),
            (Segment::NeedAttention, 0.9),
            (Segment::CantLose, 0.8),
            (Segment::AboutToSleep, 0.75),
            (Segment::AtRisk, 0.7),
            (Segment::Hibernating, 0.5),
            (Segment::Lost, 0.35),
        ];
        Self {
            email: channel("email", 0.28, 0.042, true, EMAIL),
            sms: channel("sms", 0.9, 0.05, false, SMS),
            push: channel("push", 0.13, 0.038, true, PUSH),
            segments: segments
                .into_iter()
                .map(|(segment, factor)| (segment.key().to_owned(), factor))
                .collect(),
            copies: [("plain", 0.85), ("story", 1.0), ("offer", 1.2)].map(|(name, f)| (name.to_owned(), f)),
        }
    }
}

impl SendRates {
    /// What a segment makes of a rate.
    pub(super) fn segment(&self, segment: Option<Segment>) -> f64 {
        segment.and_then(|segment| self.segments.get(segment.key())).copied().unwrap_or(PROSPECT)
    }
}

impl ChannelRates {
    /// What an hour makes of a rate.
    pub(super) fn at(&self, hour: u32) -> f64 {
        self.hours.get(&hour).copied().unwrap_or(1.0)
    }

    /// The hour of the highest factor, the last of them.
    pub(super) fn best_hour(&self) -> u32 {
        self.hours.iter().max_by(|a, b| a.1.total_cmp(b.1)).map_or(12, |(hour, _)| *hour)
    }
}
