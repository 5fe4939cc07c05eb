//! Compresses the list of AWS actions, which reduces its size in the binary from 450 KB to 100 KB.

use std::io::Write;
use std::path::PathBuf;
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::DeflateEncoder;

const LIST: &str = "data/actions.txt";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={LIST}");
    let folder = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&fs::read(LIST)?)?;
    fs::write(
        PathBuf::from(folder).join("actions.deflate"),
        encoder.finish()?,
    )
}
