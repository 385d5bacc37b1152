//! Maps and sets whose hashes take little time. The standard library's would be a tenth of
//! what a batch costs; in wasm it has no randomness that these would lack.

use foldhash::fast::RandomState;

/// A map.
pub type Map<K, V> = std::collections::HashMap<K, V, RandomState>;

/// A set.
pub type Set<T> = std::collections::HashSet<T, RandomState>;
