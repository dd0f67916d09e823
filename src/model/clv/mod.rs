//! How many more orders, and how much money, will each customer bring?
//!
//! [`PurchaseModel`] (BG/NBD, MBG/NBD) learns how often people buy and when they stop, [`GammaGamma`] how much they
//! spend at a time; [`Alive`] looks ahead for one customer, [`pace`] for the sum of all; [`interval`] says how sure;
//! [`value`] puts money and time together; [`backtest`] tries it all on days that the models have not seen,
//! [`calibration`] shows it tenth by tenth. Time is in weeks unless said.

mod alive;
pub mod backtest;
mod buyer;
pub mod calibration;
mod gamma_gamma;
pub mod history;
pub mod interval;
pub mod measure;
mod newton;
pub mod pace;
mod purchase;
mod special;
pub mod value;

pub use alive::{Alive, Outlook};
pub use buyer::{Buyer, FitError};
pub use gamma_gamma::{GammaGamma, GammaGammaFit, GammaGammaParams, Spender};
pub use history::{History, Snapshot};
pub use newton::{Certificate, Status};
pub use purchase::{PurchaseFit, PurchaseModel, PurchaseParams};
