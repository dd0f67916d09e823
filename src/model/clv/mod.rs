//! How many more orders, and how much money, will each customer bring?
