//! Who serves a model: what says whose price holds. Clients name them in many ways.

/// A service that sells calls of models. The index keeps its place in [`Provider::ALL`], so
/// that list only ever grows at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "they are what they are called")]
pub enum Provider {
    /// One that is known to have prices of its own, or none, and is not among these.
    Other,
    Anthropic,
    OpenAi,
    Google,
    Mistral,
    Cohere,
    DeepSeek,
    XAi,
    Voyage,
    Moonshot,
    Zai,
    MiniMax,
    Bedrock,
    Azure,
    Groq,
    Perplexity,
    OpenRouter,
}

impl Provider {
    /// Every provider with its names: OpenTelemetry's of both generations, those of
    /// `LangChain`'s `ls_provider`, of the AI SDK, of `LiteLLM`'s prefixes. What follows a dot
    /// (`openai.chat`) is left out of account. Append only.
    pub const ALL: [(Self, &'static [&'static str]); 17] = [
        (
            Self::Other,
            &[
                "ollama",
                "vllm",
                "together",
                "together_ai",
                "fireworks",
                "fireworks_ai",
                "cerebras",
                "huggingface",
                "replicate",
                "ibm",
                "watsonx",
                "sambanova",
                "databricks",
            ],
        ),
        (Self::Anthropic, &["anthropic"]),
        (Self::OpenAi, &["openai", "chat-openai"]),
        (
            Self::Google,
            &[
                "google",
                "gcp",
                "gemini",
                "vertex_ai",
                "vertexai",
                "google_genai",
                "google_vertexai",
                "google-vertex",
                "google-genai",
                "google_ai_studio",
            ],
        ),
        (Self::Mistral, &["mistral", "mistralai", "mistral_ai"]),
        (Self::Cohere, &["cohere"]),
        (Self::DeepSeek, &["deepseek"]),
        (Self::XAi, &["xai", "x_ai", "x-ai"]),
        (Self::Voyage, &["voyage", "voyageai", "voyage_ai"]),
        (Self::Moonshot, &["moonshot", "moonshotai", "moonshot_ai"]),
        (Self::Zai, &["zai", "z_ai", "z-ai", "zhipuai"]),
        (Self::MiniMax, &["minimax"]),
        (
            Self::Bedrock,
            &[
                "aws",
                "bedrock",
                "aws_bedrock",
                "amazon_bedrock",
                "amazon-bedrock",
                "bedrock_converse",
            ],
        ),
        (Self::Azure, &["azure", "az", "azure_ai", "azure_openai", "azure-openai"]),
        (Self::Groq, &["groq"]),
        (Self::Perplexity, &["perplexity"]),
        (Self::OpenRouter, &["openrouter"]),
    ];

    /// The provider that a client means, if it is one of these.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim();
        let name = name.split_once('.').map_or(name, |(name, _)| name);
        let is = |known: &&str| known.eq_ignore_ascii_case(name);
        Self::ALL.iter().find(|(_, names)| names.iter().any(is)).map(|(it, _)| *it)
    }

    /// The number that the index keeps.
    #[must_use]
    pub fn code(self) -> u8 {
        let at = Self::ALL.iter().position(|(it, _)| *it == self);
        at.and_then(|at| u8::try_from(at).ok()).unwrap_or_default()
    }

    /// The provider of a number that the index keeps.
    #[must_use]
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).map(|(it, _)| *it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_known_by_its_names() {
        for (name, provider) in [
            ("openai", Some(Provider::OpenAi)),
            ("OpenAI.chat", Some(Provider::OpenAi)),
            ("azure.ai.openai", Some(Provider::Azure)),
            ("az.ai.inference", Some(Provider::Azure)),
            ("aws.bedrock", Some(Provider::Bedrock)),
            ("gcp.vertex_ai", Some(Provider::Google)),
            ("google_vertexai", Some(Provider::Google)),
            (" x_ai ", Some(Provider::XAi)),
            ("ollama", Some(Provider::Other)),
            ("openai-compatible", None),
            ("gateway", None),
            ("", None),
        ] {
            assert_eq!(Provider::parse(name), provider, "{name}");
        }
        for (provider, _) in Provider::ALL {
            assert_eq!(Provider::of_code(provider.code()), Some(provider));
        }
    }
}
