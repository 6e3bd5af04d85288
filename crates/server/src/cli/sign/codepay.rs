//! `sign codepay` and `verify codepay`: each step from the fields to `sign`, and which known way of signing a message
//! fits. Keys are files or bare base64; the private key never appears in what is printed.

use std::borrow::Cow;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use aws_lc_rs::digest::{SHA256, digest};
use tillgate_core::Timestamp;
use tillgate_protocols::codepay::client::{Sent, envelope, form_body, json_body};
use tillgate_protocols::codepay::explain::{self, Verdict};
use tillgate_protocols::codepay::fields::{APP_ID, SIGN};
use tillgate_protocols::codepay::sign::{self, Nested, Verified};
use tillgate_protocols::codepay::{Method, PrivateKey, PublicKey, time_text};
use tillgate_protocols::wire::json::{Field, Value, read_object};
use tillgate_protocols::wire::query::read_query;
use zeroize::Zeroizing;

use super::{one_line, read_input, say};
use crate::clock;

#[derive(Debug, clap::Args)]
pub struct SignArgs {
    /// The private key, PKCS#8 or PKCS#1: a file (PEM or bare base64), or the bare base64 itself. A key itself is better in the
    /// environment than on a command line others can see.
    #[arg(long, env = "CODEPAY_PRIVATE_KEY", hide_env_values = true)]
    key: Zeroizing<String>,
    /// With --app-id the envelope is added: wisehub.cloud.pay.order, order.query, … (or a path: /api/payments/capture).
    #[arg(long, requires = "app_id")]
    method: Option<String>,
    #[arg(long, requires = "method")]
    app_id: Option<String>,
    /// Milliseconds since 1970; now if absent.
    #[arg(long, requires = "method")]
    timestamp: Option<String>,
    /// Prints the whole message as a form rather than as JSON.
    #[arg(long)]
    form: bool,
    /// The fields: a JSON object, a form, or name=value lines; `@file` reads a file, `-` the input. With an app_id among them
    /// it is a whole message.
    input: String,
}

#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// The public key (SPKI) of who signed: the app's for requests, the gateway's for answers and callbacks. A file (PEM or bare
    /// base64), or the bare base64 itself.
    #[arg(long, env = "CODEPAY_PUBLIC_KEY")]
    key: String,
    /// A request (JSON or form), an answer or a callback, whole; `@file` reads a file, `-` the input.
    message: String,
}

/// What an option says, or the file it names. Neither base64 nor PEM can be the name of a file that is there.
fn key_text(option: &str) -> Result<Zeroizing<String>> {
    let path = Path::new(option.strip_prefix('@').unwrap_or(option));
    if option.starts_with('@') || path.is_file() {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        return Ok(Zeroizing::new(text));
    }
    let is_key = option.contains("-----") || option.len() > 300;
    if !is_key {
        bail!("--key is neither a file that is there nor a key: {}", one_line(option));
    }
    Ok(Zeroizing::new(option.to_owned()))
}

/// The fields of a JSON object, a form or lines. In lines values stand as they are.
fn fields_of(text: &str) -> Result<Vec<Field<'_>>> {
    let text = text.trim();
    if text.starts_with('{') {
        return read_object(text.as_bytes()).context("the input");
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = if let [form] = lines[..]
        && form.contains('&')
    {
        read_query(form).map_err(|error| anyhow::anyhow!("the form: {error:?}"))?
    } else {
        let pair =
            |line: &&'_ str| line.split_once('=').map(|(n, v)| (n.to_owned().into(), v.to_owned().into()));
        let pairs = lines.iter().map(|line| pair(line).with_context(|| neither(line)));
        pairs.collect::<Result<_>>()?
    };
    let fields: Vec<Field<'_>> =
        pairs.into_iter().map(|(name, value)| Field { name, value: Value::Text(value) }).collect();
    for (at, field) in fields.iter().enumerate() {
        if fields[..at].iter().any(|earlier| earlier.name == field.name) {
            bail!("{} is given twice", one_line(&field.name));
        }
    }
    Ok(fields)
}

fn neither(line: &str) -> String {
    format!("neither a JSON object nor name=value: {}", one_line(line))
}

fn method_of(word: &str) -> Result<Method> {
    Method::ALL.into_iter().find(|method| method.word() == word).with_context(|| {
        let known: Vec<&str> = Method::ALL.iter().map(|method| method.word()).collect();
        format!("--method {word} is not one of {}", known.join(", "))
    })
}

