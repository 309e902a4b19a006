//! Pictures: one request for a prompt and its seeds, one whole answer with the pictures in base64 and,
//! where the server tells, the times of its phases.

use base64::Engine as _;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use std::borrow::Cow;
use wattsmith_domain::{PicturePhase, PictureTask, Value};

/// The forms in which servers are asked for pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageForm {
    /// Wattsmith's own server for diffusers.
    Diffusers,
    /// The form of the Stable Diffusion web interface, as stable-diffusion.cpp's server takes it.
    WebUi,
    /// OpenAI's, with the fields by which SGLang and vLLM are told seed, steps and guidance.
    OpenAi,
}

/// One request, ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub body: String,
    pub seeds: Vec<u32>,
    /// Denoising steps that it asks for.
    pub steps: u64,
}

/// What one answer tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Reply {
    /// In the order of the seeds; empty where they were not to be read.
    pub pngs: Vec<Vec<u8>>,
    pub images: usize,
    /// Summed over the images, where the server counts them.
    pub steps: Option<u64>,
    pub network_calls: Option<u64>,
    /// Seconds from the request's arrival.
    pub spans: Vec<(PicturePhase, f64, f64)>,
}

/// One request for one seed of a prompt.
type OfSeed = fn(&str, u32, &PictureTask, &[(String, Value)]) -> Call;

impl ImageForm {
    /// Where requests go.
    pub(crate) fn route(self) -> &'static str {
        match self {
            Self::Diffusers | Self::OpenAi => "/v1/images/generations",
            Self::WebUi => "/sdapi/v1/txt2img",
        }
    }

    /// Requests for every seed of a prompt. `fields` are settings that are told with each request.
    pub(crate) fn calls(
        self,
        prompt: &str,
        task: &PictureTask,
        fields: &[(String, Value)],
    ) -> Vec<Call> {
        let each = |call: OfSeed| {
            let seeds = task.seeds.iter();
            seeds
                .map(|seed| call(prompt, *seed, task, fields))
                .collect()
        };
        match self {
            Self::Diffusers => vec![diffusers(prompt, task, fields)],
            Self::WebUi => each(web_ui),
            Self::OpenAi => each(open_ai),
        }
    }

    /// Reads an answer to `call`; pictures only where they are wanted, which saves the time of
    /// decoding them in a window.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(self, body: &[u8], call: &Call, wanted: bool) -> Result<Reply, String> {
        let fail = |error: serde_json::Error| format!("an answer that cannot be read ({error})");
        let mut reply = match self {
            Self::Diffusers => {
                let answer: Own<'_> = serde_json::from_slice(body).map_err(fail)?;
                let seeds: Vec<u32> = answer.data.iter().map(|one| one.seed).collect();
                if seeds != call.seeds {
                    return Err(format!("pictures of the seeds {seeds:?}"));
                }
                Reply {
                    pngs: decoded(answer.data.iter().map(|one| &one.b64_json), wanted)?,
                    images: answer.data.len(),
                    ..answer.timings.reply()
                }
            }
            Self::OpenAi => {
                let answer: OpenAiAnswer<'_> = serde_json::from_slice(body).map_err(fail)?;
                Reply {
                    pngs: decoded(answer.data.iter().map(|one| &one.b64_json), wanted)?,
                    images: answer.data.len(),
                    ..Reply::default()
                }
            }
            Self::WebUi => {
                let answer: WebUiAnswer<'_> = serde_json::from_slice(body).map_err(fail)?;
                Reply {
                    pngs: decoded(answer.images.iter(), wanted)?,
                    images: answer.images.len(),
                    ..Reply::default()
                }
            }
        };
        if reply.images != call.seeds.len() {
            return Err(format!(
                "{} pictures for {} seeds",
                reply.images,
                call.seeds.len()
            ));
        }
        reply.pngs.truncate(call.seeds.len());
        Ok(reply)
    }
}

fn diffusers(prompt: &str, task: &PictureTask, fields: &[(String, Value)]) -> Call {
    let body = json!({
        "prompt": prompt,
        "seeds": task.seeds,
        "size": format!("{}x{}", task.width, task.height),
        "steps": task.steps,
        "guidance": task.guidance,
        "sampler": task.sampler,
    });
    call(body, fields, task.seeds.clone())
}

