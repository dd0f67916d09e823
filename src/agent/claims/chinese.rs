//! Does a Chinese clause say that something outside was done?

/// What an agent might say it did.
const DONE: [&str; 49] = [
    "发送",
    "发出",
    "发给",
    "寄出",
    "取消",
    "更新",
    "修改",
    "改好",
    "改成",
    "退款",
    "退回",
    "安排",
    "创建",
    "新建",
    "删除",
    "移除",
    "预订",
    "下单",
    "保存",
    "记录",
    "导出",
    "启用",
    "停用",
    "开启",
    "关闭",
    "批准",
    "拒绝",
    "提交",
    "应用",
    "添加",
    "调整",
    "通知",
    "上线",
    "启动",
    "暂停",
    "设置",
    "设好",
    "发布",
    "联系",
    "处理好",
    "发放",
    "推送",
    "群发",
    "下架",
    "上架",
    "上调",
    "下调",
    "追加",
    "转发",
];

/// Acts of one character: 我给客户发了邮件.
const ACTS: [char; 11] = ['发', '寄', '改', '加', '删', '停', '调', '推', '退', '建', '关'];

/// What an agent has to do with outside: in 活动暂停了 it is the subject of an act.
const OURS: [&str; 9] = ["活动", "邮件", "短信", "预算", "优惠券", "报告", "提醒", "价格", "推送"];

/// The claim in a clause.
pub(super) fn claim(clause: &str) -> Option<String> {
    // 已将 is "has", 将 alone "will"; a 会员 is a member, not a "will".
    let clause = &clause.replace("已将", "已把").replace("会员", "客户");
    if clause.ends_with(['?', '？']) || clause.contains('吗') {
        return None;
    }
    let whole = || Some(clause.trim_matches(|c: char| !c.is_alphanumeric()).to_owned());
    if [
        "搞定了",
        "办好了",
        "弄好了",
        "处理好了",
        "改好了",
        "设置好了",
        "已办理",
        "已完成您",
        "帮您办",
        "已为您",
        "已帮您",
    ]
    .iter()
    .any(|word| clause.split_once(word).is_some_and(|(before, _)| !is_open(before)))
    {
        return whole();
    }
    let who = |before: &str| {
        ["我", "帮您", "为您", "给您", "替您", "帮你", "为你", "给你"].iter().any(|who| before.contains(who))
    };
    for act in ACTS {
        let said = clause.split_once(&format!("{act}了"));
        if said.is_some_and(|(before, _)| who(before) && !is_open(before)) {
            return whole();
        }
    }
    for verb in DONE {
        let Some(start) = clause.find(verb) else { continue };
        let (before, behind) = (clause.get(..start)?, clause.get(start + verb.len()..)?);
        // 未付款或已取消: one state among others
        if is_open(before) || before.ends_with("或已") {
            continue;
        }
        let ended = ["了", "成功", "完毕", "完成"].iter().any(|end| behind.starts_with(end));
        let of_ours = ended && before.chars().count() <= 4 && OURS.iter().any(|what| before.contains(what));
        let to_somebody = ["已给", "已向", "已对", "已为"].iter().any(|to| before.contains(to));
        let done = of_ours
            || to_somebody
            || ends_with_any(before, &["已", "已经", "刚刚", "刚", "成功", "已成功", "已将", "全部"])
            || (["我", "我们", "帮您", "为您", "给您", "替您", "帮你", "为你", "给你", "已把", "已将"]
                .iter()
                .any(|who| before.contains(who))
                && ["了", "好", "完", "成功"].iter().any(|end| behind.starts_with(end)))
            || ((before.contains('已') || before.contains("把"))
                && ["您的", "你的", "邮件", "活动", "预算", "短信", "报告", "提醒", "设置", "订单"]
                    .iter()
                    .any(|what| before.contains(what))
                && !before.contains("的订单"));
        // 已取消的订单, 已退款的12单: a property of orders, not an act.
        let property = behind.starts_with("的")
            || behind.starts_with("订单")
            || behind.starts_with("金额")
            || behind.starts_with("率");
        if done && !property {
            return whole();
        }
    }
    None
}

/// Whether what stands before a verb makes it a wish, a condition or a no.
fn is_open(before: &str) -> bool {
    const NEAR: usize = 4;
    let anywhere = [
        "如果",
        "若",
        "要是",
        "假如",
        "可以",
        "能否",
        "是否",
        "要不要",
        "先别",
        "请",
        "需要",
        "建议",
        "想要",
        "等您",
        "一旦",
        "应该",
        "应当",
        "确认后",
        "之后",
        "以后",
    ];
    let near: String = before.chars().skip(before.chars().count().saturating_sub(NEAR)).collect();
    anywhere.iter().any(|word| before.contains(word))
        || ["会", "将", "没", "未", "尚", "不"].iter().any(|word| near.contains(word))
}

fn ends_with_any(text: &str, ends: &[&str]) -> bool {
    let text = text.trim_end();
    ends.iter().any(|end| text.ends_with(end))
}
