//! Where does the talk happen? Channels prove who speaks and draw the agent's events; they decide nothing.

pub mod telegram;
pub mod terminal;