/// Settings of stable-diffusion.cpp that this form has no field for go into a block within the
/// prompt, which the server takes out again.
fn web_ui(prompt: &str, seed: u32, task: &PictureTask, fields: &[(String, Value)]) -> Call {
    const OWN: [&str; 2] = ["steps", "cfg_scale"];
    let (own, extra): (Vec<_>, Vec<_>) = fields
        .iter()
        .cloned()
        .partition(|(name, _)| OWN.contains(&name.as_str()));
    let mut prompt = prompt.to_owned();
    if !extra.is_empty() {
        let extra: Map<String, Json> = extra
            .into_iter()
            .map(|(name, value)| (name, json!(value)))
            .collect();
        prompt.push_str(&format!(
            "<sd_cpp_extra_args>{}</sd_cpp_extra_args>",
            Json::Object(extra)
        ));
    }
    let mut body = json!({
        "prompt": prompt,
        "width": task.width,
        "height": task.height,
        "steps": task.steps,
        "cfg_scale": task.guidance,
        "seed": seed,
        "batch_size": 1,
    });
    if task.sampler != "model" {
        body["sampler_name"] = json!(task.sampler);
    }
    call(body, &own, vec![seed])
}

fn open_ai(prompt: &str, seed: u32, task: &PictureTask, fields: &[(String, Value)]) -> Call {
    let body = json!({
        "prompt": prompt,
        "n": 1,
        "size": format!("{}x{}", task.width, task.height),
        "response_format": "b64_json",
        "seed": seed,
        "num_inference_steps": task.steps,
        "guidance_scale": task.guidance,
    });
    call(body, fields, vec![seed])
}

fn call(mut body: Json, fields: &[(String, Value)], seeds: Vec<u32>) -> Call {
    for (name, value) in fields {
        body[name.as_str()] = json!(value);
    }
    let steps = body.get("steps").or(body.get("num_inference_steps"));
    Call {
        steps: steps.and_then(Json::as_u64).unwrap_or_default(),
        body: body.to_string(),
        seeds,
    }
}

fn decoded<'a>(
    pictures: impl Iterator<Item = &'a Cow<'a, str>>,
    wanted: bool,
) -> Result<Vec<Vec<u8>>, String> {
    const PNG: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
    if !wanted {
        return Ok(Vec::new());
    }
    pictures
        .map(|text| {
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(text.as_bytes())
                .map_err(|error| format!("a picture that is no base64 ({error})"))?;
            match bytes.starts_with(&PNG) {
                true => Ok(bytes),
                false => Err("a picture that is no PNG".to_owned()),
            }
        })
        .collect()
}

/// Width and height of a PNG file, from its head.
pub(crate) fn png_size(png: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u32::from_be_bytes(png.get(at..at + 4)?.try_into().ok()?));
    (png.get(12..16)? == b"IHDR").then_some((number(16)?, number(20)?))
}

#[derive(Deserialize)]
struct Own<'a> {
    #[serde(borrow)]
    data: Vec<OwnPicture<'a>>,
    timings: Timings,
}

#[derive(Deserialize)]
struct OwnPicture<'a> {
    seed: u32,
    #[serde(borrow)]
    b64_json: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Timings {
    batches: Vec<Batch>,
}

#[derive(Deserialize)]
struct Batch {
    pictures: u64,
    steps: u64,
    network_calls: u64,
    text_encoding_s: Option<(f64, f64)>,
    denoising_s: Option<(f64, f64)>,
    decoding_s: Option<(f64, f64)>,
}

impl Timings {
    fn reply(&self) -> Reply {
        let sum = |of: &dyn Fn(&Batch) -> u64| self.batches.iter().map(of).sum();
        let spans = self.batches.iter().flat_map(|one| {
            [
                (PicturePhase::TextEncoding, one.text_encoding_s),
                (PicturePhase::Denoising, one.denoising_s),
                (PicturePhase::Decoding, one.decoding_s),
            ]
        });
        Reply {
            steps: Some(sum(&|one| one.steps * one.pictures)),
            network_calls: Some(sum(&|one| one.network_calls * one.pictures)),
            spans: spans
                .filter_map(|(phase, span)| span.map(|(from, to)| (phase, from, to)))
                .collect(),
            ..Reply::default()
        }
    }
}

