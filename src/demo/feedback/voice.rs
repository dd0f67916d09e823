//! How careful is the one who types?
//!
//! Small letters, a missing full stop, exclamation marks, a smiley, a slip of the fingers: what makes real reviews
//! hard to read for a machine.

use rand::Rng as _;

use super::super::streams::Rng;
use crate::domain::Lang;

const SMILEYS: [&str; 6] = [" 🙂", " 😊", " 👍", " 😡", " 🙄", " ☕"];

/// The text as its writer would type it.
pub(super) fn spoken(rng: &mut Rng, text: &str, lang: Lang) -> String {
    let habits: [bool; 5] = [0.12, 0.25, 0.08, 0.05, 0.10].map(|chance| rng.gen_bool(chance));
    let [careless, no_stop, loud, smiles, slips] = habits;
    let mut text = text.to_owned();
    let (stop, bang) = if lang == Lang::En { ('.', '!') } else { ('。', '！') };
    if no_stop && text.ends_with(stop) {
        text.pop();
    } else if loud && text.ends_with(stop) {
        text.pop();
        text.extend([bang, bang]);
    }
    if careless {
        text = match lang {
            Lang::En => text.to_lowercase(),
            Lang::Zh => text.replace(['，', '。'], " ").trim_end().to_owned(),
        };
    }
    if slips && lang == Lang::En {
        text = slip(rng, &text);
    }
    if smiles {
        text.push_str(SMILEYS[rng.gen_range(0..SMILEYS.len())]);
    }
    text
}

/// Two neighbouring letters inside a word change places.
fn slip(rng: &mut Rng, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let inside = |at: &usize| letters[*at - 1..*at + 3].iter().all(|c| c.is_ascii_lowercase());
    let places: Vec<usize> = (1..letters.len().saturating_sub(3)).filter(inside).collect();
    if !places.is_empty() {
        let at = places[rng.gen_range(0..places.len())];
        letters.swap(at, at + 1);
    }
    letters.into_iter().collect()
}
