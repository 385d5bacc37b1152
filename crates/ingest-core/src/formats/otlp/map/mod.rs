//! From a span as OTLP has it to what it says to people. To be filled.
