//! A configuration with policies as text becomes one that carries what is left of them, which is what the filter reads.

use std::collections::BTreeSet;

use serde_json::Value;

use super::compile::{KnownNames, Source, compile};
use super::program::Scope;
use crate::config::Mistake;

/// A configuration whose policies are compiled.
#[derive(Debug)]
pub struct Bundle {
    /// The document, with the compiled policies in the place of all texts.
    pub document: Value,
    /// The conditions of each policy in Cedar's words, for explanations.
    pub conditions: Vec<Vec<String>>,
    /// What is allowed but probably not meant.
    pub warnings: Vec<Mistake>,
    /// What is wrong; then the document has no policies.
    pub mistakes: Vec<Mistake>,
}

/// A text and whose calls it is about.
struct Text {
    origin: String,
    scope: Scope,
    cedar: String,
}

/// Compiles the `policies` of a document and of its tenants and workspaces. `read` reads a file that the document names,
/// or says why it cannot be read.
pub fn bundle(document: &Value, mut read: impl FnMut(&str) -> Result<String, String>) -> Bundle {
    let mut bundle = Bundle {
        document: document.clone(),
        conditions: Vec::new(),
        warnings: Vec::new(),
        mistakes: Vec::new(),
    };
    let mut texts = Vec::new();
    let mut take = |bundle: &mut Bundle, path: &str, value: &Value, scope: &Scope| {
        for (path, entry) in entries(path, value) {
            match text(&path, entry, &mut read) {
                Ok((origin, cedar)) => texts.push(Text {
                    origin,
                    scope: scope.clone(),
                    cedar,
                }),
                Err(mistake) => bundle.mistakes.push(mistake),
            }
        }
    };
    let mut has_any = false;
    if let Some(value) = document.get("policies") {
        if is_compiled(value) {
            return bundle;
        }
        has_any = true;
        take(&mut bundle, "policies", value, &Scope::Global);
    }
    for key in ["tenants", "workspaces"] {
        let things = document.get(key).and_then(Value::as_array);
        for (index, thing) in things.into_iter().flatten().enumerate() {
            let name = thing.get("name").and_then(Value::as_str).unwrap_or_default();
            let scope = if key == "tenants" {
                Scope::Tenant(name.into())
            } else {
                Scope::Workspace(name.into())
            };
            if let Some(value) = thing.get("policies") {
                has_any = true;
                take(&mut bundle, &format!("{key}[{index}].policies"), value, &scope);
            }
        }
    }
    if !has_any {
        return bundle;
    }
    let sources: Vec<_> = texts
        .iter()
        .map(|text| Source {
            origin: &text.origin,
            scope: &text.scope,
            text: &text.cedar,
        })
        .collect();
    remove_texts(&mut bundle.document);
    match compile(&sources, &known_names(document)) {
        Err(mistakes) => bundle.mistakes.extend(mistakes.into_iter().map(Mistake::from)),
        Ok(compiled) => {
            bundle.warnings = compiled.warnings.into_iter().map(Mistake::from).collect();
            bundle.conditions = compiled.conditions;
            // A program has no key or value that JSON could not hold.
            if let (Ok(program), Some(document)) = (
                serde_json::to_value(&compiled.program),
                bundle.document.as_object_mut(),
            ) {
                document.insert("policies".to_owned(), program);
            }
        }
    }
    bundle
}

/// The files with policies that a document names.
#[must_use]
pub fn files(document: &Value) -> Vec<String> {
    let things = |key: &str| document.get(key).and_then(Value::as_array).into_iter().flatten();
    let scopes = things("tenants").chain(things("workspaces"));
    let values = std::iter::once(document)
        .chain(scopes)
        .filter_map(|thing| thing.get("policies"));
    let entries = values.flat_map(|value| entries("", value));
    entries
        .filter_map(|(_, entry)| file(entry).map(str::to_owned))
        .collect()
}

fn file(entry: &Value) -> Option<&str> {
    let object = entry.as_object().filter(|object| object.len() == 1)?;
    object.get("file")?.as_str()
}

/// Whether policies were compiled before.
fn is_compiled(value: &Value) -> bool {
    value.get("schema").is_some()
}

/// The entries of a list, or the one thing that is none.
fn entries<'v>(path: &str, value: &'v Value) -> Vec<(String, &'v Value)> {
    match value.as_array() {
        Some(list) => {
            let entries = list.iter().enumerate();
            entries
                .map(|(index, entry)| (format!("{path}[{index}]"), entry))
                .collect()
        }
        None => vec![(path.to_owned(), value)],
    }
}

