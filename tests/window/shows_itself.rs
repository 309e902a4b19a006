//! The window is not blank, and explains itself.

use super::driver::{App, SOON};
use base64::prelude::{BASE64_STANDARD, Engine as _};

/// Colours that a screenshot holds, counted on the decoded pixels by the page itself.
const COLOURS: &str = "
    const [base64, done] = arguments;
    const image = new Image();
    image.onload = () => {
        const canvas = document.createElement('canvas');
        canvas.width = image.width; canvas.height = image.height;
        const context = canvas.getContext('2d');
        context.drawImage(image, 0, 0);
        const pixels = context.getImageData(0, 0, image.width, image.height).data;
        const seen = new Set();
        for (let i = 0; i < pixels.length; i += 4)
            seen.add((pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2]);
        done(seen.size);
    };
    image.onerror = () => done(-1);
    image.src = 'data:image/png;base64,' + base64;";

#[tokio::test]
async fn a_first_start_draws_a_window_that_explains_itself() {
    let data = tempfile::tempdir().unwrap();
    let app = App::start(data.path()).await;
    app.find("first-start").await;
    // Watts, or the exact reason why not, within 5 s of asking; the machine is read at start.
    app.until(
        "live watts or the reason",
        "const one = document.querySelector('[data-testid=live-watts]');
         const text = one ? one.textContent.trim() : '';
         return text.length > 20 && !text.includes('Looking') && document.fonts.status === 'loaded';",
        SOON,
    )
    .await;
    let png = app.shot("first-start").await;
    let arguments = vec![serde_json::Value::String(BASE64_STANDARD.encode(&png))];
    let colours = app.client.execute_async(COLOURS, arguments).await.unwrap();
    // A blank window has one colour; text alone has dozens by its smooth edges.
    assert!(
        colours.as_i64().unwrap() > 30,
        "the window holds {colours} colours"
    );
    app.close().await;
}
