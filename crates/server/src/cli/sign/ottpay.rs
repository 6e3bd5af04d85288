//! `sign ottpay` and `verify ottpay`: each step from the fields to `data` and `md5`, and back.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tillgate_protocols::ottpay::client::{Envelope, enveloped};
use tillgate_protocols::ottpay::explain::{self, Step, Verdict};
use tillgate_protocols::ottpay::sign::{self, Reading, Sealed};
use tillgate_protocols::ottpay::{Action, SignKey};
use tillgate_protocols::wire::json::{Field, Value, read_object};

use super::{one_line, read_input, say};

#[derive(Debug, clap::Args)]
pub struct SignArgs {
    /// The sign key. Better from the environment than on a command line others can see.
    #[arg(long, env = "OTTPAY_SIGN_KEY", hide_env_values = true)]
    key: String,
    /// With --merchant-id the whole request is printed too: PASSIVEPAY, ACTIVEPAY, STATUS_QUERY, REFUND, EX_RATE_QUERY, PREPAY_INIT, PREPAY_QUERY or MAPPPAY.
    #[arg(long, requires = "merchant_id")]
    action: Option<String>,
    #[arg(long, requires = "action")]
    merchant_id: Option<String>,
    #[arg(long, requires = "merchant_id")]
    operator_id: Option<String>,
    #[arg(long, requires = "merchant_id")]
    terminal_no: Option<String>,
    /// As the action's document has it if absent.
    #[arg(long, requires = "merchant_id")]
    version: Option<String>,
    /// The data object: a JSON object or name=value lines; `@file` reads a file, `-` the input.
    input: String,
}

#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// The sign key. Better from the environment than on a command line others can see.
    #[arg(long, env = "OTTPAY_SIGN_KEY", hide_env_values = true)]
    key: String,
    /// A request, an answer or a callback: the whole JSON; `@file` reads a file, `-` the input.
    message: String,
}

impl SignArgs {
    fn envelope(&self) -> Result<Option<Envelope<'_>>> {
        let Some((action, merchant_id)) = self.action.as_deref().zip(self.merchant_id.as_deref()) else {
            return Ok(None);
        };
        let action = Action::from_word(action).with_context(|| {
            let known: Vec<&str> = Action::ALL.iter().map(|action| action.word()).collect();
            format!("--action {action} is not one of {}", known.join(", "))
        })?;
        let usual = Envelope::new(action, merchant_id);
        Ok(Some(Envelope {
            version: self.version.as_deref().unwrap_or(usual.version),
            operator_id: self.operator_id.as_deref(),
            terminal_no: self.terminal_no.as_deref(),
            ..usual
        }))
    }
}

/// The fields of a data object, each once.
fn fields_of(text: &str) -> Result<Vec<(String, String)>> {
    let is_json = text.trim_start().starts_with('{');
    let stray = text.lines().find(|line| !is_json && !line.trim().is_empty() && !line.contains('='));
    if let Some(stray) = stray {
        bail!("neither a JSON object nor name=value: {stray}");
    }
    let fields = explain::parse_object(text).map_err(|reject| anyhow::anyhow!("{}", reject.message))?;
    for (at, (name, _)) in fields.iter().enumerate() {
        if fields[..at].iter().any(|(earlier, _)| earlier == name) {
            bail!("{name} is given twice");
        }
    }
    Ok(fields)
}

pub fn sign(args: SignArgs) -> Result<()> {
    let envelope = args.envelope()?;
    let fields = fields_of(&read_input(args.input.clone())?)?;
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    let worked = explain::sign(&pairs, &SignKey::new(args.key.as_str())).context("the cipher failed")?;
    say(&format!(
        "values of  {}\nS          {}\nmd5        {}\nAES key    {}\nplaintext  {}\ndata       {}",
        one_line(&worked.names.join(", ")),
        one_line(&worked.text),
        worked.md5,
        worked.aes_key,
        worked.plaintext,
        worked.data
    ));
    if let Some(envelope) = envelope {
        let sealed = Sealed { data: worked.data, md5: worked.md5 };
        say(&format!("\nThe request, to post as it stands:\n{}", enveloped(&envelope, &sealed)));
    }
    Ok(())
}

