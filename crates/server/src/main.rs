//! The binary. Everything is in the library, so that tests and benchmarks start the same program.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    tillgate::cli::main()
}
