//! Evaluators that ask somebody else: `WEBHOOK` and `LLM_JUDGE`. They are off until the
//! operator says whom they may ask. What goes wrong is told without any payload, address or
//! header, for it is kept and shown.

use evaluators::evaluator::Failure;
use evaluators::evaluator::assignment::Judged;
use evaluators::evaluator::outside::judge::Judge;
use evaluators::evaluator::outside::webhook::Webhook;
use evaluators::evaluator::outside::{JudgeReply, JudgedTexts, address};

use super::subject::Subject;
use super::verdict::{Caller, Verdict, Why};
use crate::index::evaluators::EvaluatorRow;
use crate::outbound::{Outbound, OutboundReply, Post};

/// What the operator says of a deployment, and a clock to wait by.
#[allow(async_fn_in_trait, reason = "one thread, and only this crate implements it")]
pub trait Operator {
    /// A variable or a secret of the Worker, if it has one of this name that is not empty.
    fn setting(&self, name: &str) -> Option<String>;
    /// Whether this is local development.
    fn is_local(&self) -> bool;
    /// Waits so long.
    async fn wait(&self, ms: u32);
}

/// Hosts that webhooks may be at, with commas between them; `*` is any.
pub const HOSTS: &str = "EVALUATOR_HOSTS";
/// What the names of secrets for headers begin with.
const SECRET_PREFIX: &str = "EVALUATOR_SECRET_";
/// Where the model is that judges: what `/chat/completions` is put after.
pub const JUDGE_URL: &str = "JUDGE_BASE_URL";
/// Its key.
pub const JUDGE_KEY: &str = "JUDGE_API_KEY";

/// Most bytes of a reply: from the endpoint's contract.
const MAX_REPLY_BYTES: usize = 64 * 1024;
/// How long a model may take.
const JUDGE_TIMEOUT_MS: u32 = 30_000;
/// How often it is asked again.
const JUDGE_RETRIES: u32 = 1;
/// Seconds to wait before each further try, of which the last counts for all that come after.
const WAITS_S: [u32; 5] = [1, 2, 4, 8, 10];
/// Longest wait that a server may ask for, in seconds.
const MAX_WAIT_S: u32 = 30;

/// Asks by the platform's means.
#[derive(Debug)]
pub struct Outside<'a, O, P> {
    /// Who sends requests.
    pub outbound: &'a O,
    /// Whom one may ask.
    pub operator: &'a P,
}

/// Types of evaluators that ask somebody else, with how often each does in a day where its
/// project says nothing: from the endpoint's contract.
pub const TYPES: [(&str, u32); 2] = [("WEBHOOK", 10_000), ("LLM_JUDGE", 1_000)];

/// How often an evaluator of a type asks in a day, where it says nothing; `None` where it is
/// of no type that asks somebody else.
#[must_use]
pub fn runs_per_day(kind: &str) -> Option<u32> {
    TYPES.iter().find(|(known, _)| *known == kind).map(|(_, most)| *most)
}

/// Why evaluators of a type cannot be used here, if they cannot.
#[must_use]
pub fn missing(kind: &str, operator: &impl Operator) -> Option<String> {
    let wanted: &[&str] = match kind {
        "WEBHOOK" => &[HOSTS],
        "LLM_JUDGE" => &[JUDGE_URL, JUDGE_KEY],
        _ => &[],
    };
    let missing = wanted.iter().find(|name| operator.setting(name).is_none())?;
    Some(format!("evaluators of this type are switched off: the operator has not set {missing}"))
}

/// Whether a webhook may be asked.
///
/// # Errors
/// Why not.
pub fn check_host(webhook: &Webhook, operator: &impl Operator) -> Result<(), address::Refused> {
    let hosts = operator.setting(HOSTS).unwrap_or_default();
    address::check(&webhook.url, &hosts, operator.is_local())
}

/// A call of somebody else, ready to be made: with secrets in it.
#[allow(missing_debug_implementations, reason = "it has secrets")]
pub struct Call {
    url: String,
    headers: Vec<(String, String)>,
    body: String,
    timeout_ms: u32,
    retries: u32,
    /// Who reads the reply; none: that of a webhook.
    judge: Option<Judge>,
}

