//! How does a picture become a file that any messenger shows?
//!
//! resvg with the two built-in fonts and nothing of the system: the same bytes on every machine.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::text::{CHINESE, EUROPEAN};

/// Pixels a unit: sharp on screens with two pixels a point.
const SCALE: f32 = 2.0;

/// Why there is no PNG.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    /// The SVG does not parse.
    #[error("the picture could not be read back: {0}")]
    Svg(#[from] resvg::usvg::Error),
    /// Too large, or no room.
    #[error("no room for a picture of {0} × {1} pixels")]
    Size(u32, u32),
    /// The encoder failed.
    #[error("the picture could not be written as png: {0}")]
    Encode(String),
}

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(CHINESE.to_vec());
    fonts.load_font_data(EUROPEAN.to_vec());
    fonts.set_sans_serif_family("Noto Sans SC");
    Arc::new(fonts)
});

/// An SVG of ours as PNG, twice as large as it says.
pub fn png(svg: &str) -> Result<Vec<u8>, PngError> {
    let options = Options { fontdb: FONTS.clone(), font_family: "Noto Sans SC".into(), ..Options::default() };
    let tree = Tree::from_str(svg, &options)?;
    let size = tree.size();
    let (width, height) = ((size.width() * SCALE).ceil() as u32, (size.height() * SCALE).ceil() as u32);
    let mut pixels = Pixmap::new(width, height).ok_or(PngError::Size(width, height))?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| PngError::Encode(error.to_string()))
}
