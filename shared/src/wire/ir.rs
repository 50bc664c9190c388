//! The intermediate form between any two wire formats: what a call means, whoever's words it comes in. A format's
//! folder reads its own words into it and writes them out of it, and knows of no other format.
//!
//! Text and JSON are slices of the document they came from wherever that can be: translation copies bytes, it
//! rarely looks at them.

mod answer;
mod parts;
mod request;
mod stream;
mod turns;

pub use answer::{Answer, AnswerPart, ErrorKind, Finish, ProviderError};
pub use request::{
    Arguments, Breakpoint, ChatRequest, Content, Effort, Loss, Maker, Media, Message, Origin, OutputFormat,
    Part, Reasoning, Role, Sampling, ServiceTier, Tool, ToolChoice, Unportable, Words,
};
pub use stream::{Delta, ToolIndex};
pub use turns::{Turn, drop_empty_end, turns};