#[derive(Deserialize)]
struct OpenAiAnswer<'a> {
    #[serde(borrow)]
    data: Vec<OpenAiPicture<'a>>,
}

#[derive(Deserialize)]
struct OpenAiPicture<'a> {
    #[serde(borrow)]
    b64_json: Cow<'a, str>,
}

#[derive(Deserialize)]
struct WebUiAnswer<'a> {
    #[serde(borrow)]
    images: Vec<Cow<'a, str>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> PictureTask {
        PictureTask {
            prompts: vec!["a fox".to_owned()],
            seeds: vec![7, 8],
            width: 64,
            height: 32,
            steps: 8,
            sampler: "model".to_owned(),
            guidance: 7.5,
        }
    }

    fn fields() -> Vec<(String, Value)> {
        vec![("steps".to_owned(), Value::Int(4))]
    }

    #[test]
    fn settings_of_a_request_stand_above_those_of_the_work() {
        let calls = ImageForm::Diffusers.calls("a fox", &task(), &fields());
        insta::assert_snapshot!(calls[0].body, @r#"{"prompt":"a fox","seeds":[7,8],"size":"64x32","steps":4,"guidance":7.5,"sampler":"model"}"#);
        assert_eq!((calls.len(), calls[0].steps), (1, 4));
    }

    #[test]
    fn the_web_form_asks_for_one_seed_at_a_time_and_hides_what_it_has_no_field_for() {
        let mut fields = fields();
        let ucache = Value::Choice("ucache".to_owned());
        fields.push(("cache_mode".to_owned(), ucache));
        let calls = ImageForm::WebUi.calls("a fox", &task(), &fields);
        assert_eq!(calls.len(), 2);
        insta::assert_snapshot!(calls[1].body, @r#"{"prompt":"a fox<sd_cpp_extra_args>{\"cache_mode\":\"ucache\"}</sd_cpp_extra_args>","width":64,"height":32,"steps":4,"cfg_scale":7.5,"seed":8,"batch_size":1}"#);
    }

    #[test]
    fn openais_form_takes_seed_and_steps_by_the_names_that_servers_have_for_them() {
        let fields = [("num_inference_steps".to_owned(), Value::Int(4))];
        let calls = ImageForm::OpenAi.calls("a fox", &task(), &fields);
        assert_eq!((calls.len(), calls[1].steps), (2, 4));
        insta::assert_snapshot!(calls[1].body, @r#"{"prompt":"a fox","n":1,"size":"64x32","response_format":"b64_json","seed":8,"num_inference_steps":4,"guidance_scale":7.5}"#);
        let read = ImageForm::OpenAi.read(br#"{"data":[{"b64_json":""}]}"#, &calls[0], false);
        assert_eq!(read.unwrap().images, 1);
        let none = ImageForm::OpenAi.read(br#"{"data":[{"url":"http://x"}]}"#, &calls[0], false);
        assert!(none.unwrap_err().contains("b64_json"));
    }

    #[test]
    fn an_answer_that_is_not_what_was_asked_says_how() {
        let call = &ImageForm::WebUi.calls("a fox", &task(), &[])[0];
        for (body, what) in [
            (r#"{"images":[]}"#, "0 pictures for 1 seeds"),
            (r#"{"images":["?"]}"#, "no base64"),
            (r#"{"images":["aGFsbG8="]}"#, "no PNG"),
            (r#"{"pictures":[]}"#, "cannot be read"),
            ("<html>", "cannot be read"),
        ] {
            let told = ImageForm::WebUi.read(body.as_bytes(), call, true);
            assert!(told.as_ref().unwrap_err().contains(what), "{told:?}");
        }
        let call = &ImageForm::Diffusers.calls("a fox", &task(), &[])[0];
        let other = r#"{"data":[{"seed":7,"b64_json":""}],"timings":{"batches":[]}}"#;
        let told = ImageForm::Diffusers.read(other.as_bytes(), call, false);
        assert!(told.unwrap_err().contains("seeds [7]"));
    }
}
