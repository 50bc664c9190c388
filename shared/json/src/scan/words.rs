//! Short strings that tell whether a part of a document deserves a closer look. They are noticed while the document is
//! scanned, where a search for each would be another pass over all its bytes.

/// Which of them stand anywhere in a document, be it as keys or as values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// `image`, `image_url` or `input_image`: a part may be a picture.
    pub image: bool,
    /// A key under which bytes stand in base64.
    pub medium: bool,
    /// `signature`: a thought may be sealed, or not.
    pub signature: bool,
}

impl Words {
    /// The longest of the words.
    const LONGEST: usize = 11;

    /// Takes notice of a string without escapes.
    pub(super) fn note(&mut self, word: &[u8]) {
        if word.len() > Self::LONGEST {
            return;
        }
        match word {
            b"image" | b"input_image" => self.image = true,
            b"image_url" => (self.image, self.medium) = (true, true),
            b"data" | b"file_data" | b"url" => self.medium = true,
            b"signature" => self.signature = true,
            _ => {}
        }
    }
}