/// The text of an entry, with the name of where it stands.
fn text(
    path: &str,
    entry: &Value,
    read: &mut impl FnMut(&str) -> Result<String, String>,
) -> Result<(String, String), Mistake> {
    let wrong = |value: &Value, problem: String| Mistake {
        path: path.to_owned(),
        value: value.to_string(),
        problem,
        nearest: None,
    };
    if let Some(text) = entry.as_str() {
        return Ok((path.to_owned(), text.to_owned()));
    }
    let file = file(entry).ok_or_else(|| {
        wrong(
            entry,
            "must be Cedar policies as text, or `{file: PATH}`, or a list of these".to_owned(),
        )
    })?;
    let text = read(file).map_err(|problem| wrong(entry, format!("cannot be read: {problem}")))?;
    Ok((file.to_owned(), text))
}

fn remove_texts(document: &mut Value) {
    for key in ["tenants", "workspaces"] {
        let things = document.get_mut(key).and_then(Value::as_array_mut);
        for thing in things.into_iter().flatten().filter_map(Value::as_object_mut) {
            thing.remove("policies");
        }
    }
    if let Some(document) = document.as_object_mut() {
        document.remove("policies");
    }
}

/// The names of a document that may have mistakes: what has no name has none here either.
fn known_names(document: &Value) -> KnownNames<'_> {
    let names = |key: &str| -> BTreeSet<&str> {
        let things = document.get(key).and_then(Value::as_array).into_iter().flatten();
        things
            .filter_map(|thing| thing.get("name").and_then(Value::as_str))
            .collect()
    };
    let conditions = [
        ("rules", "match"),
        ("rules", "match_when"),
        ("pools", "match_when"),
    ];
    let asked = conditions.into_iter().flat_map(|(key, condition)| {
        let things = document.get(key).and_then(Value::as_array).into_iter().flatten();
        things
            .filter_map(move |thing| thing.get(condition)?.get("request.model"))
            .flat_map(|models| {
                models
                    .as_array()
                    .map_or(std::slice::from_ref(models), Vec::as_slice)
            })
            .filter_map(Value::as_str)
    });
    let mut models = names("models");
    let mut pools = names("pools");
    pools.extend(&models);
    models.extend(asked);
    KnownNames {
        tenants: names("tenants"),
        workspaces: names("workspaces"),
        agents: names("agents"),
        models,
        pools,
        providers: names("providers"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::policy::Program;

    fn bundled(document: &Value) -> Bundle {
        bundle(document, |file| match file {
            "team.cedar" => Ok("@id(\"team\") permit(principal, action, resource);".to_owned()),
            _ => Err("no such file".to_owned()),
        })
    }

    fn program(bundle: &Bundle) -> Program {
        serde_json::from_value(bundle.document["policies"].clone()).unwrap()
    }

    #[test]
    fn texts_and_files_of_all_scopes_become_one_program() {
        let permit = "permit(principal, action, resource);";
        let document = json!({
            "policies": [permit, {"file": "team.cedar"}],
            "tenants": [{"name": "acme", "policies": permit}],
            "workspaces": [{"name": "lab", "policies": {"file": "team.cedar"}}, {"name": "free"}],
        });
        let mut bundle = bundled(&document);
        // The same name twice is a mistake, see below.
        assert_eq!(bundle.mistakes.len(), 1, "{:?}", bundle.mistakes);
        let mut document = document;
        document["workspaces"][0]["policies"] = json!("@id(\"lab\") forbid(principal, action, resource);");
        bundle = bundled(&document);
        assert!(bundle.mistakes.is_empty(), "{:?}", bundle.mistakes);
        let program = program(&bundle);
        let policies: Vec<_> = program
            .policies
            .iter()
            .map(|policy| (policy.id.as_str(), policy.scope.to_string()))
            .collect();
        let expected = [
            ("policies[0]:1", "global"),
            ("team", "global"),
            ("tenants[0].policies:1", "tenant acme"),
            ("lab", "workspace lab"),
        ];
        assert_eq!(policies, expected.map(|(id, scope)| (id, scope.to_owned())));
        assert_eq!(files(&document), ["team.cedar"]);
        assert!(bundle.document["tenants"][0].get("policies").is_none());
        assert_eq!(bundled(&bundle.document).document, bundle.document);
    }

    #[test]
    fn what_is_no_policy_is_told_with_its_place() {
        let document = json!({"policies": [7, {"file": "gone.cedar"}, "permit(principal);"]});
        let bundle = bundled(&document);
        let mistakes: Vec<_> = bundle.mistakes.iter().map(ToString::to_string).collect();
        assert!(
            mistakes[0].starts_with("policies[0]: `7` must be Cedar policies as text"),
            "{mistakes:?}"
        );
        assert!(
            mistakes[1].contains("cannot be read: no such file"),
            "{mistakes:?}"
        );
        assert!(mistakes[2].starts_with("policies[2]:1:"), "{mistakes:?}");
        assert!(bundle.document.get("policies").is_none());
    }

    #[test]
    fn a_document_without_policies_stays_as_it_is() {
        let document = json!({"providers": []});
        assert_eq!(bundled(&document).document, document);
    }
}
