//! Prices of calls of models. `table.json` is made by `npm run prices -- table`; its notice is
//! in this crate's `LICENSE-genai-prices`.

pub mod arithmetic;
pub mod call;
pub mod matching;
pub mod overrides;
pub mod table;
pub mod words;
