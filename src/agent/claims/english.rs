//! Does an English clause say that something outside was done?

/// What an agent might say it did, as past participles.
const DONE: [&str; 55] = [
    "sent",
    "emailed",
    "mailed",
    "cancelled",
    "canceled",
    "updated",
    "changed",
    "refunded",
    "scheduled",
    "created",
    "deleted",
    "removed",
    "booked",
    "ordered",
    "saved",
    "stored",
    "recorded",
    "exported",
    "activated",
    "deactivated",
    "enabled",
    "disabled",
    "approved",
    "rejected",
    "submitted",
    "applied",
    "added",
    "moved",
    "modified",
    "transferred",
    "adjusted",
    "notified",
    "launched",
    "started",
    "paused",
    "stopped",
    "set",
    "published",
    "contacted",
    "retrained",
    "fixed",
    "allocated",
    "issued",
    "informed",
    "forwarded",
    "uploaded",
    "messaged",
    "raised",
    "increased",
    "reduced",
    "lowered",
    "posted",
    "switched",
    "turned",
    "put",
];

/// What reaches somebody outside, whoever is its subject: no figure of ours says it.
const REACHED: [&str; 8] =
    ["emailed", "mailed", "notified", "informed", "contacted", "messaged", "uploaded", "forwarded"];

/// What an answer may say of itself.
const OWN_WORK: [&str; 35] = [
    "computed",
    "compared",
    "calculated",
    "counted",
    "checked",
    "looked",
    "used",
    "estimated",
    "listed",
    "sorted",
    "grouped",
    "ranked",
    "measured",
    "fitted",
    "considered",
    "assumed",
    "noticed",
    "limited",
    "summed",
    "rounded",
    "converted",
    "analysed",
    "analyzed",
    "reviewed",
    "answered",
    "included",
    "excluded",
    "treated",
    "filtered",
    "tried",
    "showed",
    "finished",
    "planned",
    "explained",
    "ended",
];

/// What an agent has to do with outside; in "campaign paused" it is the subject of an act.
const OURS: [&str; 16] = [
    "campaign",
    "campaigns",
    "email",
    "emails",
    "mail",
    "message",
    "report",
    "budget",
    "reminder",
    "alert",
    "settings",
    "newsletter",
    "coupon",
    "coupons",
    "discount",
    "offer",
];

/// The claim in a clause.
pub(super) fn claim(clause: &str) -> Option<String> {
    let words: Vec<&str> = clause
        .split(|c: char| !(c.is_ascii_alphabetic() || c == '\''))
        .filter(|word| !word.is_empty())
        .collect();
    // "Put €10k on search" is what a plan says
    let puts =
        clause.trim_start().strip_prefix("put ").is_some_and(|what| !what.starts_with(char::is_alphabetic));
    if clause.ends_with('?') || puts {
        return None;
    }
    if ["went out", "now live", "is live", "are live"].iter().any(|said| clause.contains(said))
        && !words.iter().enumerate().any(|(at, _)| is_open(&words, at))
    {
        return Some(words.join(" "));
    }
    if matches!(
        words.as_slice(),
        ["done"]
            | ["all", "done"]
            | ["all", "set"]
            | ["consider", "it", "done"]
            | ["it's", "done"]
            | ["it", "is", "done"]
    ) {
        return Some(words.join(" "));
    }
    for (index, word) in words.iter().enumerate() {
        let past = word.ends_with("ed") && !word.ends_with("eed");
        let mine = index > 0 && past && !OWN_WORK.contains(word);
        if !(DONE.contains(word) || mine) || is_open(&words, index) {
            continue;
        }
        let before = |back: usize| index.checked_sub(back).and_then(|i| words.get(i)).copied().unwrap_or("");
        // Adverbs may stand between: "I have already sent".
        let back = (1..=3)
            .find(|back| {
                !matches!(before(*back), "already" | "now" | "just" | "successfully" | "also" | "been" | "e")
            })
            .unwrap_or(4);
        let (helper, subject) = (before(back), before(back + 1));
        // "we earned" is the shop's, so of "we" only what is listed counts
        let i = |word: &str| {
            matches!(word, "i" | "i've") || (DONE.contains(&words[index]) && matches!(word, "we" | "we've"))
        };
        let ahead = matches!((before(3), before(2), helper), ("went", "ahead", "and"));
        let first = i(helper) || ahead || (matches!(helper, "have" | "had" | "did") && i(subject));
        // "Your campaign has been sent", "the budget is now updated"; "orders were cancelled" is a figure's sentence.
        let ours = words.iter().take(index).any(|word| {
            matches!(
                *word,
                "your"
                    | "it"
                    | "it's"
                    | "this"
                    | "campaign"
                    | "email"
                    | "e"
                    | "message"
                    | "report"
                    | "budget"
                    | "changes"
                    | "request"
                    | "reminder"
                    | "alert"
                    | "settings"
                    | "refund"
                    | "newsletter"
                    | "that"
                    | "everything"
            )
        });
        let recent = words
            .iter()
            .take(index)
            .any(|word| matches!(*word, "been" | "now" | "already" | "just" | "successfully"));
        let passive =
            matches!(helper, "is" | "are" | "was" | "were" | "has" | "have" | "it's") && ours && recent;
        let reached =
            matches!(helper, "is" | "are" | "was" | "were" | "has" | "have") && REACHED.contains(word);
        let listed = DONE.contains(word);
        let named = OURS.contains(&before(1));
        let bare = listed && words.len() <= 4 && (index == 0 || named && index + 1 == words.len());
        if first || (passive && listed) || reached || bare {
            return Some(words.get(index.saturating_sub(back)..=index).unwrap_or_default().join(" "));
        }
    }
    None
}

/// Whether what stands before the word makes it a wish, a condition or a no; what stands behind it does not: "I paused
/// it until July" is a claim.
fn is_open(words: &[&str], index: usize) -> bool {
    const NEAR: usize = 4;
    let anywhere = |word: &&str| {
        matches!(
            *word,
            "if" | "once" | "when" | "unless" | "until" | "before" | "please" | "want" | "let" | "after"
        )
    };
    let near = |word: &&str| {
        matches!(
            *word,
            "would"
                | "could"
                | "should"
                | "can"
                | "can't"
                | "cannot"
                | "will"
                | "not"
                | "never"
                | "no"
                | "nothing"
                | "nobody"
                | "none"
                | "may"
                | "might"
                | "must"
                | "shall"
                | "haven't"
                | "hasn't"
                | "wasn't"
                | "weren't"
                | "didn't"
                | "isn't"
                | "aren't"
                | "i'll"
                | "we'll"
        )
    };
    let before = words.get(..index).unwrap_or_default();
    before.iter().any(anywhere) || before.iter().rev().take(NEAR).any(near)
}
