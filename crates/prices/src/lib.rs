//! What a call of a model costs, by a table of prices or by a project's own. Pure functions:
//! nothing here waits, asks anybody or reads a clock.

pub mod price;
