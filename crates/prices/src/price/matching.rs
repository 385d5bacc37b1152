//! Which row of the table a model's name means. Names come with dates, regions, hosts and
//! versions around them; what cannot be told is no price, for a wrong one is worse. Nothing is
//! ever found because it looks alike: `gpt-5` is not `gpt-5.4`.

use ingest_core::model::Provider;

use super::table::{Model, Table};

/// Who sells what they make: whose names need no provider beside them, in this order.
const MAKERS: [Provider; 11] = [
    Provider::Anthropic,
    Provider::OpenAi,
    Provider::Google,
    Provider::Mistral,
    Provider::DeepSeek,
    Provider::XAi,
    Provider::Cohere,
    Provider::Voyage,
    Provider::Moonshot,
    Provider::Zai,
    Provider::MiniMax,
];

/// Models that anybody may host, at as many prices: without a provider they have none.
const OPEN_WEIGHTS: [&str; 4] = ["llama", "gemma", "gpt-oss", "qwen"];

/// What may stand before a name and a slash and is no provider.
const FOLDERS: [&str; 4] = ["models", "publishers", "converse", "locations"];

/// Vendors in the names of Bedrock, and where it serves from.
const BEDROCK: [&str; 15] = [
    "anthropic.",
    "amazon.",
    "meta.",
    "mistral.",
    "cohere.",
    "ai21.",
    "deepseek.",
    "us.",
    "eu.",
    "apac.",
    "global.",
    "au.",
    "jp.",
    "us-gov.",
    "ca.",
];

/// What it is at most stripped of.
const MAX_STRIPS: usize = 6;

/// What a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match<'t> {
    /// A model of the table.
    Model(&'t Model),
    /// One that costs nothing.
    Free,
}

/// A name as it is compared.
#[must_use]
pub fn normal(name: &str) -> String {
    name.trim().to_lowercase()
}

/// What a model's name means, where its provider may be said.
#[must_use]
pub fn find<'t>(table: &'t Table, provider: Option<Provider>, name: &str) -> Option<Match<'t>> {
    if provider == Some(Provider::Other) {
        return None;
    }
    let name = normal(name);
    if name.is_empty() {
        return None;
    }
    if name.starts_with("ft:") {
        // A fine-tune is dearer than its base.
        let own = table.sold_by(Provider::OpenAi).iter().filter(|m| m.id.starts_with("ft:"));
        return first(&own, &name).map(Match::Model);
    }
    let hosted = provider == Some(Provider::OpenRouter) || name.contains('/');
    if hosted && name.ends_with(":free") {
        return Some(Match::Free);
    }
    let Named { provider, names } = Named::of(provider, &name);
    if provider == Some(Provider::Other) {
        return None;
    }
    let sold: Vec<_> = sellers(provider).into_iter().map(|of| table.sold_by(of)).collect();
    let known = names.into_iter().find_map(|name| {
        let open = OPEN_WEIGHTS.iter().any(|open| name.starts_with(open));
        if provider.is_none() && (open || name.contains('/')) {
            return None;
        }
        variants(name)
            .into_iter()
            .find_map(|name| sold.iter().find_map(|models| first(&models.iter(), &name)))
    });
    known.map(Match::Model)
}

/// Whose rows are looked at, in order. Who hosts what others make mostly asks their price;
/// and what speaks the protocol of `OpenAI` may be anybody.
fn sellers(provider: Option<Provider>) -> Vec<Provider> {
    use Provider::{Anthropic, Azure, DeepSeek, Google, Moonshot, OpenAi, OpenRouter, XAi};
    match provider {
        None | Some(OpenRouter) => MAKERS.to_vec(),
        Some(OpenAi) => [&[OpenAi], &MAKERS[..]].concat(),
        Some(Azure) => vec![Azure, OpenAi, Anthropic, DeepSeek, XAi, Moonshot],
        Some(Google) => vec![Google, Anthropic],
        Some(one) => vec![one],
    }
}

/// A name with and without what stands before it, and the provider that either says.
struct Named<'n> {
    provider: Option<Provider>,
    names: Vec<&'n str>,
}

