//! How much is it, exactly, and in which currency?

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Active ISO 4217 codes; those with other than two decimals stand in [`Currency::digits`].
const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN \
BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD \
HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD \
MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON \
RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX \
USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG";

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");
    /// The pound sterling.
    pub const GBP: Self = Self(*b"GBP");

    /// From a code such as `EUR` (any case); `None` where ISO 4217 has no such currency.
    pub fn parse(code: &str) -> Option<Self> {
        let bytes: [u8; 3] = code.trim().as_bytes().try_into().ok()?;
        let bytes = bytes.map(|byte| byte.to_ascii_uppercase());
        // Read with every stored order, so nothing is allocated: each known code takes three bytes and a space.
        CODES.as_bytes().chunks(4).any(|known| known.get(..3) == Some(&bytes)).then_some(Self(bytes))
    }

    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// Decimals in use: 0 for yen, 3 for dinars, else 2.
    pub fn digits(&self) -> u32 {
        match self.code() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND"
            | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            _ => 2,
        }
    }

    /// `€`, `£`, `$`, `¥`, else the code with a space after it.
    pub fn symbol(&self) -> String {
        match self.code() {
            "EUR" => "€".into(),
            "GBP" => "£".into(),
            "USD" => "$".into(),
            "CNY" | "JPY" => "¥".into(),
            code => format!("{code} "),
        }
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Code;

        impl Visitor<'_> for Code {
            type Value = Currency;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an ISO 4217 currency code")
            }

            fn visit_str<E: de::Error>(self, code: &str) -> Result<Currency, E> {
                Currency::parse(code)
                    .ok_or_else(|| E::custom(format!("{code:?} is not an ISO 4217 currency code")))
            }
        }

        deserializer.deserialize_str(Code)
    }
}

/// An amount in millionths of a currency unit, its currency known from the record around it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micros(pub i64);

/// A sum of [`Micros`] in currency units, for models and display.
pub fn units(micros: i128) -> f64 {
    micros as f64 / 1e6
}

impl Micros {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Micros of one currency unit.
    pub const UNIT: i64 = 1_000_000;

    /// From whole cents (hundredths).
    pub const fn from_cents(cents: i64) -> Self {
        Self(cents * 10_000)
    }

    /// From a float, rounded half to even to the micro; for simulated and computed amounts, never for parsing.
    pub fn from_f64(units: f64) -> Self {
        Self((units * 1e6).round_ties_even() as i64)
    }

    /// In currency units, for models and display.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// This amount times a count.
    #[must_use]
    pub fn times(self, count: i64) -> Self {
        Self(self.0.saturating_mul(count))
    }
}

impl Add for Micros {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}
impl AddAssign for Micros {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
impl Sub for Micros {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}
impl SubAssign for Micros {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}
impl Neg for Micros {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}
impl Sum for Micros {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// An amount with its currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Money {
    /// Millionths of the currency's unit.
    pub micros: Micros,
    /// ISO 4217.
    pub currency: Currency,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_known_in_any_case_and_survives_storage() {
        for code in CODES.split_ascii_whitespace() {
            let currency = Currency::parse(&format!(" {} ", code.to_lowercase())).unwrap();
            assert_eq!(currency.code(), code);
            assert_eq!(
                postcard::from_bytes::<Currency>(&postcard::to_stdvec(&currency).unwrap()),
                Ok(currency)
            );
            assert_eq!(serde_json::from_str::<Currency>(&format!("{code:?}")).unwrap(), currency);
        }
        for unknown in ["", "E", "EURO", "ED ", "XXX", "欧"] {
            assert_eq!(Currency::parse(unknown), None, "{unknown}");
        }
    }
}
