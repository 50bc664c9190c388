//! A reader that has seen enough closes the pipe: that is no failure of the command.

use std::process::{Command, Stdio};

#[test]
fn a_report_whose_reader_is_gone_ends_well() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let run = Command::new(env!("CARGO_BIN_EXE_broker"))
        .arg("prices")
        .stdout(Stdio::from(writer))
        .output()
        .expect("the command runs");
    assert!(run.status.success(), "{}", run.status);
    assert_eq!(String::from_utf8_lossy(&run.stderr), "");
}
