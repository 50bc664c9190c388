//! Where in a caller's body something stands. It is spelt out only when there is something to say about it.

use std::fmt;

use super::codec::Untranslatable;
use json::{Kind, Node, Text};

/// A place in a body, as a chain of steps from its top.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'p> {
    parent: Option<&'p Place<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'p> {
    Key(&'p str),
    Index(usize),
}

impl<'p> Place<'p> {
    /// A member of the body.
    pub(crate) fn top(key: &'p str) -> Self {
        Self {
            parent: None,
            step: Step::Key(key),
        }
    }

    /// A member of what stands here.
    pub(crate) fn key<'q>(&'q self, key: &'q str) -> Place<'q> {
        Place {
            parent: Some(self),
            step: Step::Key(key),
        }
    }

    /// An element of what stands here.
    pub(crate) fn index(&self, index: usize) -> Place<'_> {
        Place {
            parent: Some(self),
            step: Step::Index(index),
        }
    }

    /// What stands here is not what the format asks for.
    pub(crate) fn malformed(&self, problem: &'static str) -> Untranslatable {
        Untranslatable::Malformed {
            place: self.to_string(),
            problem,
        }
    }

    /// What must be here is not.
    pub(crate) fn missing(&self) -> Untranslatable {
        self.malformed("is missing")
    }

    /// The text of a string.
    pub(crate) fn text<'a>(&self, node: Node<'a>) -> Result<Text<'a>, Untranslatable> {
        node.text().ok_or_else(|| self.malformed("must be a string"))
    }

    /// The text of a string that must be there.
    pub(crate) fn required_text<'a>(&self, node: Option<Node<'a>>) -> Result<Text<'a>, Untranslatable> {
        self.text(node.ok_or_else(|| self.missing())?)
    }

    /// An object that must be there.
    pub(crate) fn object<'a>(&self, node: Option<Node<'a>>) -> Result<Node<'a>, Untranslatable> {
        let node = node.ok_or_else(|| self.missing())?;
        self.check(node.kind() == Kind::Object, "must be an object")?;
        Ok(node)
    }

    /// True or false.
    pub(crate) fn boolean(&self, node: Node<'_>) -> Result<bool, Untranslatable> {
        node.boolean()
            .ok_or_else(|| self.malformed("must be true or false"))
    }

    /// A whole number that is not negative.
    pub(crate) fn unsigned(&self, node: Node<'_>) -> Result<u64, Untranslatable> {
        node.unsigned()
            .ok_or_else(|| self.malformed("must be a whole number that is not negative"))
    }

    /// A number as it was written, if it lies in the range.
    pub(crate) fn number<'a>(
        &self,
        node: Node<'a>,
        range: std::ops::RangeInclusive<f64>,
        problem: &'static str,
    ) -> Result<&'a [u8], Untranslatable> {
        let is_within = node.number().is_some_and(|number| range.contains(&number));
        self.check(is_within, problem)?;
        Ok(node.raw())
    }

    /// `problem` unless something holds here.
    pub(crate) fn check(&self, holds: bool, problem: &'static str) -> Result<(), Untranslatable> {
        if holds {
            Ok(())
        } else {
            Err(self.malformed(problem))
        }
    }

    /// Reads every element of an array and its named members.
    pub(crate) fn each_record<'a, const N: usize>(
        &self,
        node: Node<'a>,
        keys: [&str; N],
        mut each: impl FnMut(Place<'_>, Node<'a>, [Option<Node<'a>>; N]) -> Result<(), Untranslatable>,
    ) -> Result<(), Untranslatable> {
        self.check(node.kind() == Kind::Array, "must be an array")?;
        let mut outcome = Ok(());
        let mut index = 0;
        node.records(keys, |element, members| {
            if outcome.is_ok() {
                outcome = each(self.index(index), element, members);
            }
            index += 1;
        });
        outcome
    }

    /// As [`Place::each_record`], where every element must be an object.
    pub(crate) fn each_object<'a, const N: usize>(
        &self,
        node: Node<'a>,
        keys: [&str; N],
        mut each: impl FnMut(Place<'_>, [Option<Node<'a>>; N]) -> Result<(), Untranslatable>,
    ) -> Result<(), Untranslatable> {
        self.each_record(node, keys, |place, element, members| {
            place.check(element.kind() == Kind::Object, "must be an object")?;
            each(place, members)
        })
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match (self.parent, self.step) {
            (None, Step::Key(key)) => f.write_str(key),
            (Some(_), Step::Key(key)) => write!(f, ".{key}"),
            (_, Step::Index(index)) => write!(f, "[{index}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_place_reads_like_the_path_to_it() {
        let messages = Place::top("messages");
        let message = messages.index(3);
        let content = message.key("content");
        assert_eq!(
            content.index(0).key("image_url").key("url").to_string(),
            "messages[3].content[0].image_url.url"
        );
    }

    #[test]
    fn the_first_mistake_of_an_array_is_told_with_its_place() {
        let document = Node::unread_object(br#"{"l": [{"a": "x"}, {"a": 1}, 7]}"#);
        let list = document.field("l").unwrap();
        let read = Place::top("l").each_object(list, ["a"], |place, [a]| {
            place.key("a").required_text(a).map(drop)
        });
        assert_eq!(read.unwrap_err().to_string(), "`l[1].a` must be a string");
    }
}
