//! The field `model` of a form (`multipart/form-data`, RFC 7578): it is found and replaced in place, every other byte
//! stays. What says how many pictures are wished for is read as well. A form that two readers could understand differently is refused, since the provider must see the very model that
//! the broker decided on.

use memchr::memmem;

use super::{Operation, images, read};
use crate::headers::{Headers, Lookup};
use crate::limits::{MAX_FORM_FIELDS, MAX_FORM_HEADERS, MAX_MODEL_NAME};
use crate::request::{Request, RequestError};
use crate::units::Tokens;
use json::Span;
use json::splice::Edit;

/// The longest boundary that RFC 2046 allows.
const MAX_BOUNDARY: usize = 70;

/// The fields that are looked at: the model, and what is said of pictures.
const FIELDS: [&str; 4] = {
    let [n, quality, partial] = images::WISHES;
    ["model", n, quality, partial]
};

/// Reads a form. `named`: the model where the form names none.
pub fn read(
    operation: Operation,
    headers: &Headers,
    named: Option<&str>,
    body: &[u8],
) -> Result<Request, RequestError> {
    let boundary = boundary(headers).ok_or(RequestError::BadForm(
        "`content-type` must be multipart/form-data with a boundary",
    ))?;
    let [model, wishes @ ..] = find_fields(body, &boundary)?;
    // What the others take of output is not known, or not counted in tokens.
    let most = match operation {
        Operation::ImageEdits => images::most_in_form(body, wishes),
        _ => Tokens(0),
    };
    let Some(span) = model else {
        let request = named.map(read::of_model).ok_or(RequestError::NoModel)?;
        return Ok(Request {
            max_output: Some(most),
            ..request
        });
    };
    let model = std::str::from_utf8(span.of(body)).map_err(|_| RequestError::BadModel)?;
    if model.is_empty() || model.len() > MAX_MODEL_NAME {
        return Err(RequestError::BadModel);
    }
    Ok(Request {
        model_span: span,
        max_output: Some(most),
        ..read::of_model(model)
    })
}

/// Puts the provider's name of the model where the agent's stood, or before everything else if it stood nowhere.
pub fn name_model(headers: &Headers, request: &Request, body: &[u8], model: &str) -> Option<Edit> {
    if request.model_span.end > 0 {
        return (request.model != model).then(|| Edit::replace(request.model_span, model));
    }
    let boundary = boundary(headers)?;
    let at = memmem::find(body, &delimiter(&boundary))?;
    let field = [
        &delimiter(&boundary),
        b"\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\n".as_slice(),
        model.as_bytes(),
        b"\r\n",
    ];
    Some(Edit::insert(at, field.concat()))
}

/// What parts the fields, from the content type.
fn boundary(headers: &Headers) -> Option<Vec<u8>> {
    let Lookup::Once(value) = headers.lookup("content-type") else {
        return None;
    };
    let (kind, parameters) = std::str::from_utf8(value).ok()?.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    // `boundary*` and `boundary*0` are other ways to say it (RFC 2231), which some readers believe instead.
    let mut boundaries = parameters.split(';').filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let (name, is_plain) = match name.split_once('*') {
            Some((name, _)) => (name, false),
            None => (name, true),
        };
        let is_boundary = name.trim().eq_ignore_ascii_case("boundary");
        is_boundary.then(|| if is_plain { value.trim() } else { "" })
    });
    let (Some(value), None) = (boundaries.next(), boundaries.next()) else {
        return None;
    };
    let value = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(value);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&byte);
    let is_sound = (1..=MAX_BOUNDARY).contains(&value.len()) && value.bytes().all(is_plain);
    is_sound.then(|| value.as_bytes().to_vec())
}

fn delimiter(boundary: &[u8]) -> Vec<u8> {
    [b"--", boundary].concat()
}

/// The values of the fields that are looked at, as far as the form has them.
fn find_fields(body: &[u8], boundary: &[u8]) -> Result<[Option<Span>; FIELDS.len()], RequestError> {
    let delimiter = delimiter(boundary);
    let between = [b"\r\n", delimiter.as_slice()].concat();
    let finder = memmem::Finder::new(&between);
    // Some readers take half a line break before the boundary for a whole one.
    let inner = memmem::Finder::new(&delimiter);
    if body.is_empty() {
        return Err(RequestError::BadForm("it is empty"));
    }
    // What stands before the first field is for nobody, and no client writes any.
    if !body.starts_with(&delimiter) {
        return Err(RequestError::BadForm("it does not begin with its boundary"));
    }
    let mut at = delimiter.len();
    let mut fields = [None; FIELDS.len()];
    for _ in 0..=MAX_FORM_FIELDS {
        let rest = body.get(at..).unwrap_or_default();
        if let Some(after) = rest.strip_prefix(b"--") {
            let is_end = after.is_empty() || after == b"\r\n";
            return is_end
                .then_some(fields)
                .ok_or(RequestError::BadForm("something follows its end"));
        }
        let field = rest
            .strip_prefix(b"\r\n")
            .ok_or(RequestError::BadForm("a line begins as its boundary and goes on"))?;
        let start = at.saturating_add(2);
        let length = finder.find(field).ok_or(RequestError::BadForm("it breaks off"))?;
        let field = field.get(..length).unwrap_or_default();
        let is_torn = |at: usize| {
            matches!(
                at.checked_sub(1).and_then(|before| field.get(before)),
                Some(b'\r' | b'\n')
            )
        };
        if inner.find_iter(field).any(is_torn) {
            return Err(RequestError::BadForm("a line of a field begins as the boundary"));
        }
        let (head, value) = parts(field)?;
        if let Some(index) = field_of(head)?
            && let (Some(known), Some(name)) = (fields.get_mut(index), FIELDS.get(index))
        {
            let span = Span {
                start: start.saturating_add(value),
                end: start.saturating_add(length),
            };
            if known.replace(span).is_some() {
                return Err(RequestError::Repeated(name));
            }
        }
        at = start.saturating_add(length).saturating_add(between.len());
    }
    Err(RequestError::BadForm("it has too many fields"))
}

