//! What writers ask of a conversation, its turns and their parts.

use std::collections::HashSet;

use super::{Arguments, ChatRequest, Content, Loss, Media, Message, Part, Role, Sampling, Tool, ToolChoice};
use json::{Node, Text};

impl<'a> Part<'a> {
    /// What it says, if it is a text.
    #[must_use]
    pub fn text(&self) -> Option<&Text<'a>> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What it says, be it a text or a document of nothing else: of a tool's result, what goes where only words do.
    #[must_use]
    pub fn plain(&self) -> Option<&Text<'a>> {
        match &self.content {
            Content::Text(text)
            | Content::Document {
                media: Media::Plain(text),
                ..
            } => Some(text),
            _ => None,
        }
    }

    /// Whether the model thought it.
    #[must_use]
    pub fn is_thought(&self) -> bool {
        matches!(
            self.content,
            Content::Thinking { .. } | Content::SealedThinking(_)
        )
    }

    /// Whether the prompt is to be cached up to here, or up to something within.
    fn is_marked(&self) -> bool {
        self.breakpoint.is_some()
            || matches!(&self.content, Content::ToolResult { content, .. } if content.iter().any(Part::is_marked))
    }
}

impl<'a> Message<'a> {
    /// The calls of tools in it: the id, the tool and what it is given.
    pub fn calls(&self) -> impl Iterator<Item = (&Text<'a>, &Text<'a>, &Arguments<'a>)> {
        self.parts.iter().filter_map(|part| match &part.content {
            Content::ToolCall { id, name, arguments } => Some((id, name, arguments)),
            _ => None,
        })
    }
}

impl<'a> ChatRequest<'a> {
    /// The texts of all instructions that say something, wherever they stand.
    pub fn instructions(&self) -> impl Iterator<Item = &Text<'a>> {
        let systems = self
            .messages
            .iter()
            .filter(|message| message.role == Role::System);
        let parts = systems.flat_map(|message| &message.parts);
        parts.filter_map(Part::text).filter(|text| !text.is_blank())
    }

    /// Whether the prompt is to be cached up to somewhere.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        let mut parts = self.messages.iter().flat_map(|message| &message.parts);
        parts.any(Part::is_marked) || self.tools.iter().any(|tool| tool.breakpoint.is_some())
    }

    /// The first message with such a part.
    #[must_use]
    pub fn first_with(&self, is_such: impl Fn(&Part<'a>) -> bool) -> Option<&Message<'a>> {
        let mut messages = self.messages.iter();
        messages.find(|message| message.parts.iter().any(&is_such))
    }

    /// The tools that the model may call, where only some of those that it is told of may be chosen.
    pub fn allowed_tools(&self) -> impl Iterator<Item = &Tool<'a>> {
        let allowed: Option<HashSet<&[u8]>> = match &self.tool_choice {
            Some(ToolChoice::Allowed { names, .. }) => Some(names.iter().map(Text::escaped).collect()),
            _ => None,
        };
        let is_allowed = move |tool: &&Tool<'_>| {
            allowed
                .as_ref()
                .is_none_or(|names| names.contains(tool.name.escaped()))
        };
        self.tools.iter().filter(is_allowed)
    }

    /// The places of the nuances that this form cannot say.
    pub fn nuances(&self) -> impl Iterator<Item = &str> {
        let nuances = self
            .unportable
            .iter()
            .filter(|unportable| unportable.loss == Loss::Nuance);
        nuances.map(|nuance| nuance.place.as_ref())
    }
}

impl Tool<'_> {
    /// Whether it is given an object, or nothing.
    #[must_use]
    pub fn takes_object(&self) -> bool {
        let schema = self.schema.map(Node::unread_object);
        let kind = schema.and_then(|schema| schema.field("type"));
        kind.is_none_or(|kind| kind.is("object"))
    }
}

impl Sampling<'_> {
    /// The names of the penalties that make a difference: none of nothing does.
    pub fn penalties(&self) -> impl Iterator<Item = &'static str> {
        let penalties = [
            ("presence_penalty", self.presence_penalty),
            ("frequency_penalty", self.frequency_penalty),
        ];
        let is_some = |penalty: Option<&[u8]>| {
            let text = penalty.and_then(|penalty| std::str::from_utf8(penalty).ok());
            text.and_then(|text| text.parse::<f64>().ok())
                .is_some_and(|number| number != 0.0)
        };
        let made = penalties.map(|(key, penalty)| is_some(penalty).then_some(key));
        made.into_iter().flatten()
    }
}