impl<'n> Named<'n> {
    fn of(said: Option<Provider>, name: &'n str) -> Self {
        let (mut provider, mut rest) = (said, name);
        let mut names = vec![name];
        // A path of Bedrock or Vertex ends in the name.
        if let Some((path, last)) = name.rsplit_once('/')
            && (path.starts_with("arn:") || path.starts_with("projects/"))
        {
            let of_path =
                if path.starts_with("arn:") { Provider::Bedrock } else { Provider::Google };
            provider = provider.or(Some(of_path));
            (names, rest) = (vec![last], last);
        }
        for _ in 0..4 {
            let Some((before, after)) = rest.split_once('/') else { break };
            let known = Provider::parse(before);
            if known.is_none() && !FOLDERS.contains(&before) {
                break;
            }
            // Of `openrouter/anthropic/…` the maker counts, of `groq/openai/…` the host.
            if provider.is_none() || provider == Some(Provider::OpenRouter) {
                provider = known.or(provider);
            }
            rest = after;
            names.push(rest);
        }
        if provider.is_none() && BEDROCK.iter().any(|vendor| rest.starts_with(vendor)) {
            provider = Some(Provider::Bedrock);
        }
        Self { provider, names }
    }
}

/// The first that is called so, else the first whose name begins so, else that has it in it.
fn first<'t>(models: &(impl Iterator<Item = &'t Model> + Clone), name: &str) -> Option<&'t Model> {
    let fitting = |signs: &[char]| {
        let fits = |model: &&Model| model.clauses.iter().any(|clause| fits(clause, name, signs));
        models.clone().find(fits)
    };
    let exact = models.clone().find(|model| model.id == name);
    let exact = exact.or_else(|| fitting(&['=', '@']));
    exact.or_else(|| fitting(&['^', '#'])).or_else(|| fitting(&['~', '$']))
}

/// Whether a name is what a clause of one of these kinds asks for: the first of its parts says
/// of which kind it is.
fn fits(clause: &[String], name: &str, signs: &[char]) -> bool {
    clause.first().is_some_and(|first| first.starts_with(signs))
        && clause.iter().all(|part| fits_one(part, name))
}

fn fits_one(clause: &str, name: &str) -> bool {
    let mut rest = clause.chars();
    let Some(sign) = rest.next() else { return false };
    let wanted = rest.as_str();
    match sign {
        '=' => name == wanted,
        '@' => name.strip_prefix(wanted).is_some_and(is_date),
        '^' => name.starts_with(wanted),
        '#' => name
            .strip_prefix(wanted)
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit())),
        '~' => name.contains(wanted),
        '$' => name.ends_with(wanted),
        '!' => !name.split(wanted).skip(1).any(|rest| rest.is_empty() || rest.starts_with('-')),
        _ => false,
    }
}

/// Whether that is a date as models have it behind their names.
fn is_date(text: &str) -> bool {
    let is = |form: &str| {
        text.len() == form.len()
            && text.bytes().zip(form.bytes()).all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                _ => byte == form,
            })
    };
    is("-00000000") || is("@00000000") || is("-0000-00-00")
}

/// A name, and what it is without a date, a version, a mark: each is tried before more is
/// taken off.
fn variants(name: &str) -> Vec<String> {
    let mut all = vec![name.to_owned()];
    for _ in 0..MAX_STRIPS {
        let Some(last) = all.last() else { break };
        let Some(next) = stripped(last).map(str::to_owned) else { break };
        all.push(next);
    }
    let with_dashes = |name: &String| {
        let versioned = name.starts_with("claude") && name.contains('.');
        versioned.then(|| name.replace('.', "-"))
    };
    let dashed: Vec<String> = all.iter().filter_map(with_dashes).collect();
    all.extend(dashed);
    all
}

/// What a name is without one thing around it.
fn stripped(name: &str) -> Option<&str> {
    const MARKS: [&str; 9] = [
        ":thinking",
        ":extended",
        ":nitro",
        ":floor",
        ":online",
        ":latest",
        "-latest",
        "-preview",
        "@default",
    ];
    if let Some(rest) = MARKS.iter().find_map(|mark| name.strip_suffix(mark)) {
        return Some(rest);
    }
    for length in ["-00000000".len(), "-0000-00-00".len()] {
        let at = name.len().checked_sub(length).filter(|at| name.is_char_boundary(*at))?;
        let (rest, date) = name.split_at(at);
        if is_date(date) && !rest.is_empty() {
            return Some(rest);
        }
    }
    // Bedrock's: `-v1:0` behind.
    let (rest, version) = name.rsplit_once("-v")?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (major, minor) = version.split_once(':')?;
    (digits(major) && digits(minor)).then_some(rest)
}
