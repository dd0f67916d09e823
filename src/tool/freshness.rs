//! Are the data recent enough for an answer about today?

use super::ToolContext;
use crate::domain::{Day, Evidence, Grade};

/// Days by which the data may lag behind a live clock: ready, review_first, directional (DEFINITIONS §10).
const LAG: [i32; 3] = [7, 35, 180];

/// Lowers the grade where the data end well before `today`; without a live clock they never do.
pub(super) fn limit(ctx: &ToolContext<'_>, today: Day, evidence: &mut Evidence) {
    let Some(data) = ctx.warehouse.order_days().filter(|_| ctx.clock.is_live()) else { return };
    let lag = today.since(data.to);
    for (days, grade) in LAG.into_iter().zip([Grade::ReviewFirst, Grade::Directional, Grade::NeedsData]) {
        if lag > days {
            evidence.limit(grade, "data_lag", "import_newer_data");
        }
    }
}
