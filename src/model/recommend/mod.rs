//! What would somebody like that they do not have yet?
//!
//! From ratings ([`Ratings`], [`Neighbours`]): the classic forms of user-based and item-based collaborative filtering
//! (Sarwar, Karypis, Konstan, Riedl 2001), measured against held-out ratings.

mod neighbours;
mod ratings;

pub use neighbours::{Algo, Fallback, Form, Neighbours, Pair};
pub use ratings::{Errors, Ratings};
