//! Who is asking, as the channel has proved it?

use serde::{Deserialize, Serialize};

use super::CustomerId;

/// What somebody may do; TOOLS.md lists each role's catalogue.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// All of the manager's tools.
    Manager,
    /// The manager's tools that only read.
    Analyst,
    /// The service tools for the customer of the ticket in hand.
    ServiceAgent,
    /// The service tools, for their own data.
    Customer,
}

impl Role {
    /// The name in JSON and in keys.
    pub fn key(self) -> &'static str {
        match self {
            Self::Manager => "manager",
            Self::Analyst => "analyst",
            Self::ServiceAgent => "service_agent",
            Self::Customer => "customer",
        }
    }
}

/// Made by a channel from something it has proved, never by a model; travels in every call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Principal {
    /// What they may do.
    pub role: Role,
    /// Whose data they may see, where the role is bound to one customer.
    pub customer: Option<CustomerId>,
    /// Who it is within the channel.
    pub id: String,
    /// The channel's name.
    pub channel: String,
}

impl Principal {
    /// Whoever sits at the local terminal owns the data folder.
    pub fn local_manager() -> Self {
        Self { role: Role::Manager, customer: None, id: "local".into(), channel: "terminal".into() }
    }

    /// The local terminal in the place of a customer (`ask --as customer:ID`).
    pub fn local_customer(customer: CustomerId) -> Self {
        let id = format!("local:{customer}");
        Self { role: Role::Customer, customer: Some(customer), id, channel: "terminal".into() }
    }
}