/// The headers of a field, and where its value begins.
fn parts(field: &[u8]) -> Result<(&[u8], usize), RequestError> {
    let window = field.get(..MAX_FORM_HEADERS).unwrap_or(field);
    let end = memmem::find(window, b"\r\n\r\n").ok_or(RequestError::BadForm("a field has no headers"))?;
    let head = field.get(..end).unwrap_or_default();
    Ok((head, end.saturating_add(4)))
}

/// Which of the fields that are looked at a field is.
fn field_of(head: &[u8]) -> Result<Option<usize>, RequestError> {
    let head = std::str::from_utf8(head)
        .map_err(|_| RequestError::BadForm("the headers of a field are not UTF-8"))?;
    let mut disposition = None;
    let mut is_encoded = false;
    for line in head.split("\r\n") {
        // A line that goes on with the one before, or one that ends otherwise, is read differently by different readers.
        let is_odd = line.starts_with([' ', '\t']) || line.contains(['\r', '\n', '\0']);
        let header = line.split_once(':').filter(|_| !is_odd);
        let (key, value) = header.ok_or(RequestError::BadForm("a field has odd headers"))?;
        let key = key.trim();
        is_encoded |= key.eq_ignore_ascii_case("content-transfer-encoding");
        if key.eq_ignore_ascii_case("content-disposition")
            && disposition.replace(read_disposition(value.trim())?).is_some()
        {
            return Err(RequestError::BadForm("a field is named twice"));
        }
    }
    let Disposition { name, is_file } = disposition.ok_or(RequestError::BadForm("a field has no name"))?;
    let Some(index) = FIELDS.iter().position(|known| *known == name) else {
        return Ok(None);
    };
    if is_encoded {
        return Err(RequestError::BadForm(
            "`model`, `n`, `quality` and `partial_images` must not be encoded",
        ));
    }
    // Most readers keep files apart from what is said in words; some take the one for the other.
    if is_file {
        return Err(RequestError::BadForm(
            "`model`, `n`, `quality` and `partial_images` must be text and no files",
        ));
    }
    Ok(Some(index))
}

/// What a `content-disposition` says.
struct Disposition<'a> {
    name: &'a str,
    is_file: bool,
}

fn read_disposition(value: &str) -> Result<Disposition<'_>, RequestError> {
    let (kind, mut rest) = value.split_once(';').unwrap_or((value, ""));
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return Err(RequestError::BadForm("a field is not form-data"));
    }
    let mut name = None;
    let mut is_file = false;
    while !rest.trim().is_empty() {
        let odd = RequestError::BadForm("the name of a field cannot be read");
        let (key, after) = rest.split_once('=').ok_or(odd)?;
        let (value, after) = parameter(after.trim_start()).ok_or(odd)?;
        let key = key.trim();
        // `name*` is a second way to say a name, which forms must not use.
        if key.eq_ignore_ascii_case("name*")
            || key.eq_ignore_ascii_case("name")
                && (value.contains('\\') || name.replace(value.trim()).is_some())
        {
            return Err(odd);
        }
        is_file |= key.eq_ignore_ascii_case("filename") || key.eq_ignore_ascii_case("filename*");
        let after = after.trim_start();
        rest = match after.strip_prefix(';') {
            Some(rest) => rest,
            None if after.is_empty() => "",
            None => return Err(odd),
        };
    }
    let name = name.ok_or(RequestError::BadForm("a field has no name"))?;
    Ok(Disposition { name, is_file })
}

/// The value of a parameter, quoted or not, and what follows it.
fn parameter(text: &str) -> Option<(&str, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return text.split_at_checked(end);
    };
    let mut is_escaped = false;
    for (at, c) in quoted.char_indices() {
        if c == '"' && !is_escaped {
            return Some((quoted.get(..at)?, quoted.get(at + 1..)?));
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    None
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod properties;
#[cfg(test)]
mod tests;
