//! How like two pictures are: peak signal-to-noise ratio over all colours, and structural similarity
//! of brightness.

use image::{DynamicImage, ImageFormat};
use image_compare::{Algorithm, gray_similarity_structure};
use wattsmith_domain::{Likeness, PairLikeness};

/// Of two PNG files, as a pair of this prompt and seed.
///
/// # Errors
/// Which of them is no picture.
pub(crate) fn likeness(
    (prompt, seed): (u32, u32),
    default: &[u8],
    own: &[u8],
) -> Result<PairLikeness, String> {
    let default = decoded(default).map_err(|error| format!("the default's picture {error}"))?;
    let own = decoded(own).map_err(|error| format!("the trial's picture {error}"))?;
    let pair = |psnr_db, ssim| PairLikeness {
        prompt,
        seed,
        psnr_db,
        ssim,
    };
    if (default.width(), default.height()) != (own.width(), own.height()) {
        return Ok(pair(0.0, 0.0));
    }
    let ssim = gray_similarity_structure(
        &Algorithm::MSSIMSimple,
        &default.to_luma8(),
        &own.to_luma8(),
    )
    .map_err(|error| format!("the pictures cannot be compared: {error}"))?;
    Ok(pair(psnr_db(&default, &own), ssim.score))
}

/// 10 · log₁₀(255² ÷ mean squared difference) over red, green and blue.
fn psnr_db(one: &DynamicImage, other: &DynamicImage) -> f64 {
    let (one, other) = (one.to_rgb8(), other.to_rgb8());
    let pairs = one.as_raw().iter().zip(other.as_raw());
    let squares: f64 = pairs
        .map(|(one, other)| (f64::from(*one) - f64::from(*other)).powi(2))
        .sum();
    if squares == 0.0 {
        return Likeness::EQUAL_DB;
    }
    let mean = squares / one.as_raw().len() as f64;
    (10.0 * (255.0_f64.powi(2) / mean).log10()).min(Likeness::EQUAL_DB)
}

fn decoded(png: &[u8]) -> Result<DynamicImage, String> {
    image::load_from_memory_with_format(png, ImageFormat::Png)
        .map_err(|error| format!("cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};
    use std::io::Cursor;

    fn png(picture: &RgbImage) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    fn slope(shift: u8) -> RgbImage {
        RgbImage::from_fn(32, 24, |x, y| {
            Rgb([(x * 4) as u8 + shift, (y * 5) as u8 + shift, 90 + shift])
        })
    }

    #[test]
    fn a_picture_equals_itself() {
        let one = png(&slope(0));
        let pair = likeness((1, 7), &one, &one).unwrap();
        assert_eq!((pair.prompt, pair.seed), (1, 7));
        assert_eq!(pair.psnr_db, Likeness::EQUAL_DB);
        assert!((pair.ssim - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_ratio_is_that_of_the_mean_squared_difference() {
        // Every value off by 10: 20 · log₁₀(255 ÷ 10) = 28.13 dB.
        let pair = likeness((0, 1), &png(&slope(0)), &png(&slope(10))).unwrap();
        assert!((pair.psnr_db - 28.131).abs() < 0.001, "{}", pair.psnr_db);
        assert!(pair.ssim > 0.9, "brightness alone moved: {}", pair.ssim);
    }

    #[test]
    fn noise_is_unlike_and_its_structure_too() {
        let mut state = 1_u32;
        let noise = RgbImage::from_fn(32, 24, |_, _| {
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            };
            Rgb([next(), next(), next()])
        });
        let pair = likeness((0, 1), &png(&slope(0)), &png(&noise)).unwrap();
        assert!(pair.psnr_db < 15.0 && pair.ssim < 0.2, "{pair}");
    }

    #[test]
    fn another_size_is_another_picture_and_a_broken_file_is_none() {
        let small = png(&RgbImage::new(8, 8));
        let pair = likeness((0, 1), &png(&slope(0)), &small).unwrap();
        assert_eq!((pair.psnr_db, pair.ssim), (0.0, 0.0));
        let broken = likeness((0, 1), b"no picture", &small).unwrap_err();
        assert!(broken.starts_with("the default's picture"), "{broken}");
    }
}
