//! What is in this file, and how does it get into the store whole or not at all?
