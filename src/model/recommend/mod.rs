//! What would somebody like that they do not have yet?
//!
//! From ratings ([`Ratings`], [`Neighbours`]): the classic forms of user-based and item-based collaborative filtering
//! (Sarwar, Karypis, Konstan, Riedl 2001), measured against held-out ratings. From a shop's orders ([`Strengths`],
//! [`Recommender`]): the same two ideas over whole vectors, measured by [`Holdout`] against the popular products.

mod holdout;
mod neighbours;
mod ratings;
mod shop;
mod strengths;

pub use holdout::{Holdout, MethodHits};
pub use neighbours::{Algo, Fallback, Form, Neighbours, Pair};
pub use ratings::{Errors, Ratings};
pub use shop::{Addend, Method, NEIGHBOURS, Near, Recommender, SUPPORT, Similar, best};
pub use strengths::{Cell, Strengths};
