//! What do the platforms call an order's state, and which of ours is it?
//!
//! The words of each platform's export (IMPORT_FORMATS §3, §4). What then counts as a sale: [`super::Order::is_sale`].

use super::OrderStatus::{self, Cancelled, Completed, Paid, PartiallyRefunded, Pending, Refunded, Shipped};

/// `Financial Status` of Shopify: the money alone, so whether it was sent or cancelled stands elsewhere.
pub fn shopify(word: &str) -> Option<OrderStatus> {
    Some(match word {
        "paid" | "authorized" | "partially_paid" => Paid,
        "pending" | "unpaid" => Pending,
        "partially_refunded" => PartiallyRefunded,
        "refunded" => Refunded,
        "voided" | "expired" => Cancelled,
        _ => return None,
    })
}

/// `Order Status` of WooCommerce, as a key (`wc-on-hold`) or as its label (`On hold`).
pub fn woocommerce(word: &str) -> Option<OrderStatus> {
    Some(match word.strip_prefix("wc_").unwrap_or(word) {
        "pending" | "pending_payment" | "on_hold" | "checkout_draft" | "draft" => Pending,
        "processing" => Paid,
        "completed" => Completed,
        "cancelled" | "failed" | "trash" => Cancelled,
        "refunded" => Refunded,
        _ => return None,
    })
}

/// 订单状态 of 淘宝 and 天猫; the first of these words that is contained in it.
pub fn taobao(text: &str) -> Option<OrderStatus> {
    first_contained(
        text,
        &[
            ("交易成功", Completed),
            ("交易关闭", Cancelled),
            ("卖家已发货", Shipped),
            ("卖家部分发货", Shipped),
            ("买家已付款", Paid),
            ("等待卖家发货", Paid),
            ("等待买家付款", Pending),
            ("没有创建支付宝交易", Pending),
        ],
    )
}

/// 订单状态 of 拼多多; `已发货，待签收` names two, and the earlier word here decides.
pub fn pinduoduo(text: &str) -> Option<OrderStatus> {
    first_contained(
        text,
        &[
            ("取消", Cancelled),
            ("关闭", Cancelled),
            ("待支付", Pending),
            ("待付款", Pending),
            ("待签收", Shipped),
            ("待收货", Shipped),
            ("已收货", Completed),
            ("已签收", Completed),
            ("交易成功", Completed),
            ("待发货", Paid),
            ("未发货", Paid),
            ("待成团", Paid),
            ("已成团", Paid),
            ("已发货", Shipped),
        ],
    )
}

fn first_contained(text: &str, words: &[(&str, OrderStatus)]) -> Option<OrderStatus> {
    words.iter().find(|(word, _)| text.contains(word)).map(|(_, status)| *status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_in_its_own_words() {
        assert_eq!(shopify("voided"), Some(Cancelled));
        assert_eq!(shopify("done"), None);
        assert_eq!(woocommerce("wc_on_hold"), Some(Pending));
        assert_eq!(taobao("卖家已发货，等待买家确认"), Some(Shipped));
        assert_eq!(pinduoduo("已发货，待签收"), Some(Shipped));
        assert_eq!(pinduoduo("未发货，退款成功"), Some(Paid));
        assert_eq!(pinduoduo("?"), None);
    }
}