pub fn verify(args: VerifyArgs) -> Result<ExitCode> {
    let (key, body) = (SignKey::new(args.key), read_input(args.message)?);
    match explain::verify(&body, &key) {
        Verdict::Opens(worked, reading) => {
            say(&format!("the digest holds, with numbers {}", reading_words(reading)));
            say(&format!("md5 received  {}\nAES key       {}", one_line(&worked.md5), worked.aes_key));
            say_object(&worked.plaintext, &[reading]);
            Ok(ExitCode::SUCCESS)
        }
        Verdict::Fails { step, why, mistake, plaintext } => {
            say(&format!("{}: {}", step_words(step), one_line(&why)));
            let sealed = sealed_of(&body);
            let key_fits =
                sealed.as_ref().is_some_and(|sealed| opens_at_first(sealed, &key)) || plaintext.is_some();
            if let Some(meaning) = mistake.or_else(|| meaning(step, key_fits)) {
                say(&format!("most likely: {meaning}"));
            }
            if let Some(sealed) = &sealed {
                let aes_key = sign::aes_key(&sealed.md5, &key);
                let aes_key = String::from_utf8_lossy(&*aes_key);
                say(&format!("\nmd5 received  {}\nAES key       {aes_key}", one_line(&sealed.md5)));
            }
            if let Some(plaintext) = &plaintext {
                say_object(plaintext, &[Reading::Literal, Reading::Double]);
            }
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The steps after decryption: the text, what is digested of it, and its digest.
fn say_object(plaintext: &str, readings: &[Reading]) {
    say(&format!("plaintext     {}", one_line(plaintext)));
    let Ok(fields) = read_object(plaintext.as_bytes()) else { return };
    let mut said = Vec::new();
    for reading in readings {
        let text = sign::text_of(&fields, *reading);
        if !said.contains(&text) {
            let md5 = sign::md5_hex(text.as_bytes());
            say(&format!("S             {}\nmd5 computed  {md5}", one_line(&text)));
            said.push(text);
        }
    }
}

fn reading_words(reading: Reading) -> &'static str {
    match reading {
        Reading::Literal => "as they are written",
        Reading::Double => "as Java prints doubles (100 as 100.0)",
    }
}

fn step_words(step: Step) -> &'static str {
    match step {
        Step::Envelope => "it cannot be opened",
        Step::Base64 | Step::Length => "it cannot be decrypted",
        Step::Padding | Step::Text | Step::Object => "it does not decrypt to a data object",
        Step::Digest => "it decrypts, but the digest does not hold",
    }
}

/// What a failure means where no known mistake explains it. A broken envelope says it itself.
fn meaning(step: Step, key_fits: bool) -> Option<&'static str> {
    Some(match step {
        Step::Envelope => return None,
        Step::Base64 | Step::Length | Step::Padding if key_fits => {
            "the key is right; data was cut off or changed on its way"
        }
        Step::Text if key_fits => "the key is right; the text is not UTF-8, or data was changed on its way",
        Step::Base64 | Step::Length => "data was cut off or changed on its way",
        Step::Padding | Step::Text => "another sign key, or the md5 of another message",
        Step::Object => "the key is right; the sender writes no proper JSON object, or data was cut off",
        Step::Digest => "the key is right; the sender digests other values than it sends",
    })
}

/// `data` and `md5` of a message, if it has both.
fn sealed_of(body: &str) -> Option<Sealed> {
    let fields = read_object(body.trim().as_bytes()).ok()?;
    let text = |name: &str| {
        let is_meant = |field: &&Field<'_>| field.name == name;
        match &fields.iter().find(is_meant)?.value {
            Value::Text(text) => Some(text.clone().into_owned()),
            Value::Number(_) | Value::Bool(_) | Value::Null | Value::Nested(_) => None,
        }
    };
    Some(Sealed { data: text("data")?, md5: text("md5")? })
}

/// Whether the first block alone is the beginning of an object: then the key is right, whatever is wrong behind it.
fn opens_at_first(sealed: &Sealed, key: &SignKey) -> bool {
    let first_block = || {
        let start: String = sealed.data.split_whitespace().collect::<String>().chars().take(24).collect();
        let bytes = STANDARD.decode(start).ok()?;
        // The block that only says "here the text ends".
        let end = STANDARD.decode(sign::encrypt(b"", &sign::aes_key(&sealed.md5, key))?).ok()?;
        Some(STANDARD.encode([bytes.get(..16)?, &end].concat()))
    };
    let Some(data) = first_block() else { return false };
    match explain::verify_sealed(&data, &sealed.md5, key) {
        Verdict::Opens(..) => true,
        Verdict::Fails { plaintext, .. } => plaintext.is_some_and(|text| text.starts_with('{')),
    }
}
