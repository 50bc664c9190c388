use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use serde_json::json;

use super::{DOCUMENT, Rendered};
use crate::render::write_if_changed;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_file_that_would_be_the_same_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.yaml");
    let state = || {
        let file = fs::metadata(&path).unwrap();
        (file.ino(), file.mtime(), file.mtime_nsec(), file.ctime_nsec())
    };
    write_if_changed(&path, &json!({"a": [1, 0.5, "x: y\n"]})).unwrap();
    let before = state();
    write_if_changed(&path, &json!({"a": [1, 0.5, "x: y\n"]})).unwrap();
    assert_eq!(state(), before);
}

#[test]
fn a_file_that_changed_is_moved_over_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.yaml");
    write_if_changed(&path, &json!({"version": 1})).unwrap();
    let before = fs::metadata(&path).unwrap().ino();
    let mut old = fs::File::open(&path).unwrap();
    write_if_changed(&path, &json!({"version": 2})).unwrap();

    assert_ne!(fs::metadata(&path).unwrap().ino(), before);
    assert_eq!(fs::read_to_string(&path).unwrap().trim(), "version: 2");
    let mut text = String::new();
    old.read_to_string(&mut text).unwrap();
    assert_eq!(
        text.trim(),
        "version: 1",
        "whoever reads the old file reads it whole"
    );
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing else is left behind"
    );
}

#[test]
fn what_is_written_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/secrets/a.yaml");
    write_if_changed(&path, &json!({})).unwrap();
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    write_if_changed(&path, &json!({"changed": true})).unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.yaml");
    fs::create_dir(&path).unwrap();
    let error = write_if_changed(&path, &json!({})).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("cannot write {}", path.display())),
        "{error}"
    );
}

#[test]
fn only_what_a_change_concerns_is_written_anew() {
    let rendered = Rendered::new();
    assert!(rendered.changed_by(DOCUMENT).is_empty());
    let mut text = DOCUMENT.replace("weight: 70", "weight: 71");
    assert_eq!(rendered.changed_by(&text), ["filter.yaml"]);
    text = text.replace("127.0.0.1:8000", "127.0.0.1:8001");
    assert_eq!(rendered.changed_by(&text), ["clusters.yaml"]);
    text = text.replace("OPENAI_KEY", "OPENAI_KEY_2");
    assert_eq!(rendered.changed_by(&text), ["openai-a.yaml"]);
    text = text.replace("agents:", "  - {name: other, pool: main}\nagents:");
    assert_eq!(rendered.changed_by(&text), ["filter.yaml"]);
}

#[test]
fn a_comment_changes_nothing() {
    let rendered = Rendered::new();
    assert!(
        rendered
            .changed_by(&format!("# a comment\n{DOCUMENT}"))
            .is_empty()
    );
}