impl<O: Outbound, P: Operator> Caller for Outside<'_, O, P> {
    type Call = Call;

    fn prepare(&self, by: &EvaluatorRow, of: &Judged<'_>, subject: &Subject) -> Result<Call, Why> {
        if let Some(why) = missing(&by.r#type, self.operator) {
            return Err(Why::Unset(why));
        }
        let texts = JudgedTexts {
            trace: of.trace,
            span: of.span,
            input: subject.input.as_deref(),
            output: subject.output.as_deref(),
            expected_output: subject.expected_output.as_deref(),
        };
        let mut call = match &*by.r#type {
            "WEBHOOK" => self.of_webhook(by, &of.score_id(), &texts)?,
            _ => self.of_judge(by, &texts)?,
        };
        call.headers.insert(0, ("content-type".into(), "application/json".into()));
        Ok(call)
    }

    async fn call(&self, call: &Call) -> Result<Verdict, Why> {
        let headers: Vec<_> =
            call.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let post = Post {
            url: &call.url,
            headers: &headers,
            body: &call.body,
            timeout_ms: call.timeout_ms,
            most: MAX_REPLY_BYTES,
        };
        let reply = self.ask(&post, call.retries).await?;
        let read = match &call.judge {
            Some(judge) => judge.read(&reply),
            None => Webhook::read(&reply),
        };
        let JudgeReply { score, label, reasoning } =
            read.map_err(|why| Why::Refused(why.into()))?;
        Ok(Verdict { value: score, label, reasoning })
    }
}

fn refused(failure: Failure) -> Why {
    Why::Refused(failure.message)
}

impl<O: Outbound, P: Operator> Outside<'_, O, P> {
    fn of_webhook(
        &self,
        by: &EvaluatorRow,
        score: &str,
        texts: &JudgedTexts<'_>,
    ) -> Result<Call, Why> {
        let webhook = Webhook::parse(&by.config).map_err(refused)?;
        // The operator may have changed their mind since it was stored.
        check_host(&webhook, self.operator)
            .map_err(|why| Why::Unset(format!("The address of the webhook: {}.", why.as_str())))?;
        let secret = |name: &str| self.operator.setting(&format!("{SECRET_PREFIX}{name}"));
        let mut headers = webhook.headers_with(secret).map_err(|name| {
            Why::Unset(format!(
                "A header needs the secret {SECRET_PREFIX}{name}, which is not set."
            ))
        })?;
        headers.insert(0, ("idempotency-key".into(), score.into()));
        let body = webhook.body(texts);
        let Webhook { url, timeout_ms, retries, .. } = webhook;
        Ok(Call { url, headers, body, timeout_ms, retries, judge: None })
    }

    fn of_judge(&self, by: &EvaluatorRow, texts: &JudgedTexts<'_>) -> Result<Call, Why> {
        let (judge, _) = Judge::parse(&by.config).map_err(refused)?;
        let setting = |name| self.operator.setting(name).unwrap_or_default();
        Ok(Call {
            url: format!("{}/chat/completions", setting(JUDGE_URL).trim_end_matches('/')),
            headers: vec![("authorization".into(), format!("Bearer {}", setting(JUDGE_KEY)))],
            body: judge.body(texts).map_err(refused)?,
            timeout_ms: JUDGE_TIMEOUT_MS,
            retries: JUDGE_RETRIES,
            judge: Some(judge),
        })
    }

    /// The body of a good reply, after a try and some more.
    async fn ask(&self, post: &Post<'_>, retries: u32) -> Result<Vec<u8>, Why> {
        let mut tries = 0;
        loop {
            let (why, asked_s) = match self.outbound.post(*post).await {
                Ok(reply) if reply.is_success() => {
                    let long = || Why::Refused("The reply has more than 64 KiB.".into());
                    return reply.body.ok_or_else(long);
                }
                Ok(reply) if reply.status == 429 || reply.status >= 500 => {
                    (format!("It answered with status {}.", reply.status), wait_of(&reply))
                }
                Ok(reply) if (300..400).contains(&reply.status) => {
                    let why = format!(
                        "It answered with a redirect ({}), which is not followed.",
                        reply.status
                    );
                    return Err(Why::Refused(why));
                }
                Ok(reply) => {
                    return Err(Why::Refused(format!("It answered with status {}.", reply.status)));
                }
                Err(_) => ("It did not answer in time, or could not be reached.".into(), None),
            };
            if tries >= retries {
                return Err(Why::Failed(why));
            }
            let last = WAITS_S.len() - 1;
            let own_s = WAITS_S.get((tries as usize).min(last)).copied().unwrap_or(MAX_WAIT_S);
            self.operator.wait(asked_s.unwrap_or(own_s).min(MAX_WAIT_S) * 1_000).await;
            tries += 1;
        }
    }
}

/// Seconds that a server asks to be left alone, where it says so in a number.
fn wait_of(reply: &OutboundReply) -> Option<u32> {
    reply.retry_after.as_deref()?.trim().parse().ok()
}
