//! The binary. Everything is in the library, so that tests and benchmarks start the same program.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tillgate::cli::main()
}
