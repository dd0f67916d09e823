//! Under which key, and by what else, is each of the shop's records found?

use super::Record;
use crate::domain::{
    Customer, Experiment, Feedback, Interaction, LiftTest, Order, Product, Spend, UnlinkedRefund,
};

impl Record for Customer {
    const TABLE: &'static str = "customer";
    const VERSION: u8 = 1;
    fn key(&self) -> Vec<u8> {
        self.id.0.clone().into_bytes()
    }
}

impl Record for Product {
    const TABLE: &'static str = "product";
    const VERSION: u8 = 1;
    fn key(&self) -> Vec<u8> {
        self.id.0.clone().into_bytes()
    }
}

impl Record for Order {
    const TABLE: &'static str = "order";
    const VERSION: u8 = 1;
    fn key(&self) -> Vec<u8> {
        self.id.0.clone().into_bytes()
    }
    fn indexes(&self) -> Vec<(&'static str, Vec<u8>)> {
        let by_customer =
            self.customer.as_ref().map(|customer| ("customer", customer.0.clone().into_bytes()));
        by_customer.into_iter().collect()
    }
}

impl Record for UnlinkedRefund {
    const TABLE: &'static str = "unlinked_refund";
    const VERSION: u8 = 1;
    /// The credit note's number, then its line.
    fn key(&self) -> Vec<u8> {
        [self.id.as_bytes(), &[0], &self.n.to_be_bytes()].concat()
    }
    fn indexes(&self) -> Vec<(&'static str, Vec<u8>)> {
        let by_customer =
            self.customer.as_ref().map(|customer| ("customer", customer.0.clone().into_bytes()));
        by_customer.into_iter().collect()
    }
}

impl Record for Spend {
    const TABLE: &'static str = "spend";
    const VERSION: u8 = 1;
    /// By day, then channel, account, campaign: one row each.
    fn key(&self) -> Vec<u8> {
        let mut key = ordered(self.day.0).to_vec();
        let names = [Some(&self.channel), self.account.as_ref(), self.campaign.as_ref()];
        for name in names {
            key.extend(name.map_or(&[] as &[u8], |name| name.as_bytes()));
            key.push(0);
        }
        key
    }
}

impl Record for Feedback {
    const TABLE: &'static str = "feedback";
    const VERSION: u8 = 1;
    fn key(&self) -> Vec<u8> {
        self.id.clone().into_bytes()
    }
    fn indexes(&self) -> Vec<(&'static str, Vec<u8>)> {
        let by_customer =
            self.customer.as_ref().map(|customer| ("customer", customer.0.clone().into_bytes()));
        by_customer.into_iter().collect()
    }
}

impl Record for Interaction {
    const TABLE: &'static str = "interaction";
    const VERSION: u8 = 1;
    /// By day, then id; no index by customer, since there are many and each would be written twice.
    fn key(&self) -> Vec<u8> {
        [&ordered(self.on.0), self.id.as_bytes()].concat()
    }
}

impl Record for LiftTest {
    const TABLE: &'static str = "lift_test";
    const VERSION: u8 = 1;
    fn key(&self) -> Vec<u8> {
        self.id.clone().into_bytes()
    }
}

impl Record for Experiment {
    const TABLE: &'static str = "experiment";
    const VERSION: u8 = 1;
    fn key(&self) -> Vec<u8> {
        self.id.clone().into_bytes()
    }
}

/// Bytes that sort like the number: big-endian with the sign turned round.
fn ordered(number: i32) -> [u8; 4] {
    (number.cast_unsigned() ^ (1 << 31)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_before_1970_sort_before_days_after() {
        assert!(ordered(-5) < ordered(-1) && ordered(-1) < ordered(0) && ordered(0) < ordered(20_000));
    }
}