pub fn sign(args: SignArgs) -> Result<()> {
    let key = PrivateKey::from_text(&key_text(&args.key)?).context("--key")?;
    let text = read_input(args.input)?;
    let own = fields_of(&text)?;
    let own: Vec<Sent<'_>> = own.iter().map(|field| (&*field.name, field.value.clone())).collect();
    let own: Vec<Sent<'_>> = own.into_iter().filter(|(name, _)| *name != SIGN).collect();
    let timestamp = args.timestamp.unwrap_or_else(|| clock::now().millis().to_string());
    let fields = match args.method.as_deref().zip(args.app_id.as_deref()) {
        Some((method, app_id)) => envelope(method_of(method)?, app_id, &timestamp, true, &own),
        None => own,
    };
    let unsigned = json_body(&fields, None);
    let worked = explain::sign(&unsigned, &key).map_err(|reject| anyhow::anyhow!("{}", reject.msg()))?;
    let left_out: Vec<&str> = fields
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !worked.names.iter().any(|kept| kept == name))
        .collect();
    say(&format!("fields    {}", one_line(&worked.names.join(", "))));
    if !left_out.is_empty() {
        say(&format!("left out  {} (empty)", one_line(&left_out.join(", "))));
    }
    say_text(&worked.text);
    say(&format!("sign      {}", worked.sign));
    let signed = json_body(&fields, Some(&key));
    if matches!(explain::verify(&signed, key.public()), Verdict::Fits(fit) if !fit.is_unambiguous) {
        say("\nThe gateway refuses it (SYS002): the text can be read as other fields; see & in values.");
    }
    if fields.iter().any(|(name, _)| *name == APP_ID) {
        let body = if args.form { form_body(&fields, Some(&key)) } else { signed };
        say(&format!("\nThe message, to post as it stands:\n{}", one_line(&body)));
    }
    Ok(())
}

/// What is signed, and its digest: the last thing that can be compared before the key comes in.
fn say_text(text: &str) {
    let sha256 = hex::encode(digest(&SHA256, text.as_bytes()));
    say(&format!("text      {}\nSHA-256   {sha256}", one_line(text)));
}

pub fn verify(args: VerifyArgs) -> Result<ExitCode> {
    let key = PublicKey::from_text(&key_text(&args.key)?).context("--key")?;
    let body = read_input(args.message)?;
    let verdict = explain::verify(&body, &key);
    let code = explain::code(&verdict);
    match verdict {
        Verdict::Fits(verified) => {
            let is_accepted = verified.is_unambiguous;
            say_fit(&verified);
            say_message(&fields_of(&body)?, &verified);
            if is_accepted {
                return Ok(ExitCode::SUCCESS);
            }
            say(&format!("\nsent to the gateway it gets {}: the text reads as", code.word()));
            for (name, value) in sign::parse(&verified.text).unwrap_or_default() {
                say(&format!("  {} = {}", one_line(name), one_line(value)));
            }
        }
        Verdict::Fails { why, mistake, text } => {
            say(&format!("the signature does not hold: {}", one_line(&why)));
            if let Some(mistake) = mistake {
                say(&format!("most likely: {mistake}"));
            } else if !text.is_empty() && why.contains("fit") {
                say("most likely: another key, or other values were signed than are sent");
            }
            say(&format!("sent to the gateway it gets {}", code.word()));
            if !text.is_empty() {
                say("\nwhat should be signed:");
                say_text(&text);
            }
        }
    }
    Ok(ExitCode::FAILURE)
}

fn say_fit(verified: &Verified) {
    let head = match verified.is_unambiguous {
        true => "the signature holds",
        false => "the signature is right, but the signed text can be read as other fields",
    };
    let nested = match verified.nested {
        Nested::Source => "",
        Nested::Compact => "; objects and lists without white space",
    };
    say(&format!("{head}\nvariant   {}{nested}", verified.variant.about()));
    say_text(&verified.text);
}

/// What the variant leaves unprotected, when it was sent, and what an answer holds.
fn say_message(fields: &[Field<'_>], verified: &Verified) {
    let value = |field: &Field<'_>| sign::value_text(&field.value, verified.nested).into_owned();
    let is_free = |field: &&Field<'_>| field.name != SIGN && !verified.covers(&value(field));
    let free: Vec<&str> = fields.iter().filter(is_free).map(|field| &*field.name).collect();
    if !free.is_empty() {
        say(&format!("not signed  {}", one_line(&free.join(", "))));
    }
    let find = |name: &str| fields.iter().find(|field| field.name == name).map(value);
    if let Some(at) = find("timestamp").and_then(|text| text.parse().ok()) {
        say(&format!("timestamp {} UTC", time_text(Timestamp(at))));
    }
    if let Some(data) = find("data") {
        say(&format!("data      {}", one_line(&data)));
    }
}
